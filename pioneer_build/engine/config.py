"""What an engine is told when it starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from pioneer_build.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

#: Whose words answers use: those of the published API document, or those recorded from the hosted service.
Vocabulary: TypeAlias = Literal["seed", "hosted"]


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """The settings of one engine.

    Args:
        state_dir: folder of the engine's jobs and datasets, created with mode 0700; processes may share it.
        seed: the first part of what decides every row.
        api_keys: the keys that are accepted; `None` accepts any key that isn't empty.
        requests_per_minute: sliding window a key on the generate endpoints (ten times that on the dataset
            endpoints); `None` for no limit.
        vocabulary: whose field names and status words answers use.
        latency: seconds that a job takes at least from its acceptance, and a label request at least.
        fail: share (0..1) of jobs that end `failed`, and of label requests answered 503.
        drop: share (0..1) of accepted POST requests whose answer is cut off. The work is done all the same.
        max_body_bytes: larger request bodies are answered 413.
        workers: threads that run jobs, and as many that label.
        datasets: whether there are dataset endpoints; a server of the published API document has none.
        credits: examples that may be asked for in the lifetime of this process before 402; `None` for no end.

    Raises:
        UsageError: a value is out of its range.
    """

    state_dir: Path
    seed: int = 0
    api_keys: frozenset[str] | None = None
    requests_per_minute: int | None = None
    vocabulary: Vocabulary = "hosted"
    latency: float = 0.0
    fail: float = 0.0
    drop: float = 0.0
    max_body_bytes: int = 64 * 2**20
    workers: int = 2
    datasets: bool = True
    credits: int | None = None

    def __post_init__(self) -> None:
        for name in ("fail", "drop"):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"{name} is a share and must be between 0 and 1")
        if self.latency < 0:
            raise UsageError("latency is in seconds and can't be negative")
        if self.workers < 1 or self.max_body_bytes < 1:
            raise UsageError("workers and max_body_bytes must be at least 1")
        if self.requests_per_minute is not None and self.requests_per_minute < 1:
            raise UsageError("requests_per_minute must be at least 1")

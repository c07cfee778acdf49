"""The settings of an engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from pioneer_build.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from pioneer_build.answers.job_elsewhere import JobElsewhere
    from pioneer_build.answers.paid_answers import PaidAnswers

#: The field names and status words of responses: of the published API document, or as recorded from the hosted service.
Vocabulary: TypeAlias = Literal["seed", "hosted"]
#: Threads that run jobs, and those that label, unless the makers want another number.
WORKERS = 2


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """The settings of one engine.

    Args:
        state_dir: folder for the engine's jobs and datasets, created with mode 0700; processes may share it.
        seed: the random seed of all rows.
        api_keys: the accepted keys; `None` accepts any non-empty key.
        requests_per_minute: sliding window per key on the generate endpoints (ten times that on the dataset endpoints);
            `None` for no limit.
        vocabulary: the field names and status words of responses.
        latency: minimum seconds of a job after its acceptance, and of a label request.
        fail: fraction (0..1) of jobs that end `failed`, and of label requests that get a 503.
        drop: fraction (0..1) of accepted POST requests whose response is cut off. Their work is done all the same.
        max_body_bytes: larger request bodies get a 413.
        workers: number of threads that run jobs, and of those that label.
        datasets: whether there are dataset endpoints; a server of the published API document has none.
        answers: keeps the answers of makers that pay for them.
        elsewhere: gives ready jobs that other states may have made, when the state is opened: their datasets go on.
        places: whether a request may say which jobs its own comes after; only within a process.
        credits: examples that may be requested from this process before it responds with 402; `None` for no limit.

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
    workers: int = WORKERS
    datasets: bool = True
    credits: int | None = None
    answers: PaidAnswers | None = None
    elsewhere: Callable[[], Iterable[JobElsewhere]] = tuple
    places: bool = False

    def __post_init__(self) -> None:
        for name in ("fail", "drop"):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"{name} is a fraction and must be between 0 and 1")
        if self.latency < 0:
            raise UsageError("latency is in seconds and can't be negative")
        if self.workers < 1 or self.max_body_bytes < 1:
            raise UsageError("workers and max_body_bytes must be at least 1")
        if self.requests_per_minute is not None and self.requests_per_minute < 1:
            raise UsageError("requests_per_minute must be at least 1")

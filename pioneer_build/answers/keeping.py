"""An answer as it is kept, and the protocol of who keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from concurrent.futures import Future


class ModelUsage(NamedTuple):
    """What was used of a language model: tokens read, tokens written, calls."""

    input: int = 0
    output: int = 0
    calls: int = 0


class KeptAnswer(NamedTuple):
    """One answer that was paid for, as text, and what it used."""

    text: str
    usage: ModelUsage


class AnswerKeeper(Protocol):
    """Keeps answers on disk, by keys that whoever asks chooses, so that none is paid for twice."""

    def kept(self, keys: Sequence[str]) -> Mapping[str, KeptAnswer]:
        """The answers that are kept under some of `keys`."""
        ...

    def keep(self, answers: Mapping[str, KeptAnswer]) -> Future[None]:
        """Keeps answers. They are durable when the future has its result; it has an `OSError` if they can't be kept."""
        ...

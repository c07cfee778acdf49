"""Label requests that were sent and have no response yet: how long they are worth waiting for, and what they cost."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pioneer_build.wording import count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Seconds to wait after an interrupt: at least, if no request of the run was answered yet, and at most.
_AT_LEAST, _UNKNOWN, _AT_MOST = 10.0, 60.0, 120.0
#: A response may take this many times as long as the slowest one so far.
_SLOWER = 1.5


@dataclass(slots=True)
class LabelsInFlight:
    """The paid label requests of a run that have no response yet. `now` is the run's clock, in seconds.

    `cut_off` counts the texts, by dataset, of requests whose response was not waited for.
    """

    now: Callable[[], float]
    cut_off: Counter[str] = field(default_factory=Counter)
    _out: dict[object, tuple[str, int]] = field(default_factory=dict)
    _slowest: float = 0.0

    @contextmanager
    def sending(self, dataset_name: str, texts: int) -> Iterator[None]:
        """In this context, a request of the dataset with this many texts is in flight."""
        key, began = object(), self.now()
        self._out[key] = dataset_name, texts
        try:
            yield
        except asyncio.CancelledError:
            self.cut_off[dataset_name] += texts
            raise
        finally:
            del self._out[key]
        self._slowest = max(self._slowest, self.now() - began)

    @property
    def patience(self) -> float:
        """How many seconds to wait for what is in flight: as long as a response usually takes; 0 if nothing is."""
        if not self._out:
            return 0.0
        return min(max(_SLOWER * self._slowest or _UNKNOWN, _AT_LEAST), _AT_MOST)

    @property
    def texts(self) -> int:
        """How many texts are in flight."""
        return sum(number for _, number in self._out.values())

    @property
    def at_stake(self) -> str:
        """What would be paid for twice if the run ended now, as a sentence; empty if nothing would be."""
        if not self._out:
            return ""
        requests, texts = len(self._out), self.texts
        names = ", ".join(sorted({name for name, _ in self._out.values()}))
        has, s = ("has", "its") if requests == 1 else ("have", "their")
        return (
            f"{count(requests, 'label request')} of {names} {has} no response yet: {s} {count(texts, 'text')}"
            " would be sent again by the next apply, and paid for twice"
        )

    @property
    def lost(self) -> str:
        """What may be paid for twice because its response was not waited for, as a sentence; empty if nothing was."""
        if not self.cut_off:
            return ""
        what = ", ".join(f"{count(texts, 'text')} of {name}" for name, texts in sorted(self.cut_off.items()))
        return f"sent, but the response was not waited for: {what}; the next apply sends them again, and pays twice"

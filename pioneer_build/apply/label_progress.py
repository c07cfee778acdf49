"""How far one label step is: counted, and told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pioneer_build.wording import duration

if TYPE_CHECKING:
    from pioneer_build.apply.work import Work
    from pioneer_build.inputs import InputText
    from pioneer_build.ports import AnnotationsPort


@dataclass(slots=True)
class LabelProgress:
    """What one label step has got so far: distinct texts, by how they ended. `began` is the run's clock, in seconds.

    `works` says that the service has taken a request of this definition, now or earlier: what it refuses then is the
    fault of texts. `unsupported` are labels that the service said it can't find.
    """

    work: Work
    store: AnnotationsPort
    to_do: int
    began: float
    works: bool = False
    annotated: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    unsupported: set[str] = field(default_factory=set)

    def quarantine(self, one: InputText, cause: str, reason: str) -> None:
        """Counts a text that has no usable annotation, and tells of it.

        Args:
            one: the text.
            cause: what tools count it under.
            reason: why, in words.
        """
        self.faults[cause] += 1
        place = f"{one.path}:{one.line}"
        self.work.emit("quarantined", f"{place}: {reason}", count=1, causes={cause: 1}, place=place)

    def tell(self, texts: int) -> None:
        """Tells that so many texts were answered just now, and how far the step is."""
        done = self.annotated + self.faults.total()
        rate = done / max(self.work.run.ports.now() - self.began, 1e-3)
        left = (self.to_do - done) / rate if rate else 0.0
        text = f"{done:,} of {self.to_do:,} texts, {rate:,.0f} a second"
        if done < self.to_do:
            text = f"{text}, {duration(left)} left"
        self.work.emit("labelled", text, texts=texts, done=done, total=self.to_do, rate=round(rate, 1),
                       seconds_left=round(left, 1))  # fmt: skip

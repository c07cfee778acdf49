"""Counts the progress of one label step, and reports it as events."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from pioneer_build.checks.phrases import phrase
from pioneer_build.wording import count, duration

if TYPE_CHECKING:
    from pioneer_build.apply.work import Work
    from pioneer_build.inputs import InputText
    from pioneer_build.ports import AnnotationsPort, ClaimsPort, Tokens
    from pioneer_build.rows import Cause

#: Why a text has no usable annotation: what is wrong with the annotation, or that the service refused the text.
FaultCause: TypeAlias = "Cause | Literal['refused']"


@dataclass(slots=True)
class LabelProgress:
    """The progress of one label step, in distinct texts. `began` is its start on the run's clock, in seconds.

    `had`: the store had annotations of this definition at the beginning. `rebuilds`: the local engine repeats work that
    the lock records, which counts as no request. `works`: the service has accepted a request of this definition, now or
    earlier, so if it refuses one, that is because of the texts. `unsupported` are the labels that the service reported
    as unsupported. `tokens` are those that the responses took, if the service counts them.
    """

    work: Work
    store: AnnotationsPort
    claims: ClaimsPort
    to_do: int
    began: float
    had: bool = False
    rebuilds: bool = False
    works: bool = False
    annotated: int = 0
    faults: Counter[FaultCause] = field(default_factory=Counter)
    unsupported: set[str] = field(default_factory=set)
    tokens: Tokens | None = None

    @property
    def causes(self) -> str:
        """How many texts were quarantined for which cause, for people: the most frequent cause first."""
        return ", ".join(f"{texts:,} {_phrase(cause, texts)}" for cause, texts in self.faults.most_common())

    def quarantine(self, one: InputText, cause: FaultCause, reason: str) -> None:
        """Counts a text that has no usable annotation, and emits an event.

        Args:
            one: the text.
            cause: the cause, as tools count it.
            reason: an explanation for people.
        """
        self.faults[cause] += 1
        place = f"{one.path}:{one.line}"
        self.work.emit("quarantined", f"{place}: {reason}", count=1, causes={cause: 1}, place=place)

    def add_tokens(self, tokens: Tokens | None) -> None:
        """Counts the tokens of one response; `None` if the service doesn't count them."""
        if tokens is not None:
            self.tokens = tokens if self.tokens is None else self.tokens + tokens

    def tell(self, texts: int) -> None:
        """Emits an event: that many more texts got a response, and the progress of the step."""
        done = self.annotated + self.faults.total()
        rate = done / max(self.work.run.ports.now() - self.began, 1e-3)
        left = (self.to_do - done) / rate if rate else 0.0
        text = f"{done:,} of {count(self.to_do, 'text')}, {rate:,.0f} per second"
        if done < self.to_do:
            text = f"{text}, {duration(left)} left"
        self.work.emit("labelled", text, texts=texts, done=done, total=self.to_do, rate=round(rate, 1),
                       seconds_left=round(left, 1))  # fmt: skip


def _phrase(cause: FaultCause, texts: int) -> str:
    if cause == "refused":
        return f"{'was' if texts == 1 else 'were'} refused by the service"
    return phrase(cause, texts)

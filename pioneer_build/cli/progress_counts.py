"""The progress of an apply, counted from its events: datasets that are queued, running and done, and rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pioneer_build.wording import count

if TYPE_CHECKING:
    from pioneer_build.apply.events import Event
    from pioneer_build.plan import Plan


@dataclass(slots=True)
class DatasetProgress:
    """A running dataset: rows so far, rows requested, and the status that the service reports.

    `whole` means that the status already contains the numbers.
    """

    done: int = 0
    total: int = 0
    said: str = ""
    whole: bool = False

    @property
    def text(self) -> str:
        """`generating, 40 of 250 rows`, or the part of it that is known."""
        rows = f"{self.done:,} of {count(self.total, 'row')}" if self.total and not self.whole else ""
        return ", ".join(part for part in (self.said, rows) if part)


class ApplyProgress:
    """Counts datasets and rows from events."""

    def __init__(self, plan: Plan) -> None:
        self._asked = {step.dataset_name: step.examples for step in plan.steps if step.action != "none"}
        self.datasets = len(self._asked)
        self.rows = sum(self._asked.values())
        self.ended = 0
        self.running: dict[str, DatasetProgress] = {}
        self._rows_ended = 0

    @property
    def queued(self) -> int:
        """Datasets without any event so far."""
        return max(0, self.datasets - self.ended - len(self.running))

    @property
    def rows_done(self) -> int:
        """Rows that are done, as far as the service reports them."""
        return self._rows_ended + sum(min(work.done, work.total or work.done) for work in self.running.values())

    @property
    def text(self) -> str:
        """`2 of 6 datasets done, 3 running, 1 queued`."""
        parts = [f"{self.ended:,} of {count(self.datasets, 'dataset')} done"]
        parts += [
            f"{number:,} {word}" for number, word in ((len(self.running), "running"), (self.queued, "queued")) if number
        ]
        return ", ".join(parts)

    def take(self, event: Event) -> None:
        """Counts one event."""
        name = event.dataset_name
        match event.kind:
            case "ended":
                if name in self._asked:
                    self.ended += 1
                    self._rows_ended += self._asked.pop(name)
                self.running.pop(name, None)
            case "start" | "submitting" | "submitted" | "polled" | "labelled" if name in self._asked:
                work = self.running.setdefault(name, DatasetProgress(total=self._asked[name]))
                if isinstance(total := event.fields.get("total", event.fields.get("examples")), int):
                    work.total = total
                if isinstance(done := event.fields.get("done"), int):
                    work.done = done
                if event.kind == "labelled":
                    work.said, work.whole = event.text, True
                if isinstance(said := event.fields.get("said"), str):
                    work.said = said
            case _:
                pass

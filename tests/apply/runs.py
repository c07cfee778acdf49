"""A run in memory: its ports only count, so that a part of it can be tested alone."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pioneer_build.apply import Event, Options, PlanSources, Ports, Run
from pioneer_build.apply.work import Work
from pioneer_build.lock.model import Lock
from pioneer_build.plan import Facts, make_plan
from tests.apply.world import BACKEND, declared

if TYPE_CHECKING:
    from pioneer_build.journal.model import Submission
    from pioneer_build.lock.model import Entry, Job
    from pioneer_build.spec.model import Spec


@dataclass
class MemoryLock:
    """pioneer.lock for a run in memory; writing takes `seconds` on its clock."""

    written: list[Lock] = field(default_factory=list)
    seconds: float = 0.0
    clock: float = 0.0

    def now(self) -> float:
        return self.clock

    def write(self, lock: Lock) -> bool:
        self.clock += self.seconds
        changed = not self.written or self.written[-1] != lock
        self.written.append(lock)
        return changed


@dataclass
class MemoryJournal:
    """A journal in memory."""

    known: list[Submission] = field(default_factory=list)
    records: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    ends: list[tuple[str, Job]] = field(default_factory=list)
    begun: list[tuple[Submission, Any, Any, str | None]] = field(default_factory=list)

    def submissions(self, backend: str) -> tuple[Submission, ...]:
        return tuple(item for item in self.known if item.backend == backend)

    def about(self, backend: str, *, remote_name: Any = None, job_id: Any = None, tokens: Any = ()) -> Any:
        return tuple(
            item
            for item in self.submissions(backend)
            if item.token in tokens
            or (remote_name is not None and item.remote_name == remote_name)
            or (job_id is not None and item.job_id == job_id)
        )

    def begin(self, submission: Submission, aware: Any, mine: Any = (), former_name: str | None = None) -> Submission:
        from dataclasses import replace

        self.begun.append((submission, frozenset(aware), frozenset(mine), former_name))
        token = f"token-{len(self.begun)}"
        self.known.append(replace(submission, token=token))
        return self.known[-1]

    def record(self, token: str, **fields: Any) -> None:
        self.records.append((token, fields))

    def ended(self, token: str, job: Job) -> None:
        self.ends.append((token, job))


class MemoryRun:
    """A run without a disk; `events` are those it emitted."""

    def __init__(self, *entries: Entry, service: Any = None, **basis: Any) -> None:
        self.events: list[Event] = []
        self.lock = MemoryLock()
        self.journal = MemoryJournal()
        options = basis.pop("options", None) or Options(BACKEND)
        held = Lock({(entry.dataset_name, entry.backend): entry for entry in entries})
        ports = Ports(service, None, self.journal, self.lock, self.events.append, self.lock.now, asyncio.sleep)  # type: ignore[arg-type]
        self.run = Run(ports, options, PlanSources(held, basis.pop("declared", {}), **basis))

    def work(self, spec: Spec) -> Work:
        """The plan's step for a spec."""
        item = declared(spec)
        (step,) = [
            step
            for step in make_plan([item], self.run.lock.lock(), Facts(BACKEND)).steps
            if step.dataset_name == spec.dataset_name
        ]
        return Work(self.run, step, item)

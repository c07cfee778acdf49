"""A project with one label spec, on a real disk, and a label endpoint that fails on demand."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any

from pioneer_build.apply import Event, Options, PlanSources, Ports, Report, Run, apply_plan
from pioneer_build.errors import FateUnknown, Refused
from pioneer_build.inputs import survey
from pioneer_build.journal.log import Journal
from pioneer_build.plan import Choices, Facts, InputFacts, make_plan
from pioneer_build.ports import Labelled, TokenUsage
from pioneer_build.project.lock_file import LockFile
from pioneer_build.spec.model import Checks, InlineTexts, InputFiles, Spec
from pioneer_build.store import Store
from tests.apply.world import BACKEND, Deadline, declared

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


NAME = "tickets"


class Labeller:
    """The label endpoint. `refuse` and `fail` decide for which texts a request fails; `silent` which texts get `{}`.

    `tokens` are those of each text, if it counts them.
    Every other text gets the label number `first`. `unsupported` are the labels that it reports as unsupported.
    """

    def __init__(self) -> None:
        self.refuse: Callable[[Sequence[str]], bool] = lambda texts: False
        self.fail: Callable[[Sequence[str]], bool] = lambda texts: False
        self.silent: Callable[[str], bool] = lambda text: False
        self.unsupported: tuple[str, ...] = ()
        self.first = 0
        self.tokens: int | None = None
        self.requests: list[tuple[str, ...]] = []
        self.answered: Counter[str] = Counter()

    async def label(self, task_type: str, labels: Sequence[str], texts: Sequence[str], _: object = None) -> Labelled:
        await asyncio.sleep(0)
        self.requests.append(tuple(texts))
        if self.refuse(texts):
            raise Refused("input is not acceptable", status=400)
        if self.fail(texts):
            raise FateUnknown("the service returned 500", status=500)
        self.answered.update(texts)
        return Labelled(
            tuple({} if self.silent(one) else {"label": labels[self.first]} for one in texts),
            self.unsupported,
            tokens=self.tokens and TokenUsage(self.tokens * len(texts), len(texts), 1),
        )

    def stop(self) -> None:
        return


class Project:
    """A project with one label spec, on a disk."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "project"
        self.root.mkdir()
        self.store = Store(folder / "store")
        self.journal = Journal(folder / "journal")
        self.service = Labeller()
        self.clock = Deadline()
        self.events: list[Event] = []
        self.texts: tuple[str, ...] = ()
        self.labels = ("x", "y")
        self.checks = Checks()
        self.file: Path | None = None

    def apply(self, *, retry: bool = False, interrupt_at: int | None = None, **options: Any) -> Report:
        inputs = InlineTexts(self.texts) if self.file is None else InputFiles(self.file.name)
        item = declared(
            Spec(NAME, "classification", self.labels, inputs=inputs, checks=self.checks, path="spec.yaml", line=1)
        )
        found = survey(inputs, project_root=self.root, spec_path="spec.yaml", at=(1, 1))
        annotations = self.store.annotations(BACKEND, item.fingerprint)
        aside = annotations.quarantined()
        facts = Facts(
            BACKEND,
            inputs={
                NAME: InputFacts(
                    found.digest, found.rows, found.distinct, len(annotations.missing(found.digests)) // 16,
                    len(aside), annotations.count() + len(aside),
                    unanswered=annotations.claims().unanswered(annotations.missing(found.digests)),
                )
            },
        )  # fmt: skip
        lockfile = LockFile(self.root)
        lock = lockfile.read()
        choices = Choices(retry=frozenset({NAME}) if retry else frozenset())
        contents = [entry.labelling.content for entry in lock.entries.values() if entry.labelling is not None]
        present = [content for content in contents if self.store.has(content)]
        self.plan = make_plan([item], lock, Facts(BACKEND, options.get("free", False), present, facts.inputs), choices)

        async def go() -> Report:
            def emit(event: Event) -> None:
                self.events.append(event)
                if interrupt_at is not None and len(self.service.requests) >= interrupt_at:
                    run.interrupt()

            run = Run(
                Ports(self.service, self.store, self.journal, lockfile, emit, self.clock.now, self.clock.sleep),  # type: ignore[arg-type]
                Options(BACKEND, project_root=self.root, **options),
                PlanSources(lock, {NAME: item}, surveys={NAME: found}, choices=choices),
            )
            return await apply_plan(self.plan, run)

        report = asyncio.run(go())
        self.lock = LockFile(self.root).read()
        assert report.requests <= len(self.service.requests)
        return report

    @property
    def places(self) -> set[str]:
        return {event.fields["place"] for event in self.events if event.kind == "quarantined"}

    def entry(self) -> Any:
        return self.lock.entries[NAME, BACKEND]


def result(report: Report) -> str:
    (outcome,) = report.outcomes
    return outcome.result


def holds(*poison: str) -> Callable[[Sequence[str]], bool]:
    return lambda texts: bool(set(poison) & set(texts))

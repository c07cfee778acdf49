"""Labelling under poison, outages and answers that are none: what is bought, what is kept, what is said."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pioneer_build.apply import Basis, Event, Options, Ports, Report, Run, apply_plan
from pioneer_build.errors import FateUnknown, Refused
from pioneer_build.inputs import survey
from pioneer_build.journal.log import Journal
from pioneer_build.lock.model import Lock
from pioneer_build.plan import Choices, Facts, InputFacts, make_plan
from pioneer_build.ports import Labelled
from pioneer_build.project.lock_file import LockFile
from pioneer_build.spec.model import InlineTexts, InputFiles, Spec
from pioneer_build.store import Store
from tests.apply.world import BACKEND, Deadline, declared

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

NAME = "tickets"


class Labeller:
    """The label endpoint. `refuse` and `fail` say which texts a request mustn't hold; `silent` which get `{}`."""

    def __init__(self) -> None:
        self.refuse: Callable[[Sequence[str]], bool] = lambda texts: False
        self.fail: Callable[[Sequence[str]], bool] = lambda texts: False
        self.silent: Callable[[str], bool] = lambda text: False
        self.requests: list[tuple[str, ...]] = []
        self.answered: Counter[str] = Counter()

    async def label(self, task_type: str, labels: Sequence[str], texts: Sequence[str]) -> Labelled:
        await asyncio.sleep(0)
        self.requests.append(tuple(texts))
        if self.refuse(texts):
            raise Refused("input is not acceptable", status=400)
        if self.fail(texts):
            raise FateUnknown("the service answered 500", status=500)
        self.answered.update(texts)
        return Labelled(tuple({} if self.silent(one) else {"label": labels[0]} for one in texts))

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
        self.file: Path | None = None

    def apply(self, *, retry: bool = False, interrupt_at: int | None = None, **options: Any) -> Report:
        inputs = InlineTexts(self.texts) if self.file is None else InputFiles(self.file.name)
        item = declared(Spec(NAME, "classification", ("x", "y"), inputs=inputs, path="spec.yaml", line=1))
        found = survey(inputs, project_root=self.root, spec_path="spec.yaml", at=(1, 1))
        annotations = self.store.annotations(BACKEND, item.fingerprint)
        aside = annotations.quarantined()
        facts = Facts(
            BACKEND,
            inputs={
                NAME: InputFacts(
                    found.digest, found.rows, found.distinct, len(annotations.missing(found.digests)) // 16,
                    len(aside), annotations.count() + len(aside),
                )
            },
        )  # fmt: skip
        lockfile = LockFile(self.root)
        lock = lockfile.read()
        choices = Choices(retry=frozenset({NAME}) if retry else frozenset())
        contents = [entry.labelling.content for entry in lock.entries.values() if entry.labelling is not None]
        present = [content for content in contents if self.store.has(content)]
        self.plan = make_plan([item], lock, Facts(BACKEND, present=present, inputs=facts.inputs), choices)

        async def go() -> Report:
            def emit(event: Event) -> None:
                self.events.append(event)
                if interrupt_at is not None and len(self.service.requests) >= interrupt_at:
                    run.interrupt()

            run = Run(
                Ports(self.service, self.store, self.journal, lockfile, emit, self.clock.now, self.clock.sleep),  # type: ignore[arg-type]
                Options(BACKEND, project_root=self.root, **options),
                Basis(lock, {NAME: item}, surveys={NAME: found}, choices=choices),
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


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path)
    made.texts = tuple(f"text {number}" for number in range(40))
    return made


def result(report: Report) -> str:
    (outcome,) = report.outcomes
    return outcome.result


def holds(*poison: str) -> Callable[[Sequence[str]], bool]:
    return lambda texts: bool(set(poison) & set(texts))


def test_each_text_is_bought_once(project: Project) -> None:
    project.texts += project.texts[:7]
    assert result(project.apply()) == "done"
    assert len(project.service.requests) == 1
    assert set(project.service.answered.values()) == {1}
    assert project.entry().examples == 47
    assert project.apply().outcomes == ()
    project.texts += ("new",)
    assert result(project.apply()) == "done"
    assert project.service.requests[1:] == [("new",)]


@pytest.mark.parametrize("kind", ["refuse", "fail"])
@pytest.mark.parametrize("poison", [(0,), (39,), (17,), (0, 1), (0, 39), (5, 6, 7, 30), (38, 39)])
def test_poison_is_found_and_named(project: Project, kind: str, poison: tuple[int, ...]) -> None:
    bad = tuple(project.texts[number] for number in poison)
    setattr(project.service, kind, holds(*bad))
    report = project.apply()
    if kind == "fail" and len(poison) > 1 and {number < 20 for number in poison} == {True, False}:
        # both halves fail: it looks like an outage, and is not multiplied
        assert result(report) == "stopped"
        assert len(project.service.requests) <= 5
        return
    assert result(report) == "rejected"
    assert len([event for event in project.events if event.kind == "quarantined"]) == len(poison)
    assert set(project.service.answered) == set(project.texts) - set(bad)
    assert set(project.service.answered.values()) == {1}
    assert project.entry().examples == 40 - len(poison)
    assert dict(project.entry().paid) == {project.entry().fingerprint: 40 - len(poison)}
    assert project.apply().outcomes == ()
    # the service learns to take them
    setattr(project.service, kind, lambda texts: False)
    before = len(project.service.requests)
    assert result(project.apply(retry=True)) == "done"
    assert [set(texts) for texts in project.service.requests[before:]] == [set(bad)]
    assert project.entry().examples == 40


def test_a_poisonous_text_among_many_costs_few_requests(project: Project) -> None:
    project.texts = tuple(f"text {number}" for number in range(1000))
    project.service.refuse = holds("text 700")
    project.apply()
    assert len(project.service.requests) <= 2 + 2 * 10


def test_an_outage_is_not_multiplied(project: Project) -> None:
    project.texts = tuple(f"text {number}" for number in range(5000))
    project.service.fail = lambda texts: True
    report = project.apply()
    assert (result(report), len(project.service.requests)) == ("stopped", 5)
    assert report.requests == 5
    project.service.fail = lambda texts: False
    assert result(project.apply()) == "done"


def test_an_outage_in_the_middle_ends_the_search(project: Project) -> None:
    project.texts = tuple(f"text {number}" for number in range(1000))
    project.service.fail = lambda texts: len(project.service.requests) > 6 or "text 1" in texts
    assert result(project.apply()) == "stopped"
    assert len(project.service.requests) <= 20
    kept = set(project.service.answered)
    project.service.fail = lambda texts: False
    project.apply()
    assert set(project.service.answered.values()) == {1}
    assert kept
    assert project.entry().examples == 1000


def test_a_request_that_is_wrong_itself_is_not_halved_to_the_end(project: Project) -> None:
    project.texts = tuple(f"text {number}" for number in range(1000))
    project.service.refuse = lambda texts: True
    report = project.apply()
    assert result(report) == "failed"
    assert len(project.service.requests) <= 14
    assert report.requests == 0
    assert result(project.apply()) == "blocked"
    assert len(project.service.requests) <= 14
    assert not project.store.annotations(BACKEND, project.entry().fingerprint).quarantined()


def test_a_refusal_that_names_the_labels_is_sent_once(project: Project) -> None:
    def refuse(*_: object) -> bool:
        raise Refused("labels: at most 1", status=422, details=("labels: at most 1 item",))

    project.service.refuse = refuse
    assert result(project.apply()) == "failed"
    assert len(project.service.requests) == 1


def test_empty_answers_are_no_dataset(project: Project) -> None:
    project.texts = tuple(f"text {number}" for number in range(3000))
    project.service.silent = lambda text: True
    assert result(project.apply()) == "rejected"
    assert len(project.service.requests) == 1
    assert project.entry().labelling is None
    assert result(project.apply()) == "blocked"
    assert len(project.service.requests) == 1
    project.service.silent = lambda text: False
    assert result(project.apply(retry=True)) == "done"


def test_one_empty_answer_for_one_new_text_spoils_nothing(project: Project) -> None:
    project.apply()
    project.texts += ("new",)
    project.service.silent = lambda text: text == "new"
    assert result(project.apply()) == "rejected"
    assert project.entry().examples == 40
    assert project.entry().rejection is None
    assert project.apply().outcomes == ()
    project.service.silent = lambda text: False
    assert result(project.apply(retry=True)) == "done"
    assert project.service.requests[2:] == [("new",)]


def test_a_budget_stops_in_the_middle_and_loses_nothing(project: Project) -> None:
    project.texts = tuple(f"text {number}" for number in range(5000))
    report = project.apply(max_requests=2)
    assert (result(report), report.requests) == ("refused", 2)
    assert sum(project.service.answered.values()) == 2000
    assert dict(project.entry().paid) == {project.entry().fingerprint: 2000}
    assert result(project.apply()) == "done"
    assert set(project.service.answered.values()) == {1}


def test_an_interrupt_keeps_every_answer(project: Project) -> None:
    project.texts = tuple(f"text {number}" for number in range(30000))
    report = project.apply(interrupt_at=3)
    assert report.interrupted
    kept = sum(project.service.answered.values())
    assert 0 < kept < 30000
    assert result(project.apply()) == "done"
    assert set(project.service.answered.values()) == {1}


@pytest.mark.parametrize("change", ["grow", "shrink", "edit", "remove"])
def test_inputs_that_change_meanwhile(project: Project, change: str) -> None:
    project.file = project.root / "texts.txt"
    lines = [f"text {number}" for number in range(3000)]
    project.file.write_text("\n".join(lines) + "\n")
    count = 0

    def meddle(texts: Sequence[str]) -> bool:
        nonlocal count
        count += 1
        if count == 1:
            assert project.file is not None
            match change:
                case "grow":
                    project.file.write_text("\n".join([*lines, "more"]) + "\n")
                case "shrink":
                    project.file.write_text("\n".join(lines[:1500]) + "\n")
                case "edit":
                    project.file.write_text("\n".join(["other", *lines[1:-1], "else"]) + "\n")
                case "remove":
                    project.file.unlink()
        return False

    project.service.refuse = meddle
    report = project.apply()
    assert result(report) == "stopped"
    assert report.stopped is None  # other datasets go on
    assert project.entry().labelling is None
    project.service.refuse = lambda texts: False
    if change == "remove":
        project.file.write_text("\n".join(lines) + "\n")
    assert result(project.apply()) == "done"
    assert set(project.service.answered.values()) == {1}


def test_paid_annotations_that_vanish_are_not_bought_again_silently(project: Project, tmp_path: Path) -> None:
    project.apply()
    project.store = Store(tmp_path / "another-store")
    report = project.apply()
    assert result(report) == "refused"
    assert len(project.service.requests) == 1


@settings(max_examples=30, deadline=None)
@given(
    refused=st.sets(st.integers(0, 29), max_size=4),
    silent=st.sets(st.integers(0, 29), max_size=3),
    stops=st.lists(st.integers(1, 6), max_size=2),
)
def test_whatever_is_refused_every_other_text_is_bought_once(
    tmp_path_factory: pytest.TempPathFactory, refused: set[int], silent: set[int], stops: list[int]
) -> None:
    project = Project(tmp_path_factory.mktemp("label"))
    project.texts = tuple(f"text {number}" for number in range(30))
    project.service.refuse = holds(*(project.texts[number] for number in refused))
    project.service.silent = lambda text: int(text.split()[1]) in silent
    for stop in stops:
        project.apply(interrupt_at=len(project.service.requests) + stop)
    project.apply()
    project.apply()
    done = set(project.texts) - {project.texts[number] for number in refused}
    assert set(project.service.answered) == done
    assert set(project.service.answered.values()) == {1}
    entry = project.entry()
    if entry.labelling is not None:
        assert entry.examples == len(done - {project.texts[number] for number in silent})


def test_the_lock_reads_back(project: Project) -> None:
    project.apply()
    assert isinstance(project.lock, Lock)

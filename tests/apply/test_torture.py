"""Applies with spec edits, crashes at every durable step, faulty responses, failing disks and time-outs.

Whatever happens: no accepted job is lost or paid for twice, nothing unchanged is submitted, an unknown submission is
never resent automatically, the lock can always be read, and without faults everything ends up done.
"""

from __future__ import annotations

import contextlib
import os
import random
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from pioneer_build.lock.merge import merge
from pioneer_build.lock.model import Lock
from pioneer_build.lock.text import lock_text
from pioneer_build.lock.three_way import merge3
from pioneer_build.plan import Choices
from pioneer_build.project.lock_file import LOCK_NAME, LockFile
from pioneer_build.spec.model import Checks, Spec, TopUp
from pioneer_build.wording import GIVEN_UP
from tests.apply.spending import check_spending
from tests.apply.world import BACKEND, Checkout, ModelService, Trouble, World
from tests.full_disk import DISK_ERRORS

if TYPE_CHECKING:
    from pathlib import Path

    from pioneer_build.apply import Report
    from pioneer_build.journal.model import Submission
    from tests.apply.world import Seen

NAMES = ("a", "b", "c")
LABELS = (("x", "y"), ("x", "z"), ("w",))
SIZES = (2, 4, 7)
FAULTS = ("", "", "created-unanswered", "gateway", "lost", "refused", "busy", "no-access", "not-reached", "error",
          "not-there", "strange", "gone")  # fmt: skip
STEPS: Counter[str] = Counter()

checkouts = st.integers(0, 1)
names = st.sampled_from(NAMES)
#: A disk that works for some writes, fails for some, and then works again.
bad_disks = st.tuples(
    st.sampled_from(["journal", "journal", "lock", "store"]), st.sampled_from(DISK_ERRORS),
    st.one_of(st.integers(0, 6), st.integers(0, 30)), st.sampled_from([1, 2, 5, 1000]),
)  # fmt: skip
on_bad_disks = st.builds(Trouble, bad_disks=st.lists(bad_disks, min_size=1, max_size=3))
troubles = st.one_of(
    st.builds(Trouble),
    st.builds(Trouble, faults=st.lists(st.sampled_from(FAULTS), max_size=8)),
    st.builds(Trouble, crash_at=st.integers(0, 16)),
    st.builds(Trouble, faults=st.lists(st.sampled_from(FAULTS), max_size=5), crash_at=st.integers(0, 16)),
    st.builds(Trouble, interrupt_at=st.integers(1, 8), faults=st.lists(st.sampled_from(FAULTS), max_size=3)),
    st.builds(
        Trouble,
        disk=st.fixed_dictionaries(
            {}, optional={port: st.sets(st.integers(0, 6), max_size=3) for port in ("journal", "lock", "store")}
        ),
        faults=st.lists(st.sampled_from(FAULTS), max_size=3),
    ),
    on_bad_disks,
    on_bad_disks,
    on_bad_disks,
    st.builds(
        Trouble,
        bad_disks=st.lists(bad_disks, min_size=1, max_size=2),
        faults=st.lists(st.sampled_from(FAULTS), max_size=3),
        crash_at=st.one_of(st.none(), st.integers(0, 16)),
    ),
)


@dataclass(frozen=True)
class Edit:
    """One change of a spec, more often than not one that changes the fingerprint."""

    kind: str
    name: str
    labels: tuple[str, ...]
    size: int
    top_up: TopUp | None
    checks: Checks


edits = st.builds(
    Edit,
    st.sampled_from(["write", "write", "write", "write", "cosmetic", "remove", "rename"]),
    names,
    st.sampled_from(LABELS),
    st.sampled_from(SIZES),
    st.sampled_from([None, None, TopUp(2)]),
    st.sampled_from([Checks(), Checks(), Checks(min_chars=12), Checks(min_accepted=0.3)]),
)


@dataclass(frozen=True)
class Common:
    """The common ancestor of both checkouts' branches."""

    specs: dict[str, Spec]
    lock: Lock


def merged_specs(base: dict[str, Spec], mine: dict[str, Spec], theirs: dict[str, Spec]) -> dict[str, Spec] | None:
    """The specs after a merge, a file at a time; of two changes, theirs. `None` if they contradict each other."""
    specs = {
        name: spec
        for name in {*mine, *theirs}
        if (spec := mine.get(name) if theirs.get(name) == base.get(name) else theirs.get(name)) is not None
    }
    old_names = [spec.renamed_from for spec in specs.values() if spec.renamed_from is not None]
    return None if len(set(old_names)) != len(old_names) or specs.keys() & set(old_names) else specs


class Machine(RuleBasedStateMachine):
    folder: Path

    def __init__(self) -> None:
        super().__init__()
        number = len(list(self.folder.iterdir()))
        root = self.folder / f"world-{number}"
        self.checkouts = []
        for name in ("one", "two"):
            (root / name).mkdir(parents=True)
            self.checkouts.append(Checkout(root / name))
        self.world = World(root, ModelService())
        self.common = Common({}, Lock())

    @initialize(lists=st.booleans(), ids=st.booleans(), rows=st.booleans(), polls=st.integers(0, 2),
                bad=st.sampled_from([0.0, 0.3]), seed=st.integers(0, 5))  # fmt: skip
    def begin(self, lists: bool, ids: bool, rows: bool, polls: int, bad: float, seed: int) -> None:
        self.world.service = ModelService(
            lists=lists, gives_ids=ids, gives_rows=rows, polls_needed=polls, bad_share=bad, fates=random.Random(seed)
        )

    # -- the project is edited --

    @initialize(first=st.lists(edits, min_size=1, max_size=3), same=st.booleans())
    def write_specs(self, first: list[Edit], same: bool) -> None:
        for edit in first:
            self.edit(0, edit)
        if same:
            self.checkouts[1].specs = dict(self.checkouts[0].specs)

    @rule(at=checkouts, edit=edits)
    def edit(self, at: int, edit: Edit) -> None:
        specs = self.checkouts[at].specs
        spec = specs.get(edit.name)
        match edit.kind:
            case "cosmetic" if spec is not None:
                specs[edit.name] = replace(spec, labels=spec.labels[::-1], description="other words")
            case "remove":
                specs.pop(edit.name, None)
            case "rename" if spec is not None and spec.renamed_from is None:
                new = f"{edit.name}-renamed"
                if new not in specs:
                    specs[new] = replace(specs.pop(edit.name), dataset_name=new, renamed_from=edit.name)
            case "write" if not any(other.renamed_from == edit.name for other in specs.values()):
                specs[edit.name] = Spec(
                    edit.name, "ner", edit.labels, edit.size, top_up=edit.top_up, checks=edit.checks
                )

    @rule(at=checkouts)
    def throw_the_lock_away(self, at: int) -> None:
        (self.checkouts[at].root / LOCK_NAME).unlink(missing_ok=True)

    @rule(at=checkouts)
    def commit(self, at: int) -> None:
        """The lock as it is now stays in git's history, whatever becomes of the file."""
        self.world.commit(self.checkouts[at])

    @rule(at=checkouts)
    def pull(self, at: int) -> None:
        """The specs of the other checkout, and both locks merged."""
        mine, other = self.checkouts[at], self.checkouts[1 - at]
        file = LockFile(mine.root)
        joined = merge(file.read(), other.lock())
        file.write(joined)
        mine.specs = dict(other.specs)
        self.common = Common(dict(other.specs), other.lock())

    @rule(at=checkouts)
    def merge_branch(self, at: int) -> None:
        """Both branches committed, and the other one merged as git and its merge driver do it."""
        mine, other = self.checkouts[at], self.checkouts[1 - at]
        specs = merged_specs(self.common.specs, mine.specs, other.specs)
        if specs is None:
            return
        for checkout in (mine, other):
            self.world.commit(checkout)
        theirs = other.lock()
        merged = merge3(self.common.lock, mine.lock(), theirs)
        (mine.root / LOCK_NAME).write_text(lock_text(merged.lock))
        mine.specs = specs
        self.common = Common(dict(other.specs), theirs)
        STEPS["merges"] += 1

    @rule(at=checkouts)
    def switch(self, at: int) -> None:
        """The specs and lock of the other checkout, as after `git checkout` of its branch."""
        mine, other = self.checkouts[at], self.checkouts[1 - at]
        mine.specs = dict(other.specs)
        path = other.root / LOCK_NAME
        if path.exists():
            (mine.root / LOCK_NAME).write_bytes(path.read_bytes())
        else:
            (mine.root / LOCK_NAME).unlink(missing_ok=True)
        self.common = Common(dict(other.specs), other.lock())

    @precondition(lambda self: self.world.service.jobs)
    @rule(number=st.integers(0, 3))
    def vanish(self, number: int) -> None:
        jobs = [job for job in self.world.service.jobs.values() if job.polls > 0]
        if jobs:
            jobs[number % len(jobs)].vanished = True

    # -- applies --

    @rule(at=checkouts, edits=st.lists(edits, min_size=1, max_size=2), trouble=troubles, wait=st.booleans(),
          budget=st.sampled_from([None, None, 1, 2]))  # fmt: skip
    def apply(self, at: int, edits: list[Edit], trouble: Trouble, wait: bool, budget: int | None = None) -> None:
        for edit in edits:
            self.edit(at, edit)
        before = self.world.service.submits
        self._apply(at, Choices(), trouble, wait=wait, max_requests=budget)
        assert budget is None or self.world.service.submits - before <= budget, "every send counts"

    @rule(at=checkouts, resubmit=st.sets(names), retry=st.sets(names), trouble=troubles)
    def insist(self, at: int, resubmit: set[str], retry: set[str], trouble: Trouble) -> None:
        self._apply(at, Choices(frozenset(resubmit), frozenset(retry)), trouble)

    @rule(at=checkouts, trouble=troubles)
    def two_at_once(self, at: int, trouble: Trouble) -> None:
        """A plan is made, another checkout applies, and then the first one applies its old plan."""
        seen = self.world.look(self.checkouts[at])
        self._apply(1 - at, Choices(), trouble)
        self._do(seen, Trouble())

    @rule(at=checkouts, number=st.integers(0, 3), what=st.sampled_from(["gone", "other"]))
    def meddle(self, at: int, number: int, what: str) -> None:
        """Another program changes the lock again and again while it is being written."""
        path = self.checkouts[at].root / LOCK_NAME
        old = path.read_bytes() if path.exists() else None

        def change(count: int) -> None:
            if count == number:
                if what == "gone" or old is None:
                    path.unlink(missing_ok=True)
                else:
                    path.write_bytes(old)

        self._apply(at, Choices(), Trouble(meddle=change))

    @rule(at=checkouts)
    def calm(self, at: int) -> None:
        service = self.world.service
        for _ in range(4):
            self._apply(at, Choices(), Trouble())
            if not self.world.look(self.checkouts[at]).plan.changes:
                break
        seen = self.world.look(self.checkouts[at])
        restless = [
            step for step in seen.plan.steps
            if step.action not in ("none", "blocked", "reconcile") and not step.fetch and not self._is_stuck(at, step)
        ]  # fmt: skip
        assert not restless, (restless, self.world.events[-10:])
        lock = self.checkouts[at].lock()
        for step in seen.plan.steps:
            entry = lock.get(step.dataset_name, BACKEND)
            if step.action == "fetch" and entry is not None:
                assert not any(job.owed for job in entry.current()), "rows that can be had are not owed"
        before = service.submits
        self._apply(at, Choices(), Trouble())
        assert service.submits == before

    def _is_stuck(self, at: int, step: Any) -> bool:
        """A deleted job stays open, and foreign versions prevent submissions, until the user says what to do."""
        stuck = {event.dataset_name for event in self.world.events[-20:] if event.fields.get("result") == "refused"}
        if step.dataset_name in stuck:
            return True
        lock = self.checkouts[at].lock()
        names = (step.dataset_name, step.renamed_from or "")  # until the rename is done, either may have it
        entries = [entry for name in names if (entry := lock.get(name, BACKEND)) is not None]
        gone = {job.job_id for job in self.world.service.jobs.values() if job.vanished}
        return any(job.state == "open" and job.job_id in gone for entry in entries for job in entry.jobs)

    def _apply(self, at: int, choices: Choices, trouble: Trouble, *, wait: bool = True, **options: Any) -> None:
        STEPS["applies"] += 1
        seen = self.world.look(self.checkouts[at], choices)
        service = self.world.service
        before = service.submits - service.busy
        report = self._do(seen, trouble, wait=wait, **options)
        STEPS["crashes"] += report is None
        for step in seen.plan.steps:
            STEPS[f"step {step.action}"] += 1
        for outcome in report.outcomes if report is not None else ():
            STEPS[f"ended {outcome.result}"] += 1
        if not any(item.spec.top_up for item in seen.declared.values()):
            assert service.submits - service.busy - before <= seen.plan.requests
        elif not any(step.requests for step in seen.plan.steps):
            assert service.submits - service.busy - before <= 2 * len(seen.plan.steps)

    def _do(self, seen: Seen, trouble: Trouble, *, wait: bool = True, **options: Any) -> Report | None:
        """Does a plan, and looks at what was bought."""
        before = {item.token: item for item in self.world.submissions()}
        report = self.world.apply(seen, trouble, wait=wait, **options)
        self._check()
        sent = {(one.dataset_name, one.fingerprint) for one in self.world.submissions() if one.token not in before}
        assert sent <= {(item.name, item.fingerprint) for item in seen.declared.values()}
        for item in seen.declared.values():
            check_spending(self.world, before, item, retry=item.name in seen.plan.choices.retry)
        return report

    # -- what must hold --

    def _check(self) -> None:
        STEPS["checks"] += 1
        by_token = {item.token: item for item in self.world.submissions()}
        locks = [checkout.lock() for checkout in self.checkouts]
        del locks
        for job in self.world.service.jobs.values():
            known = by_token.get(job.token)
            assert known is not None, f"{job} is lost"
            assert self._is_covered(job, known), f"{job} is lost: {known}"
        self._check_claims(by_token)

    def _is_covered(self, job: Any, known: Submission) -> bool:
        if known.state in ("submitting", "unknown") or (known.state == "failed" and known.reason == GIVEN_UP):
            return True
        return known.job_id == job.job_id or (known.job_id is None and known.version == job.version)

    def _check_claims(self, by_token: dict[str, Submission]) -> None:
        ids = Counter(item.job_id for item in by_token.values() if item.job_id is not None)
        assert all(count == 1 for count in ids.values()), ids
        versions = Counter(
            (item.remote_name, item.version) for item in by_token.values() if item.version and not item.inferred
        )
        assert all(count == 1 for count in versions.values()), versions

    def teardown(self) -> None:
        STEPS["worlds"] += 1
        STEPS["jobs"] += len(self.world.service.jobs)
        STEPS["submissions"] += self.world.service.submits
        STEPS["disk failures"] += self.world.disk_failures


@contextlib.contextmanager
def _quick_disk(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A crash of the process loses nothing that was written, so `fsync` can be skipped here."""
    monkeypatch.setattr(os, "fsync", lambda fd: None)
    yield
    monkeypatch.undo()


def _run(folder: Path, examples: int, steps: int, *, derandomize: bool) -> None:
    machine = type("Torture", (Machine,), {"folder": folder})
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=derandomize,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        ),
    )


def test_a_rename_that_another_checkout_does_not_know(tmp_path: Path) -> None:
    """Only the journal knows the job, under the old name; the specs go back to it when the lock has the new one."""
    machine = type("Torture", (Machine,), {"folder": tmp_path})()
    machine.begin(lists=False, ids=False, rows=False, polls=0, bad=0.0, seed=0)
    old, new = Edit("write", "a", ("x", "y"), 2, None, Checks()), Edit("rename", "a", ("x", "y"), 2, None, Checks())
    machine.write_specs(first=[old], same=False)
    machine.calm(at=0)
    machine.throw_the_lock_away(at=0)
    machine.apply(at=1, edits=[old, new], trouble=Trouble(), wait=False)
    machine.pull(at=1)
    machine.calm(at=1)
    assert machine.world.service.submits == 1
    assert [name for name, _ in machine.checkouts[1].lock().entries] == ["a"]


def _machine(folder: Path) -> Machine:
    machine: Machine = type("Torture", (Machine,), {"folder": folder})()
    machine.begin(lists=False, ids=False, rows=True, polls=0, bad=0.0, seed=0)
    return machine


def _asked(machine: Machine) -> list[int]:
    return [job.request.num_examples for job in machine.world.service.jobs.values()]


def test_a_rename_while_another_checkout_submits(tmp_path: Path) -> None:
    """The plan was made before the other checkout, which doesn't know of the rename, submitted the dataset."""
    machine = _machine(tmp_path)
    machine.write_specs(first=[Edit("write", "a", ("x", "y"), 2, None, Checks())], same=True)
    machine.edit(at=0, edit=Edit("rename", "a", ("x", "y"), 2, None, Checks()))
    machine.two_at_once(at=0, trouble=Trouble())
    machine.calm(at=0)
    assert _asked(machine) == [2]


def test_more_rows_are_wanted_while_a_job_is_open(tmp_path: Path) -> None:
    """With `top_up`, the run that sees the job's end could take rows that were never requested for missing ones."""
    machine = _machine(tmp_path)
    few, more = (Edit("write", "a", ("x", "y"), size, TopUp(2), Checks()) for size in (4, 7))
    machine.write_specs(first=[few], same=False)
    machine.apply(at=0, edits=[few], trouble=Trouble(), wait=False)
    machine.apply(at=0, edits=[more], trouble=Trouble(), wait=True)
    machine.calm(at=0)
    assert _asked(machine) == [4, 3]


def test_rejected_rows_that_are_within_the_checks_again_while_more_are_wanted(tmp_path: Path) -> None:
    machine = _machine(tmp_path)
    machine.write_specs(first=[Edit("write", "a", ("x", "y"), 4, TopUp(2), Checks(min_chars=12))], same=False)
    machine.calm(at=0)
    machine.apply(at=0, edits=[Edit("write", "a", ("x", "y"), 7, TopUp(2), Checks())], trouble=Trouble(), wait=True)
    machine.calm(at=0)
    assert _asked(machine) == [4, 3]


def test_rows_that_retry_bought_again_may_all_count_later(tmp_path: Path) -> None:
    """That is more than is wanted, but the user asked for it when the first rows were rejected."""
    machine = _machine(tmp_path)
    machine.write_specs(first=[Edit("write", "a", ("x", "y"), 4, None, Checks(min_chars=12))], same=False)
    machine.calm(at=0)
    machine.insist(at=0, resubmit=set(), retry={"a"}, trouble=Trouble())
    machine.apply(at=0, edits=[Edit("write", "a", ("x", "y"), 7, None, Checks())], trouble=Trouble(), wait=True)
    machine.calm(at=0)
    assert _asked(machine) == [4, 4]
    assert [job.state for job in machine.checkouts[0].lock().entries["a", BACKEND].jobs] == ["ready", "ready"]


def test_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    STEPS.clear()
    with _quick_disk(monkeypatch):
        _run(tmp_path, 60, 15, derandomize=True)
    assert STEPS["disk failures"]


@pytest.mark.long
def test_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    STEPS.clear()
    with _quick_disk(monkeypatch):
        _run(tmp_path, 500, 40, derandomize=False)
    with capsys.disabled():
        print(f"\n{dict(STEPS)}")
    assert STEPS["applies"] >= 10_000
    assert STEPS["disk failures"] >= 200

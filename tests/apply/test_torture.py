"""Applies with spec edits, crashes at every durable step, faulty responses, failing disks and time-outs.

Whatever happens: no accepted job is lost or paid for twice, nothing unchanged is submitted, an unknown submission is
never resent automatically, the lock can always be read, and without faults everything ends up done.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import random
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from pioneer_build.lock.file_text import lock_text
from pioneer_build.lock.merge import merge
from pioneer_build.lock.model import Lock
from pioneer_build.lock.three_way import merge3
from pioneer_build.plan import Choices
from pioneer_build.project.lock_file import LOCK_NAME, LockFile
from pioneer_build.spec.model import Checks, Spec, TopUp
from pioneer_build.wording import GIVEN_UP
from tests.apply.spending import as_it_ended, bought_elsewhere, check_spending
from tests.apply.world import BACKEND, Checkout, ModelService, Trouble, World, jobs_of
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

checkouts = st.integers(0, 5)  # modulo their number
others = st.integers(0, 1)
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
    """The common ancestor of two checkouts' branches; a later one has a greater number."""

    specs: dict[str, Spec]
    lock: Lock
    number: int = 0


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
    """Checkouts of one project. `homes` has the number of the machine of each."""

    folder: Path
    homes: tuple[int, ...] = (0, 0)

    def __init__(self) -> None:
        super().__init__()
        number = len(list(self.folder.iterdir()))
        root = self.folder / f"world-{number}"
        self.checkouts = []
        for name in ("one", "two", "three")[: len(self.homes)]:
            (root / name).mkdir(parents=True)
            self.checkouts.append(Checkout(root / name))
        commits = itertools.count()
        machines = [root, root / "elsewhere"][: len(set(self.homes))]
        self.worlds = [World(folder, ModelService(), commits=commits) for folder in machines]
        self.world = self.worlds[0]
        self.common: dict[frozenset[int], Common] = {}
        self.merges = itertools.count(1)

    def _place(self, at: int) -> int:
        return at % len(self.checkouts)

    def _other(self, at: int, by: int = 0) -> int:
        """Another checkout than the one at `at`."""
        count = len(self.checkouts)
        return (at + 1 + by % (count - 1)) % count

    def _on(self, at: int) -> World:
        """The machine of a checkout."""
        return self.worlds[self.homes[self._place(at)]]

    def _ancestor(self, at: int, other: int) -> Common:
        return self.common.get(frozenset((at, other)), Common({}, Lock()))

    def _has_merged(self, at: int, other: int, *, only: bool = False) -> None:
        """From now on the branch at `at` has the other one as it is; `only`: and nothing else."""
        theirs = self.checkouts[other]
        for third in range(len(self.checkouts)):
            if third not in (at, other):
                found = self._ancestor(other, third)
                mine = found if only else max(found, self._ancestor(at, third), key=lambda common: common.number)
                self.common[frozenset((at, third))] = mine
        self.common[frozenset((at, other))] = Common(dict(theirs.specs), theirs.lock(), next(self.merges))

    @initialize(lists=st.booleans(), ids=st.booleans(), rows=st.booleans(), polls=st.integers(0, 2),
                bad=st.sampled_from([0.0, 0.3]), seed=st.integers(0, 5))  # fmt: skip
    def begin(self, lists: bool, ids: bool, rows: bool, polls: int, bad: float, seed: int) -> None:
        service = ModelService(
            lists=lists, gives_ids=ids, gives_rows=rows, polls_needed=polls, bad_share=bad, fates=random.Random(seed)
        )
        for world in self.worlds:
            world.service = service

    # -- the project is edited --

    @initialize(first=st.lists(edits, min_size=1, max_size=3), same=st.booleans())
    def write_specs(self, first: list[Edit], same: bool) -> None:
        for edit in first:
            self.edit(0, edit)
        if same:
            for checkout in self.checkouts[1:]:
                checkout.specs = dict(self.checkouts[0].specs)

    @rule(at=checkouts, edit=edits)
    def edit(self, at: int, edit: Edit) -> None:
        specs = self.checkouts[self._place(at)].specs
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
        (self.checkouts[self._place(at)].root / LOCK_NAME).unlink(missing_ok=True)

    @rule(at=checkouts)
    def commit(self, at: int) -> None:
        """The lock as it is now stays in git's history, whatever becomes of the file."""
        self._on(at).commit(self.checkouts[self._place(at)])

    def _bring(self, at: int, other: int) -> None:
        """Between machines, only what was committed travels."""
        if self._on(at) is not self._on(other):
            self._on(other).commit(self.checkouts[other])
            self._on(at).fetch(self._on(other))

    @rule(at=checkouts, by=others)
    def pull(self, at: int, by: int = 0) -> None:
        """The specs of another checkout, and both locks merged."""
        at, source = self._place(at), self._other(at, by)
        self._bring(at, source)
        mine, other = self.checkouts[at], self.checkouts[source]
        file = LockFile(mine.root)
        joined = merge(file.read(), other.lock())
        file.write(joined)
        mine.specs = dict(other.specs)
        self._has_merged(at, source)

    @rule(at=checkouts, by=others)
    def merge_branch(self, at: int, by: int = 0) -> None:
        self._merge(at, by)

    def _merge(self, at: int, by: int) -> bool:
        """Both branches committed, and the other one merged as git and its merge driver do it; whether it could be."""
        at, source = self._place(at), self._other(at, by)
        mine, other, common = self.checkouts[at], self.checkouts[source], self._ancestor(at, source)
        specs = merged_specs(common.specs, mine.specs, other.specs)
        if specs is None:
            return False
        for place in (at, source):
            self._on(place).commit(self.checkouts[place])
        self._bring(at, source)
        merged = merge3(common.lock, mine.lock(), other.lock())
        (mine.root / LOCK_NAME).write_text(lock_text(merged.lock))
        mine.specs = specs
        self._has_merged(at, source)
        STEPS["merges"] += 1
        STEPS["merges of machines"] += self._on(at) is not self._on(source)
        return True

    @rule(at=checkouts, by=others)
    def switch(self, at: int, by: int = 0) -> None:
        """The specs and lock of another checkout, as after `git checkout` of its branch."""
        at, source = self._place(at), self._other(at, by)
        self._bring(at, source)
        mine, other = self.checkouts[at], self.checkouts[source]
        mine.specs = dict(other.specs)
        path = other.root / LOCK_NAME
        if path.exists():
            (mine.root / LOCK_NAME).write_bytes(path.read_bytes())
        else:
            (mine.root / LOCK_NAME).unlink(missing_ok=True)
        self._has_merged(at, source, only=True)

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

    @rule(at=checkouts, by=others, trouble=troubles)
    def two_at_once(self, at: int, trouble: Trouble, by: int = 0) -> None:
        """A plan is made, another checkout applies, and then the first one applies its old plan."""
        at = self._place(at)
        seen = self._look(at)
        self._apply(self._other(at, by), Choices(), trouble)
        self._do(at, seen, Trouble())

    @rule(at=checkouts, number=st.integers(0, 3), what=st.sampled_from(["gone", "other"]))
    def meddle(self, at: int, number: int, what: str) -> None:
        """Another program changes the lock again and again while it is being written."""
        path = self.checkouts[self._place(at)].root / LOCK_NAME
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
        at = self._place(at)
        service = self.world.service
        for _ in range(4):
            self._apply(at, Choices(), Trouble())
            if not self._look(at).plan.changes:
                break
        seen = self._look(at)
        restless = [
            step for step in seen.plan.steps
            if step.action not in ("none", "blocked", "reconcile") and not step.fetch and not self._is_stuck(at, step)
        ]  # fmt: skip
        assert not restless, (restless, self._on(at).events[-10:])
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
        stuck = {event.dataset_name for event in self._on(at).events[-20:] if event.fields.get("result") == "refused"}
        if step.dataset_name in stuck:
            return True
        lock = self.checkouts[at].lock()
        names = (step.dataset_name, step.renamed_from or "")  # until the rename is done, either may have it
        entries = [entry for name in names if (entry := lock.get(name, BACKEND)) is not None]
        gone = {job.job_id for job in self.world.service.jobs.values() if job.vanished}
        return any(job.state == "open" and job.job_id in gone for entry in entries for job in entry.jobs)

    def _apply(self, at: int, choices: Choices, trouble: Trouble, *, wait: bool = True, **options: Any) -> None:
        STEPS["applies"] += 1
        at = self._place(at)
        seen = self._look(at, choices)
        service = self.world.service
        before = service.submits - service.busy
        report = self._do(at, seen, trouble, wait=wait, **options)
        STEPS["crashes"] += report is None
        for step in seen.plan.steps:
            STEPS[f"step {step.action}"] += 1
        for outcome in report.outcomes if report is not None else ():
            STEPS[f"ended {outcome.result}"] += 1
        if not any(item.spec.top_up for item in seen.declared.values()):
            assert service.submits - service.busy - before <= seen.plan.requests
        elif not any(step.requests for step in seen.plan.steps):
            assert service.submits - service.busy - before <= 2 * len(seen.plan.steps)

    def _look(self, at: int, choices: Choices | None = None) -> Seen:
        return self._on(at).look(self.checkouts[self._place(at)], choices)

    def _elsewhere(self, at: int, lock: Lock) -> dict[str, Submission]:
        """The jobs of other machines that a checkout can see: in a lock, and in the history that its machine has."""
        world = self._on(at)
        others = [item for one in self.worlds if one is not world for item in one.submissions()]
        records = [*jobs_of([lock]), *(job for past in world.past for job in past.entry.jobs)]
        return bought_elsewhere(world, records, others) if others else {}

    def _do(self, at: int, seen: Seen, trouble: Trouble, *, wait: bool = True, **options: Any) -> Report | None:
        """Does a plan, and looks at what was bought."""
        world, checkout = self._on(at), self.checkouts[at]
        before = {item.token: item for item in world.submissions()}
        visible = self._elsewhere(at, seen.as_read)
        report = world.apply(seen, trouble, wait=wait, **options)
        self._check()
        sent = {(one.dataset_name, one.fingerprint) for one in world.submissions() if one.token not in before}
        assert sent <= {(item.name, item.fingerprint) for item in seen.declared.values()}
        now = {token: as_it_ended(world, one) for token, one in self._elsewhere(at, checkout.lock()).items()}
        elsewhere = {token: now.get(token, one) for token, one in visible.items()}
        STEPS["jobs of other machines seen"] += len(elsewhere)
        for item in seen.declared.values():
            retry = item.name in seen.plan.choices.retry
            check_spending(world, {**visible, **before}, item, retry=retry, elsewhere=elsewhere)
        return report

    # -- what must hold --

    def _check(self) -> None:
        STEPS["checks"] += 1
        journals = [{item.token: item for item in world.submissions()} for world in self.worlds]
        by_token = {token: item for journal in journals for token, item in journal.items()}
        for checkout in self.checkouts:
            checkout.lock()
        for job in self.world.service.jobs.values():
            known = by_token.get(job.token)
            assert known is not None, f"{job} is lost"
            assert self._is_covered(job, known), f"{job} is lost: {known}"
        for journal in journals:
            self._check_claims(journal)

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
        STEPS["disk failures"] += sum(world.disk_failures for world in self.worlds)


@contextlib.contextmanager
def _quick_disk(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A crash of the process loses nothing that was written, so `fsync` can be skipped here."""
    monkeypatch.setattr(os, "fsync", lambda fd: None)
    yield
    monkeypatch.undo()


class TwoMachines(Machine):
    """Two checkouts on one machine, and one on another: it has a journal and a store of its own, and git between them.

    Where the service lists no versions, both machines may buy the same before they have seen each other's lock. That
    is no fault: nothing that either of them has tells of the other's purchase.
    """

    homes = (0, 0, 1)

    @rule(at=checkouts)
    def fetch(self, at: int) -> None:
        """What the other machines have committed; nothing is merged."""
        for world in self.worlds:
            self._on(at).fetch(world)

    @rule(at=checkouts, by=others)
    def come_together(self, at: int, by: int = 0) -> None:
        """Both branches are applied, merged and applied again: what both bought is enough.

        Nothing is said of rows that nobody has: of failed jobs, or of checks and top-ups that only one branch has.
        """
        at, other = self._place(at), self._other(at, by)
        service = self.world.service
        calm = []
        for place in (at, other):
            self.calm(place)
            steps = self._look(place).plan.steps
            plain = all(
                spec.top_up is None and spec.checks == Checks() for spec in self.checkouts[place].specs.values()
            )
            calm.append(plain and all(step.action == "none" for step in steps))
        if not self._merge(at, by):
            return
        self._bring(other, at)
        mine, theirs = self.checkouts[other], self.checkouts[at]
        (mine.root / LOCK_NAME).write_bytes((theirs.root / LOCK_NAME).read_bytes())
        mine.specs = dict(theirs.specs)
        self._has_merged(other, at, only=True)
        before = service.submits
        for place in (at, other):
            self.calm(place)
        if all(calm) and not any(job.outcome != "ready" or job.vanished for job in service.jobs.values()):
            STEPS["came together"] += 1
            assert service.submits == before, "bought again after a merge"


def _run(folder: Path, examples: int, steps: int, *, derandomize: bool, kind: type[Machine] = Machine) -> None:
    machine = type("Torture", (kind,), {"folder": folder})
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


M = TypeVar("M", bound="Machine")


def _machine(folder: Path, kind: type[M]) -> M:
    machine: M = type("Torture", (kind,), {"folder": folder})()
    machine.begin(lists=False, ids=False, rows=True, polls=0, bad=0.0, seed=0)
    return machine


def _two_machines(folder: Path) -> TwoMachines:
    """All checkouts want the dataset `a` of 4 rows."""
    machine = _machine(folder, TwoMachines)
    machine.write_specs(first=[Edit("write", "a", ("x", "y"), 4, None, Checks())], same=True)
    return machine


def _asked(machine: Machine) -> list[int]:
    return [job.request.num_examples for job in machine.world.service.jobs.values()]


def test_a_rename_while_another_checkout_submits(tmp_path: Path) -> None:
    """The plan was made before the other checkout, which doesn't know of the rename, submitted the dataset."""
    machine = _machine(tmp_path, Machine)
    machine.write_specs(first=[Edit("write", "a", ("x", "y"), 2, None, Checks())], same=True)
    machine.edit(at=0, edit=Edit("rename", "a", ("x", "y"), 2, None, Checks()))
    machine.two_at_once(at=0, trouble=Trouble())
    machine.calm(at=0)
    assert _asked(machine) == [2]


def test_more_rows_are_wanted_while_a_job_is_open(tmp_path: Path) -> None:
    """With `top_up`, the run that sees the job's end could take rows that were never requested for missing ones."""
    machine = _machine(tmp_path, Machine)
    few, more = (Edit("write", "a", ("x", "y"), size, TopUp(2), Checks()) for size in (4, 7))
    machine.write_specs(first=[few], same=False)
    machine.apply(at=0, edits=[few], trouble=Trouble(), wait=False)
    machine.apply(at=0, edits=[more], trouble=Trouble(), wait=True)
    machine.calm(at=0)
    assert _asked(machine) == [4, 3]


def test_rejected_rows_that_are_within_the_checks_again_while_more_are_wanted(tmp_path: Path) -> None:
    machine = _machine(tmp_path, Machine)
    machine.write_specs(first=[Edit("write", "a", ("x", "y"), 4, TopUp(2), Checks(min_chars=12))], same=False)
    machine.calm(at=0)
    machine.apply(at=0, edits=[Edit("write", "a", ("x", "y"), 7, TopUp(2), Checks())], trouble=Trouble(), wait=True)
    machine.calm(at=0)
    assert _asked(machine) == [4, 3]


def test_rows_that_retry_bought_again_may_all_count_later(tmp_path: Path) -> None:
    """That is more than is wanted, but the user asked for it when the first rows were rejected."""
    machine = _machine(tmp_path, Machine)
    machine.write_specs(first=[Edit("write", "a", ("x", "y"), 4, None, Checks(min_chars=12))], same=False)
    machine.calm(at=0)
    machine.insist(at=0, resubmit=set(), retry={"a"}, trouble=Trouble())
    machine.apply(at=0, edits=[Edit("write", "a", ("x", "y"), 7, None, Checks())], trouble=Trouble(), wait=True)
    machine.calm(at=0)
    assert _asked(machine) == [4, 4]
    assert [job.state for job in machine.checkouts[0].lock().entries["a", BACKEND].jobs] == ["ready", "ready"]


def test_two_machines_that_have_not_seen_each_other_and_then_merge(tmp_path: Path) -> None:
    """Each buys it, because neither could know; after the merge, nothing more is bought."""
    machine = _two_machines(tmp_path)
    machine.calm(at=0)
    machine.calm(at=2)
    assert _asked(machine) == [4, 4]
    machine.come_together(at=0, by=1)
    assert _asked(machine) == [4, 4]
    assert len(machine.checkouts[0].lock().entries["a", BACKEND].jobs) == 2


def test_a_machine_that_has_fetched_buys_nothing_that_another_one_has(tmp_path: Path) -> None:
    machine = _two_machines(tmp_path)
    machine.calm(at=0)
    machine.commit(at=0)
    machine.throw_the_lock_away(at=0)
    machine.fetch(at=2)
    machine.calm(at=2)
    assert _asked(machine) == [4]


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
    assert STEPS["disk failures"] >= 100  # chance decides: 188 were seen


@pytest.mark.long
def test_two_machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    STEPS.clear()
    with _quick_disk(monkeypatch):
        _run(tmp_path, 150, 40, derandomize=False, kind=TwoMachines)
    with capsys.disabled():
        print(f"\ntwo machines: {dict(STEPS)}, 0 lost, 0 bought twice")
    assert STEPS["merges of machines"] >= 100
    assert STEPS["came together"] >= 10
    assert STEPS["jobs of other machines seen"] >= 1000
    assert STEPS["disk failures"] >= 10

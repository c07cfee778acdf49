"""Datasets that a side renamed are found again, also if their old names are used again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import process_time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.lock.file_text import lock_text
from pioneer_build.lock.lineages import renamed_on, replaced_on
from pioneer_build.lock.model import Entry, Lock
from pioneer_build.lock.three_way import merge3
from pioneer_build.plan.model import SETTLED
from tests.planning import BACKEND, PROPERTY, World, declared, entry, generate_spec, job, label_spec, lock_of

if TYPE_CHECKING:
    from pioneer_build.spec.model import Spec

ITEM, NEW = declared(generate_spec("a")), declared(generate_spec("a", labels=("z",)))
BASE = entry(ITEM, job(ITEM))
LARGER = replace(BASE, num_examples=20, jobs=(*BASE.jobs, job(ITEM, 2)))


def old(one: Entry = BASE, name: str = "old") -> Entry:
    return replace(one, dataset_name=name)


def fresh(number: int = 3, name: str = "a") -> Entry:
    return entry(NEW, job(NEW, number), dataset_name=name, base_name=name)


def jobs_of(lock: Lock) -> dict[str, list[str | None]]:
    return {name: [one.job_id for one in found.jobs] for (name, _), found in sorted(lock.entries.items())}


def merged(base: Lock, ours: Lock, theirs: Lock) -> Lock:
    """Merged, in whatever order of the sides; there was nothing to choose."""
    one, other = merge3(base, ours, theirs), merge3(base, theirs, ours)
    assert one.lock == other.lock
    assert lock_text(one.lock) == lock_text(other.lock)
    assert one.choices == other.choices == ()
    return one.lock


def test_a_name_that_is_used_again_leaves_the_changes_to_the_dataset_that_had_it() -> None:
    found = merged(lock_of(BASE), lock_of(old(), fresh()), lock_of(LARGER))
    assert found == lock_of(old(LARGER), fresh())


def test_both_sides_use_the_name_again() -> None:
    sides = lock_of(old(), fresh()), lock_of(old(LARGER), fresh())
    assert merged(lock_of(BASE), *sides) == sides[1]


def test_names_that_were_exchanged() -> None:
    other = entry(NEW, job(NEW, 5), dataset_name="b", base_name="b")
    more = replace(other, num_examples=30, jobs=(*other.jobs, job(NEW, 6)))
    swapped = lock_of(replace(BASE, dataset_name="b"), replace(other, dataset_name="a"))
    found = merged(lock_of(BASE, other), swapped, lock_of(LARGER, more))
    assert jobs_of(found) == {"a": ["job-5", "job-6"], "b": ["job-1", "job-2"]}


def test_a_submission_that_was_answered_is_the_same_job() -> None:
    sent = job(ITEM, state="unknown", job_id=None, submissions=("t",), rows=None, got=None, version=None)
    found = job(ITEM, submissions=("t",))
    base = replace(BASE, jobs=(sent,))
    theirs = replace(base, protect=True)
    assert jobs_of(merged(lock_of(base), lock_of(old(replace(base, jobs=(found,))), fresh()), lock_of(theirs))) == {
        "a": ["job-3"],
        "old": ["job-1"],
    }


def test_very_many_renamed_datasets_are_found_in_few_steps() -> None:
    many = 5_000

    def side(prefix: str, ids: str) -> Lock:
        return lock_of(
            *(replace(BASE, dataset_name=f"{prefix}{n}", jobs=(job(ITEM, n, job_id=f"{ids}{n}"),)) for n in range(many))
        )

    base = side("old", "job-")
    began = process_time()
    renamed = renamed_on(base, side("new", "job-"))
    assert process_time() - began < 5
    assert renamed == {(f"old{n}", BACKEND): (f"new{n}", BACKEND) for n in range(many)}
    assert renamed_on(base, side("new", "other-")) == {}
    assert process_time() - began < 5


def test_a_long_chain_of_names_that_clash_at_its_end_takes_few_rounds() -> None:
    many = 2_000

    def named(number: int) -> str:
        return f"d{number:05}"

    def chain(start: int) -> list[Entry]:
        return [replace(BASE, dataset_name=named(n + start), jobs=(job(ITEM, n),)) for n in range(many)]

    base, ours = lock_of(*chain(0)), lock_of(*chain(1))
    theirs = lock_of(*chain(0), fresh(many + 1, named(many)))
    began = process_time()
    one = merge3(base, ours, theirs).lock
    assert process_time() - began < 10
    assert one == merge3(base, theirs, ours).lock
    ids = {found.job_id for entry in one.entries.values() for found in entry.jobs}
    assert {f"job-{n}" for n in range(1, many)} | {f"job-{many + 1}"} <= ids


def test_an_unanswered_submission_is_looked_for_among_many_jobs_in_few_steps() -> None:
    many = 10_000
    sent = [
        job(ITEM, n, state="unknown", job_id=None, rows=None, got=None, version=None, submissions=(f"t{n}",))
        for n in range(many)
    ]
    base = replace(BASE, jobs=tuple(sent))
    found = replace(BASE, jobs=tuple(job(ITEM, n, submissions=(f"t{n}",)) for n in range(many)))
    began = process_time()
    assert renamed_on(lock_of(base), lock_of(old(found), fresh())) == {("a", BACKEND): ("old", BACKEND)}
    assert replaced_on(lock_of(base), lock_of(fresh())) == {("a", BACKEND)}
    assert process_time() - began < 5


def test_annotations_are_found_again() -> None:
    texts, others = declared(label_spec("a")), declared(label_spec("a", labels=("q",)))
    base = entry(texts, paid=((texts.fingerprint, 5),))
    more = replace(base, paid=((texts.fingerprint, 8),))
    reused = entry(others, paid=((others.fingerprint, 2),))
    found = merged(lock_of(base), lock_of(old(base), reused), lock_of(more))
    assert found == lock_of(old(more), reused)


def test_a_name_that_the_other_side_gave_to_a_new_dataset_is_not_taken() -> None:
    theirs = lock_of(LARGER, fresh(9, "old"))
    one = merge3(lock_of(BASE), lock_of(old(), fresh()), theirs)
    assert {*jobs_of(one.lock)} == {"a", "old"}
    assert {number for numbers in jobs_of(one.lock).values() for number in numbers} == {
        "job-1", "job-2", "job-3", "job-9",
    }  # fmt: skip
    assert one.lock == merge3(lock_of(BASE), theirs, lock_of(old(), fresh())).lock


def test_what_the_other_side_removed_or_named_differently_is_no_rename() -> None:
    mine = lock_of(old(), fresh())
    assert jobs_of(merge3(lock_of(BASE), mine, Lock()).lock) == {"a": ["job-3"], "old": ["job-1"]}
    named = lock_of(old(LARGER, "older"))
    assert jobs_of(merge3(lock_of(BASE), mine, named).lock)["older"] == ["job-1", "job-2"]


@pytest.mark.parametrize(
    "side",
    [
        lock_of(BASE),
        lock_of(old(replace(BASE, jobs=())), fresh()),
        lock_of(replace(old(), backend="local"), fresh()),
        lock_of(old(), old(name="older"), fresh()),
        lock_of(old(), LARGER),
    ],
    ids=["the same", "without its jobs", "elsewhere", "two of them", "a copy"],
)
def test_what_is_no_rename(side: Lock) -> None:
    assert renamed_on(lock_of(BASE), side) == {}


def test_which_names_are_used_again() -> None:
    key = ("a", BACKEND)
    assert replaced_on(lock_of(BASE), lock_of(old(), fresh())) == {key}
    assert replaced_on(lock_of(BASE), lock_of(fresh())) == {key}
    assert not replaced_on(lock_of(BASE), lock_of(LARGER))
    assert not replaced_on(lock_of(BASE), lock_of(old()))
    unpaid = replace(BASE, jobs=())
    assert not replaced_on(lock_of(unpaid), lock_of(BASE)), "nothing says that it is another dataset"


# -- histories of specs --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """A dataset of the base gets more rows, or a new name; then, if `again`, another dataset gets the old one.

    `new` is a dataset of that name.
    """

    kind: str
    number: int
    name: str


STEPS = st.lists(
    st.builds(
        Step,
        st.sampled_from(("more", "again", "rename", "new")),
        st.integers(0, 1),
        st.sampled_from(("a", "b", "c", "d")),
    ),
    max_size=4,
)


@dataclass
class Branch:
    """A branch: its world, and the specs by the identity of their dataset."""

    world: World
    specs: dict[str, Spec]
    side: str

    def take(self, step: Step) -> None:
        """Does a step of a history, and applies it."""
        who = f"base-{step.number}"
        was = self.specs[who]
        if step.kind == "more":
            self.specs[who] = replace(was, num_examples=(was.num_examples or 0) + 5)
        elif step.name in {spec.dataset_name for spec in self.specs.values()}:
            return
        elif step.kind == "new":
            self.make(step.name)
        else:
            self.specs[who] = replace(was, dataset_name=step.name, renamed_from=was.dataset_name)
        self.apply()
        if step.kind == "again":
            self.make(was.dataset_name)
            self.apply()

    def make(self, name: str) -> None:
        number = str(len(self.specs))
        self.specs[f"{self.side}-{number}"] = generate_spec(name, labels=(self.side, number))

    def apply(self) -> None:
        self.world.apply([declared(spec) for spec in self.specs.values()])
        self.specs = {who: replace(spec, renamed_from=None) for who, spec in self.specs.items()}


def merged_specs(base: Branch, sides: list[Branch]) -> dict[str, Spec] | None:
    """The specs of both sides; `None` if people have to decide about a name."""
    specs: dict[str, Spec] = {}
    for who in {**sides[0].specs, **sides[1].specs}:
        found = [branch.specs[who] for branch in sides if who in branch.specs]
        had = base.specs[who].dataset_name if who in base.specs else None
        new = {spec.dataset_name for spec in found} - {had}
        if len(new) > 1:
            return None
        size = max(spec.num_examples or 0 for spec in found)
        specs[who] = replace(found[0], dataset_name=new.pop() if new else str(had), num_examples=size)
    return specs if len({spec.dataset_name for spec in specs.values()}) == len(specs) else None


@PROPERTY
@given(STEPS, STEPS)
def test_nothing_is_bought_after_a_merge_of_branches_that_use_names_again(mine: list[Step], others: list[Step]) -> None:
    base = Branch(World(), {"base-0": generate_spec("a"), "base-1": generate_spec("b", labels=("y",))}, "base")
    base.apply()
    sides = []
    for side, first, steps in (("ours", 1000, mine), ("theirs", 2000, others)):
        sides.append(Branch(World(base.world.lock, set(base.world.rows), jobs=first), dict(base.specs), side))
        for step in steps:
            sides[-1].take(step)
    locks = [branch.world.lock for branch in sides]
    for lock in locks:
        assert merge3(base.world.lock, base.world.lock, lock).lock == lock
        assert merge3(base.world.lock, lock, base.world.lock).lock == lock
    found = merge3(base.world.lock, *locks)
    assert found.lock == merge3(base.world.lock, *reversed(locks)).lock
    ids = [one for numbers in jobs_of(found.lock).values() for one in numbers]
    assert set(ids) == {one for lock in locks for numbers in jobs_of(lock).values() for one in numbers}
    if (specs := merged_specs(base, sides)) is None:
        return
    assert len(ids) == len(set(ids)), "a job belongs to one dataset"
    assert found.lock.entries.keys() == {(spec.dataset_name, BACKEND) for spec in specs.values()}
    steps_now = World(found.lock, sides[0].world.rows | sides[1].world.rows).plan(map(declared, specs.values())).steps
    both_grew = {
        spec.dataset_name
        for who, spec in specs.items()
        if who in base.specs and base.specs[who].num_examples not in [one.specs[who].num_examples for one in sides]
    }
    for step in steps_now:
        assert step.requests == 0
        assert step.action in SETTLED or step.dataset_name in both_grew

"""Locks with a common ancestor are merged: who changed something wins."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import wraps
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pioneer_build.lock.file_text import lock_text, read_lock
from pioneer_build.lock.merge import merge
from pioneer_build.lock.model import MIXED_CHECKS, Entry, Labelling, Lock, Rejection
from pioneer_build.lock.three_way import MergeChoice, merge3
from pioneer_build.plan.model import SETTLED
from tests.lock.strategies import entries, locks
from tests.planning import (
    BACKEND,
    PROPERTY,
    World,
    declared,
    entry,
    generate_spec,
    job,
    label_spec,
    lock_of,
    projects,
    specs_named,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pioneer_build.spec.model import Spec

#: Examples of each property in the long form.
LONG_EXAMPLES = 2000
#: What holds for any locks, and for which: each is a test of its own, and another one in the long form.
PROPERTIES: dict[str, tuple[Callable[..., None], tuple[st.SearchStrategy[Any], ...]]] = {}


def holds_for(*strategies: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Makes a test of a function, with examples of these strategies as its arguments."""

    def test_of(body: Callable[..., None]) -> Callable[..., None]:
        PROPERTIES[body.__name__] = body, strategies
        test: Callable[..., None] = PROPERTY(given(*strategies)(body))
        return test

    return test_of


def ids(lock: Lock) -> set[tuple[str, str]]:
    return {
        (backend, one.job_id)
        for (_, backend), found in lock.entries.items()
        for one in found.jobs
        if one.job_id is not None
    }


def content_of(entry: Entry) -> str | None:
    """The rows that were made of the entry's annotations, by their digest."""
    return None if entry.labelling is None else entry.labelling.content


# -- any locks -----------------------------------------------------------------------------------------------------


@holds_for(locks(), locks())
def test_what_one_side_alone_changed_is_taken_as_it_is(base: Lock, x: Lock) -> None:
    for merged in (merge3(base, base, x), merge3(base, x, base), merge3(base, x, x)):
        assert lock_text(merged.lock) == lock_text(x)
        assert merged.choices == ()


@holds_for(locks(3), locks(3), locks(3))
def test_the_order_of_the_sides_is_irrelevant(base: Lock, a: Lock, b: Lock) -> None:
    one, other = merge3(base, a, b), merge3(base, b, a)
    assert one.lock == other.lock
    assert lock_text(one.lock) == lock_text(other.lock)
    assert read_lock(lock_text(one.lock)) == one.lock, "it is a lock that can be written and read"
    assert [choice.field for choice in one.choices] == [choice.field for choice in other.choices]


@holds_for(locks(3), locks(3))
def test_without_an_ancestor_it_is_the_plain_merge(a: Lock, b: Lock) -> None:
    assert merge3(Lock(), a, b).lock == merge(a, b)


@holds_for(locks(3), locks(3), locks(3))
def test_no_job_id_is_lost_that_no_side_dropped(base: Lock, a: Lock, b: Lock) -> None:
    merged = merge3(base, a, b).lock
    dropped = (ids(base) - ids(a)) | (ids(base) - ids(b))
    assert ids(merged) >= (ids(a) | ids(b)) - dropped
    assert ids(merged) <= ids(a) | ids(b)


@holds_for(entries(), entries(), entries())
def test_each_field_comes_from_the_side_that_changed_it(base: Entry, a: Entry, b: Entry) -> None:
    merged = merge3(lock_of(base), lock_of(a), lock_of(b))
    (found,) = merged.lock.entries.values()
    contested = {choice.field for choice in merged.choices}
    for name in ("fingerprint", "definition", "task_type", "protect", "on_change", "labelling", "sampled"):
        before, here, there = (getattr(one, name) for one in (base, a, b))
        if here != before and there != before and here != there:
            continue
        unit = "definition" if name in ("fingerprint", "task_type") else name
        if unit in contested:
            continue  # a part of something that both changed
        assert getattr(found, name) == (here if there == before else there), name
    assert not contested or a != b
    rows = [one for one in found.jobs if one.fingerprint == found.fingerprint and one.rows is not None]
    judged = [
        side
        for side in (a, b)
        if side.fingerprint == found.fingerprint
        and {(one.key, one.rows, one.state) for one in side.jobs} >= {(one.key, one.rows, one.state) for one in rows}
        and (found.labelling is None or content_of(side) == content_of(found))
    ]
    assert found.checks in (a.checks, b.checks, MIXED_CHECKS)
    assert judged or found.checks == MIXED_CHECKS or (a.checks, a.fingerprint) == (b.checks, b.fingerprint)
    if not contested and judged:
        before, here, there = base.checks, a.checks, b.checks
        wanted = here if there == before else there
        assert found.checks == wanted or wanted not in [side.checks for side in judged]


# -- histories of specs --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Edit:
    """Changes, adds or removes one spec."""

    name: str
    spec: Spec | None


@st.composite
def branch_edits(draw: st.DrawFn) -> list[Edit]:
    names = draw(st.lists(st.sampled_from(("a", "b", "c", "d", "e", "f")), min_size=1, max_size=3, unique=True))
    return [Edit(name, None if draw(st.integers(0, 4)) == 0 else draw(specs_named(name))) for name in names]


def edited(specs: Mapping[str, Spec], edits: list[Edit]) -> dict[str, Spec]:
    changed = {**specs, **{edit.name: edit.spec for edit in edits}}
    return {name: spec for name, spec in changed.items() if spec is not None}


def branch(base: World, specs: Mapping[str, Spec], first_job: int) -> World:
    """A branch of the history: a copy of the world in which these specs are applied."""
    world = World(
        base.lock, set(base.rows), {key: set(texts) for key, texts in base.annotations.items()}, jobs=first_job
    )
    for _ in range(3):  # a protected dataset is unprotected first
        world.apply([declared(spec) for spec in specs.values()])
    return world


def unsettled(world: World, specs: Mapping[str, Spec]) -> set[str]:
    plan = world.plan([declared(spec) for spec in specs.values()])
    return {step.dataset_name for step in plan.steps if step.action not in SETTLED}


@holds_for(projects(), branch_edits(), branch_edits(), branch_edits())
def test_a_dataset_that_only_one_side_touched_is_up_to_date_after_the_merge(
    project: list[Any], before: list[Edit], mine: list[Edit], others: list[Edit]
) -> None:
    first = {item.name: item.spec for item in project}
    base = branch(branch(World(), first, 0), base_specs := edited(first, before), 100)
    specs = [edited(base_specs, edits) for edits in (mine, others)]
    sides = [branch(base, changed, number) for changed, number in zip(specs, (1000, 2000), strict=True)]

    merged_specs = dict(specs[0])
    for name in {*base_specs, *specs[1]}:  # as git does it, a file at a time
        if specs[0].get(name) == base_specs.get(name):
            merged_specs.pop(name, None)
            if (theirs := specs[1].get(name)) is not None:
                merged_specs[name] = theirs
    both = {name for name in {*base_specs, *specs[0], *specs[1]}
            if base_specs.get(name) not in (specs[0].get(name), specs[1].get(name))}  # fmt: skip
    annotations = {key: sides[0].annotations.get(key, set()) | sides[1].annotations.get(key, set())
                   for key in {*sides[0].annotations, *sides[1].annotations}}  # fmt: skip
    world = World(merge3(base.lock, sides[0].lock, sides[1].lock).lock, sides[0].rows | sides[1].rows, annotations)
    pending = set().union(*(unsettled(side, changed) for side, changed in zip(sides, specs, strict=True)))
    assert unsettled(world, merged_specs) <= both | pending


@pytest.mark.long
@pytest.mark.parametrize("name", PROPERTIES)
def test_long(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    body, strategies = PROPERTIES[name]
    examples = 0

    @wraps(body)
    def counted(**values: Any) -> None:
        nonlocal examples
        body(**values)
        examples += 1

    settings(max_examples=LONG_EXAMPLES, deadline=None, database=None)(given(*strategies)(counted))()
    with capsys.disabled():
        print(f"\nmerge property: {examples} examples: {name}")
    assert examples >= LONG_EXAMPLES


# -- what a merge decides ------------------------------------------------------------------------------------------

ITEM = declared(generate_spec("a"))
OTHER = declared(generate_spec("a", labels=("x", "z")))
BASE = entry(ITEM, job(ITEM))


def one(base: Entry, ours: Entry, theirs: Entry) -> tuple[Entry, list[tuple[str, str]]]:
    merged = merge3(lock_of(base), lock_of(ours), lock_of(theirs))
    (found,) = merged.lock.entries.values()
    return found, [(choice.field, choice.kept) for choice in merged.choices]


def test_of_two_new_base_names_the_smaller_one_is_taken() -> None:
    here, there = replace(BASE, base_name="x"), replace(BASE, base_name="y")
    assert one(BASE, here, there) == one(BASE, there, here) == (here, [])
    assert one(BASE, BASE, there) == one(BASE, there, BASE) == (there, [])


def test_changes_of_different_fields_are_both_kept() -> None:
    ours = replace(BASE, num_examples=5)
    theirs = replace(BASE, protect=True, checks={"min_chars": 90})
    found, choices = one(BASE, ours, theirs)
    assert found == replace(ours, protect=True, checks={"min_chars": 90})
    ours = entry(OTHER, job(ITEM), job(OTHER, 2))
    found, choices = one(BASE, ours, theirs)
    assert found == replace(ours, protect=True, checks={}), "the rows of job 2 were not judged by the new checks"
    assert choices == []


def test_different_definitions_are_a_choice_and_keep_all_jobs() -> None:
    third = declared(generate_spec("a", labels=("w",)))
    ours, theirs = entry(OTHER, job(ITEM), job(OTHER, 2)), entry(third, job(ITEM), job(third, 3))
    found, choices = one(BASE, ours, theirs)
    again, mirrored = one(BASE, theirs, ours)
    assert found == again
    assert found.fingerprint in (ours.fingerprint, theirs.fingerprint)
    assert [one.job_id for one in found.jobs] == ["job-1", "job-2", "job-3"]
    assert [field for field, _ in choices] == ["definition"]
    assert {kept for _, kept in choices} | {kept for _, kept in mirrored} == {"ours", "theirs"}


def test_a_dataset_that_both_added_is_one() -> None:
    ours, theirs = entry(ITEM, job(ITEM, 1)), entry(OTHER, job(OTHER, 2))
    merged = merge3(Lock(), lock_of(ours), lock_of(theirs))
    assert ids(merged.lock) == {(BACKEND, "job-1"), (BACKEND, "job-2")}
    assert [choice.field for choice in merged.choices] == ["definition"]
    same = merge3(Lock(), lock_of(ours), lock_of(replace(ours, jobs=(job(ITEM, 3),))))
    assert same.choices == ()


def test_a_job_that_one_side_rejected_was_not_judged_by_its_checks_on_the_other_one() -> None:
    """The bounds of a job as a whole change only its state."""
    base = entry(ITEM, job(ITEM, state="open", rows=None, got=None))
    tight = entry(ITEM, job(ITEM, state="rejected"), checks={"min_examples_per_label": 100})
    ready = entry(ITEM, job(ITEM))
    for ours, theirs in ((tight, ready), (ready, tight)):
        found, _ = one(base, ours, theirs)
        assert (found.jobs[0].state, found.checks) == ("ready", {}), "a plan judges it by those of the spec"


def test_the_checks_of_a_side_with_another_definition_say_nothing_about_rows_of_this_one() -> None:
    both = (job(ITEM), job(OTHER, 2))
    base = entry(OTHER, *both)
    back = replace(base, definition=ITEM.definition, fingerprint=ITEM.fingerprint)
    tight = replace(base, checks={"min_chars": 90}, jobs=(job(ITEM), job(OTHER, 2, got=4, rows="sha256:" + "0" * 64)))
    for ours, theirs in ((back, tight), (tight, back)):
        found, choices = one(base, ours, theirs)
        assert (found.fingerprint, found.checks, choices) == (ITEM.fingerprint, {}, []), "those of its own rows"


def test_rows_that_were_checked_again_stay_so_and_others_are_still_to_be_checked() -> None:
    stricter = replace(BASE, checks={"min_chars": 90}, jobs=(job(ITEM, got=4, rows="sha256:" + "0" * 64),))
    longer = replace(BASE, num_examples=20, jobs=(job(ITEM), job(ITEM, 2)))
    for ours, theirs in ((stricter, longer), (longer, stricter)):
        found, choices = one(BASE, ours, theirs)
        assert found.jobs == (stricter.jobs[0], longer.jobs[1])
        assert (found.num_examples, found.checks) == (20, MIXED_CHECKS), "a plan judges job 2 by the new ones"
        assert choices == []


def test_a_record_never_goes_back_to_knowing_less() -> None:
    opened = job(ITEM, state="open", got=None, rows=None, verified=False, version=None)
    back, touched = replace(BASE, jobs=(opened,)), replace(BASE, protect=True)
    assert one(BASE, back, touched)[0].jobs == BASE.jobs


def test_a_removal_that_the_other_side_did_not_contradict_is_kept() -> None:
    removed = replace(BASE, forgotten=True)
    fetched = replace(BASE, jobs=(job(ITEM, revision="r"),))
    found, choices = one(BASE, removed, fetched)
    assert (found.forgotten, found.jobs, choices) == (True, fetched.jobs, [])
    larger = replace(BASE, num_examples=20, jobs=(job(ITEM), job(ITEM, 2)))
    found, choices = one(BASE, removed, larger)
    assert (found.forgotten, found.num_examples, choices) == (False, 20, [("dataset", "theirs")])
    assert one(BASE, larger, removed)[1] == [("dataset", "ours")]
    assert one(removed, BASE, replace(removed, jobs=()))[0].forgotten is False, "one side brought it back"


def test_an_entry_that_one_side_removed_and_the_other_changed_stays() -> None:
    larger = replace(BASE, num_examples=20)
    merged = merge3(lock_of(BASE), Lock(), lock_of(larger))
    assert merged.lock == lock_of(larger)
    assert merged.choices == (MergeChoice("a", BACKEND, "dataset", "theirs"),)


def test_a_dataset_keeps_its_kind() -> None:
    texts = declared(label_spec("a"))
    labelled = entry(texts, *BASE.jobs)
    larger = replace(BASE, num_examples=20)
    found, _ = one(BASE, labelled, larger)
    assert (found.fingerprint, found.num_examples) == (texts.fingerprint, None)


LABELS = declared(label_spec("a"))
LABELLING = Labelling(LABELS.fingerprint, "sha256:i", 5, 5, 5, 0, 5, "sha256:c")


def test_of_two_labellings_that_of_the_merged_definition_is_taken() -> None:
    changed = declared(label_spec("a", labels=("q",)))
    base = entry(LABELS, labelling=LABELLING)
    more_texts = replace(base, labelling=replace(LABELLING, inputs="sha256:j", content="sha256:zzz"))
    other_labels = entry(changed, labelling=replace(LABELLING, fingerprint=changed.fingerprint, content="sha256:aaa"))
    for ours, theirs in ((more_texts, other_labels), (other_labels, more_texts)):
        found, choices = one(base, ours, theirs)
        assert (found.fingerprint, found.labelling) == (changed.fingerprint, other_labels.labelling)
        assert [field for field, _ in choices] == ["labelling"]


def test_texts_that_one_side_could_label_are_not_rejected() -> None:
    base = entry(LABELS)
    rejected = replace(base, rejection=Rejection(LABELS.fingerprint, "sha256:i", "rejected", "too short"))
    labelled = replace(base, labelling=LABELLING)
    found, choices = one(base, rejected, labelled)
    assert (found.labelling, found.rejection, found.state, choices) == (LABELLING, None, "ready", [])


# -- renames -------------------------------------------------------------------------------------------------------


def test_a_rename_carries_what_the_other_side_did() -> None:
    renamed = replace(BASE, dataset_name="b")
    larger = replace(BASE, num_examples=20, jobs=(*BASE.jobs, job(ITEM, 2)))
    for sides in ((renamed, larger), (larger, renamed)):
        merged = merge3(lock_of(BASE), *(lock_of(side) for side in sides))
        assert merged.lock == lock_of(replace(larger, dataset_name="b"))
        assert merged.choices == ()
    unchanged = merge3(lock_of(BASE), lock_of(renamed), lock_of(BASE))
    assert unchanged.lock == lock_of(renamed)


@pytest.mark.parametrize("back", [False, True])
def test_different_new_names_are_both_kept(back: bool) -> None:
    sides = [lock_of(replace(BASE, dataset_name=name)) for name in ("b", "c")]
    merged = merge3(lock_of(BASE), *(reversed(sides) if back else sides))
    assert [name for name, _ in merged.lock.entries] == ["b", "c"]


def test_a_name_that_the_other_side_uses_as_well_is_no_rename() -> None:
    fresh = entry(declared(generate_spec("b")), job(OTHER, 9))
    theirs = Lock({**lock_of(replace(BASE, protect=True)).entries, **lock_of(fresh).entries})
    merged = merge3(lock_of(BASE), lock_of(replace(BASE, dataset_name="b")), theirs)
    assert [name for name, _ in merged.lock.entries] == ["a", "b"]
    assert ids(merged.lock) == {(BACKEND, "job-1"), (BACKEND, "job-9")}


def test_another_dataset_of_the_same_jobs_elsewhere_is_no_rename() -> None:
    elsewhere = replace(BASE, dataset_name="b", backend="local")
    merged = merge3(lock_of(BASE), lock_of(elsewhere), lock_of(replace(BASE, protect=True)))
    assert sorted(merged.lock.entries) == [("a", BACKEND), ("b", "local")]

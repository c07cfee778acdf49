"""Renames that were undone, in whatever order specs and lock went back."""

from __future__ import annotations

from dataclasses import replace

from pioneer_build.lock.model import Entry, Job, Labelling, Lock
from pioneer_build.plan import Choices, Facts, InputFacts, make_plan, undo_renames, would_buy
from pioneer_build.spec.declared import Declared
from pioneer_build.spec.fingerprint import definition_of, fingerprint_of
from pioneer_build.spec.model import InlineTexts, Spec

BACKEND = "https://service.test"


def declared(name: str, old: str | None = None, labels: tuple[str, ...] = ("x",)) -> Declared:
    spec = Spec(name, "ner", labels, 10, renamed_from=old)
    definition = definition_of(spec)
    return Declared(spec, definition, fingerprint_of(definition))


def texts(name: str) -> Declared:
    item = declared(name)
    return replace(item, spec=replace(item.spec, num_examples=None, inputs=InlineTexts(("one", "two"))))


ITEM = declared("a")
JOB = Job(ITEM.fingerprint, "a", 10, "ready", 0, "j-1", "1", 10)


def entry(name: str, base: str, *jobs: Job) -> Entry:
    return Entry(name, BACKEND, "ner", ITEM.definition, base, 10, jobs, fingerprint=ITEM.fingerprint)


def undone(lock: Lock, *specs: Declared, former: dict[str, set[str]] | None = None) -> list[str | None]:
    def buys(item: Declared, one: Entry | None) -> bool:
        return would_buy(item, one, lock, Facts(BACKEND), Choices())

    return [item.spec.renamed_from for item in undo_renames(specs, lock, BACKEND, former or {}, buys)]


def locked(*entries: Entry) -> Lock:
    return Lock({(one.dataset_name, BACKEND): one for one in entries})


def test_a_spec_that_went_back_to_the_first_name() -> None:
    assert undone(locked(entry("b", "a", JOB)), declared("a")) == ["b"]
    assert undone(locked(entry("b", "b", JOB)), declared("a")) == [None], "it never had this name"
    assert undone(locked(replace(entry("b", "a", JOB), forgotten=True)), declared("a")) == ["b"]


def test_a_spec_that_went_back_to_a_name_in_between() -> None:
    lock = locked(entry("c", "a", JOB))
    assert undone(lock, declared("b")) == [None]
    assert undone(lock, declared("b"), former={"j-1": {"b"}}) == ["c"]
    assert undone(lock, declared("b", old="a")) == ["c"], "the rename that it still has is done already"


def test_two_datasets_stay_two() -> None:
    assert undone(locked(entry("b", "a", JOB)), declared("a"), declared("b")) == [None, None]
    assert undone(locked(entry("b", "a", JOB)), declared("a"), declared("c", old="b")) == [None, "b"]
    assert undone(locked(entry("b", "a", JOB)), declared("a", labels=("y",))) == [None], "another definition"


def test_a_dataset_that_has_enough_takes_nothing_else() -> None:
    other = replace(JOB, job_id="j-2")
    assert undone(locked(entry("a", "a", JOB), entry("b", "a", other)), declared("a")) == [None]
    assert undone(locked(entry("a", "a"), entry("b", "a", JOB)), declared("a")) == ["b"]


def test_the_plan_is_a_rename_and_buys_nothing() -> None:
    lock = locked(entry("b", "a", JOB))
    specs = undo_renames([ITEM], lock, BACKEND, {}, lambda item, one: True)
    (step,) = make_plan(specs, lock, Facts(BACKEND)).steps
    assert (step.action, step.requests, step.renamed_from) == ("rename", 0, "b")


def test_a_label_spec_that_went_back() -> None:
    """The annotations are in the store of some machine: elsewhere they must not be paid for again."""
    item = texts("a")
    labelling = Labelling(item.fingerprint, "sha256:in", 2, 2, 2, 0, 2, "sha256:out")
    label = replace(entry("b", "a"), num_examples=None, labelling=labelling, paid=((item.fingerprint, 2),))
    assert undone(locked(label), item) == ["b"]
    assert undone(locked(label), declared("a")) == [None], "labels don't make a dataset of jobs"
    facts = Facts(BACKEND, inputs={"a": InputFacts("sha256:in", 2, 2, 2)})
    specs = undo_renames([item], locked(label), BACKEND, {}, lambda item, one: False)
    (step,) = make_plan(specs, locked(label), facts).steps
    assert (step.action, step.requests) == ("rename", 0)


def test_a_dataset_whose_spec_is_only_left_out_keeps_its_name() -> None:
    """A sparse checkout doesn't have it in the work tree."""
    lock = locked(entry("b", "a", JOB))
    (item,) = undo_renames([ITEM], lock, BACKEND, {}, lambda item, one: True, left_out={"b": "a sparse checkout"})
    assert item.spec.renamed_from is None

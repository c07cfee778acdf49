"""The table of changes, row by row, and the order in which actions decide."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from pioneer_build.lock.model import Entry, Job, Labelling, Lock, Rejection
from pioneer_build.plan import (
    PRECEDENCE,
    SETTLED,
    Choices,
    Facts,
    InputFacts,
    Plan,
    Step,
    entry_for,
    make_plan,
    state_of,
)
from pioneer_build.spec.declared import Declared
from pioneer_build.spec.model import FewShot, Spec, TopUp
from tests.planning import BACKEND, declared, digest, entry, generate_spec, job, label_spec, lock_of

ITEM = declared(generate_spec("a", ("x", "y"), 10))
OTHER = declared(generate_spec("a", ("x", "z"), 10))
LOCAL_ROWS = frozenset({digest("a", number) for number in range(9)})


def plan(
    *specs: Declared, lock: Lock | None = None, choices: Choices | None = None, present: Any = LOCAL_ROWS, **facts: Any
) -> Plan:
    return make_plan(specs, lock or Lock(), Facts(BACKEND, present=present, **facts), choices)


def step(item: Declared, known: Entry | None, choices: Choices | None = None, **facts: Any) -> Step:
    lock = lock_of(known) if known is not None else Lock()
    return next(one for one in plan(item, lock=lock, choices=choices, **facts).steps if one.dataset_name == item.name)


def decided(one: Step) -> tuple[str, int, int, int]:
    return one.action, one.requests, one.examples, one.total


def texts(one: Step) -> str:
    return " | ".join(f"{reason.field}: {reason.text}" for reason in one.reasons)


def sized(number: int, item: Declared = ITEM) -> Declared:
    return declared(replace(item.spec, num_examples=number))


# -- generate specs, row by row ------------------------------------------------------------------------------------


def test_no_job_yet() -> None:
    one = step(ITEM, None)
    assert decided(one) == ("create", 1, 10, 10)
    assert (one.remote_name, texts(one), one.refused, one.command) == ("a", "dataset_name: new", None, None)


def test_as_declared() -> None:
    one = step(ITEM, entry(ITEM, job(ITEM)))
    assert decided(one) == ("none", 0, 0, 10)
    assert one.reasons == ()


def test_more_examples() -> None:
    known = entry(ITEM, job(ITEM))
    one = step(sized(15), known)
    assert decided(one) == ("extend", 1, 5, 15)
    assert (one.remote_name, texts(one)) == ("a", "num_examples: 10 → 15")
    known = entry(sized(15), job(ITEM, 1), job(sized(5), 2))
    assert decided(step(sized(15), known)) == ("none", 0, 0, 15)
    assert decided(step(sized(16), known)) == ("extend", 1, 1, 16)


def test_fewer_examples_and_more_again() -> None:
    one = step(sized(4), entry(ITEM, job(ITEM)))
    assert decided(one) == ("shrink", 0, 0, 4)
    assert texts(one) == "num_examples: 10 → 4; the store keeps all"
    small = entry(sized(4), job(ITEM))
    assert small.examples == 4
    one = step(sized(8), small)
    assert decided(one) == ("extend", 0, 0, 8)
    assert texts(one) == "num_examples: 4 → 8, of 10 made already"
    assert decided(step(sized(12), small)) == ("extend", 1, 2, 12)
    assert decided(step(sized(10), small)) == ("extend", 0, 0, 10)


def test_another_definition() -> None:
    one = step(OTHER, entry(ITEM, job(ITEM)))
    assert decided(one) == ("replace", 1, 10, 10)
    assert one.remote_name == f"a-{OTHER.fingerprint[4:12]}"
    assert [(why.field, why.old, why.new, why.text) for why in one.reasons] == [
        ("labels", ["y"], ["z"], '+ "z", - "y"')
    ]


def test_every_changed_field_is_listed_with_old_and_new() -> None:
    before = declared(
        generate_spec(
            "a", task_type="classification", domain_description="shop", classified_examples=(FewShot("t", "x"),)
        )
    )
    after = declared(
        generate_spec(
            "a", task_type="classification", domain_description="bank", classified_examples=(FewShot("u", "x"),)
        )
    )
    one = step(after, entry(before, job(before)))
    assert [(why.field, why.old, why.new) for why in one.reasons] == [
        ("classified_examples", [{"label": "x", "text": "t"}], [{"label": "x", "text": "u"}]),
        ("domain_description", "shop", "bank"),
    ]
    assert texts(one) == 'classified_examples: + "u" (x), - "t" (x) | domain_description: "shop" → "bank"'
    gone = step(declared(generate_spec("a")), entry(before, job(before)))
    assert [(why.field, why.old, why.new) for why in gone.reasons] == [
        ("classified_examples", [{"label": "x", "text": "t"}], []),
        ("domain_description", "shop", None),
        ("task_type", "classification", "ner"),
    ]
    assert '"shop" → (none)' in texts(gone)


def test_a_definition_that_comes_back() -> None:
    known = entry(OTHER, job(ITEM, 1), job(OTHER, 2, remote_name="a-1"))
    one = step(ITEM, known)
    assert decided(one) == ("restore", 0, 0, 10)
    assert one.remote_name == "a"
    assert "dataset_name: 10 rows of this definition are there already" in texts(one)
    one = step(sized(12), known)
    assert decided(one) == ("restore", 1, 2, 12)
    assert "num_examples: 10 → 12" in texts(one)
    assert "are there already" not in texts(one)
    one = step(sized(8), known)
    assert decided(one) == ("restore", 0, 0, 8)


def test_a_spec_that_comes_back() -> None:
    known = entry(ITEM, job(ITEM), forgotten=True)
    one = step(ITEM, known)
    assert decided(one) == ("restore", 0, 0, 10)
    assert "it was forgotten" in texts(one)
    bare = entry(ITEM, forgotten=True)
    assert decided(step(ITEM, bare)) == ("create", 1, 10, 10)
    assert texts(step(ITEM, bare)) == "dataset_name: it was forgotten, and its spec is back"


@pytest.mark.parametrize("state", ["failed", "rejected"])
def test_a_job_that_came_to_nothing(state: Any) -> None:
    bad = job(ITEM, state=state, reason="no valid samples", got=None, rows=None)
    known = entry(ITEM, bad)
    one = step(ITEM, known)
    assert decided(one) == ("blocked", 0, 0, 10)
    assert [why.field for why in one.reasons] == ["dataset_name"]
    assert "no valid samples" in texts(one)
    assert one.command == "pioneer-build apply --retry a"
    assert decided(step(ITEM, known, Choices(retry=frozenset({"a"})))) == ("create", 1, 10, 10)
    assert step(ITEM, known, Choices(retry=frozenset({"b"}))).action == "blocked"
    assert step(ITEM, known, Choices(resubmit=frozenset({"a"}))).action == "blocked"
    assert decided(step(sized(11), known)) == ("create", 1, 11, 11), "the spec changes"
    assert decided(step(OTHER, known)) == ("replace", 1, 10, 10), "the spec changes"
    assert step(declared(replace(ITEM.spec, owner="me")), known).action == "blocked"

    # an extension that came to nothing
    known = entry(sized(15), job(ITEM, 1), job(ITEM, 2, asked=5, state=state, got=None, rows=None))
    assert decided(step(sized(15), known)) == ("blocked", 0, 0, 15)
    assert decided(step(sized(15), known, Choices(retry=frozenset({"a"})))) == ("extend", 1, 5, 15)
    assert decided(step(sized(16), known)) == ("extend", 1, 6, 16)
    assert decided(step(sized(10), known)) == ("shrink", 0, 0, 10)
    assert decided(step(sized(9), known)) == ("shrink", 0, 0, 9)
    settled = replace(known, num_examples=10)
    assert decided(step(ITEM, settled)) == ("none", 0, 0, 10), "what failed is not wanted any more"
    assert settled.state == "ready"
    assert known.state == state

    # back to the definition whose last job came to nothing: the very request that did is not sent again
    away = entry(OTHER, bad, job(OTHER, 2))
    assert step(ITEM, away).action == "blocked"
    assert step(OTHER, away).action == "none"


def test_rows_that_were_rejected_are_held_against_new_checks_first() -> None:
    bad = job(ITEM, state="rejected", reason="too few", got=4)
    known = entry(ITEM, bad, checks={"min_accepted": 0.9})
    loose = replace(ITEM, checks={"min_accepted": 0.3})
    one = step(loose, known)
    assert decided(one) == ("update", 0, 0, 10)
    assert texts(one) == "checks: min_accepted: 0.9 → 0.3"
    assert step(loose, known, present=frozenset()).action == "blocked", "the rows are not here"
    assert step(loose, known, Choices(retry=frozenset({"a"}))).action == "create"
    failed = entry(ITEM, replace(bad, state="failed"), checks={"min_accepted": 0.9})
    assert step(loose, failed).action == "blocked", "no check makes a failed job better"


def test_open_and_unknown_jobs_of_whatever_definition() -> None:
    open_job = job(ITEM, state="open", got=None, rows=None)
    one = step(ITEM, entry(ITEM, open_job))
    assert (decided(one), one.command) == (("resume", 0, 0, 10), None)
    assert texts(one) == "dataset_name: job job-1 is open"
    one = step(OTHER, entry(ITEM, open_job))
    assert decided(one) == ("resume", 0, 0, 10)
    assert [why.field for why in one.reasons] == ["dataset_name", "labels"], "all reasons are listed"
    assert decided(step(ITEM, entry(ITEM, open_job), Choices(retry=frozenset({"a"})))) == ("create", 1, 10, 10)

    unknown = job(ITEM, state="unknown", job_id=None, version=None, got=None, rows=None, submissions=("t",))
    one = step(ITEM, entry(ITEM, unknown))
    assert decided(one) == ("reconcile", 0, 0, 10)
    assert one.command == "pioneer-build apply  (looks for it; else adopt a JOB_ID, or apply --resubmit a)"
    assert "10 examples to 'a' was sent and not answered" in texts(one)
    both = entry(ITEM, unknown, replace(open_job, order=1))
    assert step(ITEM, both).action == "reconcile"
    assert step(ITEM, both, Choices(resubmit=frozenset({"a"}))).action == "resume"
    again = step(ITEM, entry(ITEM, unknown), Choices(resubmit=frozenset({"a"})))
    assert decided(again) == ("create", 1, 10, 10)
    assert "was not answered" in texts(again)
    assert step(ITEM, entry(ITEM, unknown), Choices(retry=frozenset({"a"}))).action == "reconcile"
    label = declared(label_spec("a"))
    inputs = {"a": InputFacts("d", 2, 2, 2)}
    assert step(label, entry(ITEM, open_job), inputs=inputs).action == "resume", "a label spec loses no job either"


def test_missing_rows_are_asked_for_again_within_bounds() -> None:
    item = declared(replace(ITEM.spec, top_up=TopUp(2)))
    short = entry(item, job(item, got=7))
    one = step(item, short)
    assert decided(one) == ("extend", 1, 3, 10)
    assert texts(one) == "top_up: 3 rows are missing: the service gave fewer that passed"
    assert step(ITEM, short).action == "none", "without top_up the author takes what there is"
    assert step(item, entry(item, job(item, got=None, rows=None))).action == "none"
    second = replace(short, jobs=(*short.jobs, job(item, 2, asked=3, got=1, top_up=True)))
    assert decided(step(item, second)) == ("extend", 1, 2, 10)
    third = replace(second, jobs=(*second.jobs, job(item, 3, asked=2, got=1, top_up=True)))
    assert step(item, third).action == "none", "as often as the spec allows"
    assert decided(step(declared(replace(item.spec, num_examples=12)), third)) == ("extend", 1, 2, 12)
    failed = replace(short, jobs=(*short.jobs, job(item, 2, asked=3, state="failed", top_up=True, got=None)))
    assert step(item, failed).action == "blocked"
    assert decided(step(item, failed, Choices(retry=frozenset({"a"})))) == ("extend", 1, 3, 10)
    assert step(ITEM, failed).action == "none"
    assert failed.state == "ready"
    rejected = replace(short, jobs=(*short.jobs, job(item, 2, asked=3, got=0, state="rejected", top_up=True)))
    assert step(item, rejected).action == "blocked"
    assert step(ITEM, rejected).action == "blocked"
    assert rejected.state == "rejected"
    assert decided(step(ITEM, rejected, Choices(retry=frozenset({"a"})))) == ("extend", 1, 3, 10)
    shrunk = declared(replace(item.spec, num_examples=7))
    assert step(shrunk, rejected).action == "shrink"


def test_settings_alone() -> None:
    known = entry(ITEM, job(ITEM))
    guarded = declared(replace(ITEM.spec, protect=True))
    one = step(guarded, known)
    assert decided(one) == ("update", 0, 0, 10)
    assert (one.reasons[0].old, one.reasons[0].new) == (False, True)
    assert step(declared(replace(ITEM.spec, on_change="new_version")), known).action == "update"
    assert step(replace(ITEM, checks={"min_chars": 3}), known).action == "update"
    unwritten = step(ITEM, known, unwritten={"a"})
    assert decided(unwritten) == ("update", 0, 0, 10)
    assert step(ITEM, known, unwritten={"b"}).action == "none"


def test_rows_that_are_not_here() -> None:
    known = entry(ITEM, job(ITEM))
    one = step(ITEM, known, present=frozenset())
    assert (decided(one), one.fetch) == (("fetch", 0, 0, 10), True)
    assert not plan(ITEM, lock=lock_of(known), present=frozenset()).changes
    longer = step(sized(12), known, present=frozenset())
    assert (decided(longer), longer.fetch) == (("extend", 1, 2, 12), True)
    assert "not on this machine" in texts(longer)
    assert step(ITEM, entry(ITEM, job(ITEM, rows=None, verified=False)), present=frozenset()).action == "none"
    assert set(SETTLED) == {"none", "fetch"}


def test_a_spec_that_is_gone() -> None:
    lock = lock_of(entry(ITEM, job(ITEM)))
    (one,) = plan(lock=lock).steps
    assert (decided(one), one.remote_name) == (("forget", 0, 0, 0), "a")
    (one,) = plan(lock=lock, choices=Choices(delete_remote=True)).steps
    assert one.action == "delete"
    forgotten = lock_of(entry(ITEM, job(ITEM), forgotten=True))
    assert plan(lock=forgotten).steps == ()
    assert [one.action for one in plan(lock=forgotten, choices=Choices(delete_remote=True)).steps] == ["delete"]
    deleted = lock_of(entry(ITEM, job(ITEM, deleted=True), forgotten=True))
    assert plan(lock=deleted, choices=Choices(delete_remote=True)).steps == ()
    nothing_there = lock_of(entry(ITEM))
    assert [one.action for one in plan(lock=nothing_there, choices=Choices(delete_remote=True)).steps] == ["forget"]
    guarded = lock_of(entry(ITEM, job(ITEM), protect=True))
    for choices in (Choices(), Choices(delete_remote=True)):
        (one,) = plan(lock=guarded, choices=choices).steps
        assert one.protected
        assert "protect" in str(one.refused)
        assert not one.submits
    elsewhere = Lock({("a", "local"): entry(ITEM, job(ITEM), backend="local")})
    assert plan(lock=elsewhere).steps == ()
    assert decided(plan(ITEM, lock=elsewhere).steps[0])[0] == "create", "backends are different worlds"


def test_a_protected_dataset() -> None:
    known = entry(ITEM, job(ITEM), protect=True)
    guarded = declared(replace(OTHER.spec, protect=True))
    one = step(guarded, known)
    assert (one.action, one.protected, one.submits) == ("replace", True, False)
    assert "protect" in str(one.refused)
    assert plan(guarded, lock=lock_of(known)).requests == plan(guarded, lock=lock_of(known)).examples == 0
    off = step(OTHER, known)
    assert (off.action, off.submits) == ("replace", False), "taking it off counts from the next plan on"
    assert "next plan" in texts(off)
    assert step(ITEM, known).action == "update"
    assert step(OTHER, replace(known, protect=False)).submits
    longer = declared(replace(ITEM.spec, protect=True, num_examples=12))
    assert decided(step(longer, known)) == ("extend", 1, 2, 12)
    assert step(longer, known).refused is None
    label = declared(label_spec("a", protect=True))
    assert step(label, known, inputs={"a": InputFacts("d", 2, 2, 2)}).refused is not None


# -- renames -------------------------------------------------------------------------------------------------------


def renamed(item: Declared, name: str, old: str, **changes: Any) -> Declared:
    return declared(replace(item.spec, dataset_name=name, renamed_from=old, **changes))


def test_a_rename() -> None:
    known = entry(ITEM, job(ITEM))
    (one,) = plan(renamed(ITEM, "b", "a"), lock=lock_of(known)).steps
    assert (decided(one), one.renamed_from, one.remote_name) == (("rename", 0, 0, 10), "a", "a")
    done = replace(known, dataset_name="b")
    (one,) = plan(renamed(ITEM, "b", "a"), lock=lock_of(done)).steps
    assert (one.action, one.renamed_from) == ("none", None)
    (one,) = plan(renamed(OTHER, "b", "a"), lock=lock_of(known)).steps
    assert (one.action, one.renamed_from) == ("replace", "a")
    assert one.remote_name == f"a-{OTHER.fingerprint[4:12]}"
    assert [why.field for why in one.reasons] == ["renamed_from", "labels"]
    (one,) = plan(renamed(ITEM, "b", "a"), lock=lock_of(replace(known, forgotten=True))).steps
    assert (one.action, one.renamed_from, one.requests) == ("restore", "a", 0)
    (one,) = plan(renamed(ITEM, "b", "never"), lock=Lock()).steps
    assert (one.action, one.renamed_from) == ("create", None)
    assert entry_for(renamed(ITEM, "a", "a"), lock_of(known), BACKEND) == (known, None)


def test_a_rename_into_a_name_that_has_an_entry_loses_no_job() -> None:
    old = entry(ITEM, job(ITEM, 1))
    there = entry(renamed(ITEM, "b", "a"), job(ITEM, 2), forgotten=True)
    found, name = entry_for(renamed(ITEM, "b", "a"), lock_of(old, there), BACKEND)
    assert found is not None
    assert (found.dataset_name, name, {one.job_id for one in found.jobs}) == ("b", "a", {"job-1", "job-2"})


def test_hints_at_renamed_from() -> None:
    known = entry(ITEM, job(ITEM))
    twin = declared(replace(ITEM.spec, dataset_name="b"))
    new, old = sorted(plan(twin, lock=lock_of(known)).steps, key=lambda one: one.dataset_name, reverse=True)
    assert (new.action, old.action) == ("create", "forget")
    assert "`renamed_from: a`" in texts(new)
    assert "'b' has the same definition: `renamed_from: a`" in texts(old)
    stranger = declared(replace(OTHER.spec, dataset_name="b"))
    assert "renamed_from" not in "".join(texts(one) for one in plan(stranger, lock=lock_of(known)).steps)
    label = declared(label_spec("b", ("x", "y")))
    assert label.fingerprint == ITEM.fingerprint
    facts = {"b": InputFacts("d", 5, 5, 5)}
    assert "renamed_from" not in "".join(texts(one) for one in plan(label, lock=lock_of(known), inputs=facts).steps)
    labelled = entry(declared(label_spec("a", ("x", "y"))), labelling=labelling("d"))
    assert "renamed_from: a" in texts(plan(label, lock=lock_of(labelled), inputs=facts).steps[1])
    failed = job(ITEM, 2, state="failed", job_id=None, version=None)
    both = lock_of(entry(ITEM, job(ITEM), failed))
    assert "renamed_from: a" in "".join(texts(one) for one in plan(twin, lock=both).steps)
    assert "renamed_from" not in "".join(texts(one) for one in plan(twin, lock=lock_of(entry(ITEM, failed))).steps)
    living = declared(replace(ITEM.spec))
    assert "renamed_from" not in "".join(texts(one) for one in plan(twin, living, lock=lock_of(known)).steps)


# -- remote names --------------------------------------------------------------------------------------------------


def remote(item: Declared, *entries: Entry, **facts: Any) -> str:
    steps = plan(item, lock=lock_of(*entries), **facts).steps
    return next(one.remote_name for one in steps if one.dataset_name == item.name)


def test_remote_names() -> None:
    further = f"a-{OTHER.fingerprint[4:12]}"
    assert remote(ITEM) == "a"
    assert remote(OTHER, entry(ITEM, job(ITEM))) == further
    known = entry(OTHER, job(ITEM), job(OTHER, 2, remote_name=further))
    assert remote(ITEM, known) == "a"
    assert remote(OTHER, known) == further
    versions = declared(replace(OTHER.spec, on_change="new_version"))
    assert remote(versions, entry(ITEM, job(ITEM))) == "a"
    refused = job(ITEM, state="failed", job_id=None, version=None)
    assert remote(OTHER, entry(ITEM, refused)) == "a", "nothing was made under it"
    unknown = job(ITEM, state="unknown", job_id=None, version=None)
    assert remote(OTHER, entry(ITEM, unknown)) == further, "it may hold something"
    assert remote(ITEM, entry(ITEM, unknown)) == "a"


def test_a_name_that_holds_something_else_is_not_chosen() -> None:
    further = f"a-{ITEM.fingerprint[4:12]}"
    other = declared(generate_spec("b"))
    holder = entry(other, job(other, remote_name="a"))
    assert remote(ITEM, holder) == further
    assert remote(ITEM, holder, taken={further: "fp1:0"}) == f"a-{ITEM.fingerprint[4:16]}"
    assert remote(ITEM, taken={"a": "fp1:0"}) == further
    assert remote(ITEM, taken={"a": ITEM.fingerprint}) == "a", "the journal's own submission of it"
    lengths = (8, 12, 16, 24, 64)
    all_taken = {"a": "", **{f"a-{ITEM.fingerprint[4 : 4 + n]}": "fp1:0" for n in lengths}}
    assert remote(ITEM, taken=all_taken) == f"a-{ITEM.fingerprint[4:]}-2"


def test_two_datasets_of_one_plan_never_share_a_name() -> None:
    moved = entry(OTHER, job(OTHER, remote_name="a"), dataset_name="b", base_name="a")
    to = declared(replace(ITEM.spec, dataset_name="b"))
    new = ITEM
    names = {one.dataset_name: one.remote_name for one in plan(to, new, lock=lock_of(moved)).steps}
    assert names["a"] != names["b"]
    squatter = declared(generate_spec(f"a-{OTHER.fingerprint[4:12]}"))
    names = {
        one.dataset_name: one.remote_name for one in plan(OTHER, squatter, lock=lock_of(entry(ITEM, job(ITEM)))).steps
    }
    assert names[squatter.name] == squatter.name
    assert names["a"] == f"a-{OTHER.fingerprint[4:16]}"


# -- label specs ---------------------------------------------------------------------------------------------------

LABEL = declared(label_spec("a", ("x", "y")))
RELABEL = declared(label_spec("a", ("x", "z")))


def labelling(inputs: str = "d", item: Declared = LABEL, **changes: Any) -> Labelling:
    return replace(Labelling(item.fingerprint, inputs, 5, 5, 5, 0, 5, digest("a", 1)), **changes)


def labelled(item: Declared = LABEL, **changes: Any) -> Entry:
    return entry(item, **{"labelling": labelling(item=item), "paid": ((item.fingerprint, 5),), **changes})


def facts(digest_of_inputs: str = "d", count: int = 5, new: int = 0, **more: Any) -> dict[str, Any]:
    return {"inputs": {"a": InputFacts(digest_of_inputs, count, count, new, **more)}}


def test_a_new_label_spec() -> None:
    one = step(LABEL, None, **facts(new=5))
    assert (decided(one), texts(one)) == (("label", 1, 5, 5), "inputs: 5 texts to label")
    assert decided(step(LABEL, None, **facts(count=1001, new=1001))) == ("label", 2, 1001, 1001)
    assert decided(step(LABEL, None, **facts(count=1000, new=1000)))[:2] == ("label", 1)
    assert decided(step(LABEL, None, **facts(new=0))) == ("label", 0, 0, 5)


def test_label_specs_that_change() -> None:
    assert decided(step(LABEL, labelled(), **facts())) == ("none", 0, 0, 5)
    one = step(LABEL, labelled(), **facts("e", 6, 1, held=5))
    assert (decided(one), texts(one)) == (("label", 1, 1, 6), "inputs: 1 new text; 5 → 6 rows")
    one = step(LABEL, labelled(), **facts("e"))
    assert decided(one) == ("label", 0, 0, 5)
    assert "order changed; nothing new" in texts(one)
    one = step(RELABEL, labelled(), **facts(new=5))
    assert decided(one) == ("label", 1, 5, 5)
    assert [why.field for why in one.reasons] == ["labels", "inputs"]
    back = labelled(RELABEL, paid=((LABEL.fingerprint, 5), (RELABEL.fingerprint, 5)))
    assert decided(step(LABEL, back, **facts(held=5))) == ("label", 0, 0, 5)
    guarded = step(declared(replace(RELABEL.spec, protect=True)), labelled(protect=True), **facts(new=5))
    assert guarded.refused is not None
    more = step(declared(replace(LABEL.spec, protect=True)), labelled(protect=True), **facts("e", 6, 1, held=5))
    assert more.refused is None


def test_a_label_spec_that_comes_back() -> None:
    known = labelled(forgotten=True)
    assert decided(step(LABEL, known, **facts())) == ("restore", 0, 0, 5)
    assert decided(step(LABEL, known, **facts("e", 6, 1, held=5))) == ("restore", 1, 1, 6)
    assert decided(step(LABEL, known, **facts(new=5))) == ("restore", 0, 0, 5), "its rows are here"
    one = step(LABEL, known, present=(), **facts(new=5))
    assert (one.action, one.submits) == ("restore", False)


def test_from_rows_to_inputs_and_back() -> None:
    generated = entry(ITEM, job(ITEM))
    one = step(LABEL, generated, **facts(new=5))
    assert decided(one) == ("label", 1, 5, 5)
    assert "now has inputs" in texts(one)
    one = step(ITEM, labelled())
    assert decided(one) == ("replace", 1, 10, 10)
    assert "now asks for rows" in texts(one)
    both = replace(generated, labelling=labelling(), paid=((LABEL.fingerprint, 5),))
    assert decided(step(LABEL, both, **facts())) == ("label", 0, 0, 5)
    assert decided(step(ITEM, replace(both, num_examples=None))) == ("restore", 0, 0, 10)
    lost = step(LABEL, both, **facts(new=5))
    assert (lost.action, lost.submits) == ("label", False)


def test_refused_and_rejected_texts() -> None:
    for state in ("failed", "rejected"):
        refusal = Rejection(LABEL.fingerprint, "d", state, "labels: too many")  # type: ignore[arg-type]
        known = entry(LABEL, rejection=refusal)
        one = step(LABEL, known, **facts(new=5))
        assert decided(one) == ("blocked", 0, 0, 5)
        assert "labels: too many" in texts(one)
        assert one.command == "pioneer-build apply --retry a"
        assert decided(step(LABEL, known, Choices(retry=frozenset({"a"})), **facts(new=5))) == ("label", 1, 5, 5)
        assert step(LABEL, known, **facts("e", new=5)).action == "label"
        assert step(RELABEL, known, **facts(new=5)).action == "label"
        loose = step(replace(LABEL, checks={"min_accepted": 0.1}), known, **facts(new=5))
        assert loose.action == ("blocked" if state == "failed" else "label")


def test_quarantined_texts_are_done_until_they_are_tried_again() -> None:
    known = labelled(labelling=labelling(annotated=4, quarantined=1, rows=4))
    assert step(LABEL, known, **facts(quarantined=1)).action == "none"
    one = step(LABEL, known, Choices(retry=frozenset({"a"})), **facts(quarantined=1))
    assert decided(one) == ("label", 1, 1, 5)
    assert "1 quarantined texts are tried again" in texts(one)
    assert step(LABEL, known, Choices(retry=frozenset({"a"})), **facts()).action == "none"


def test_paid_annotations_are_never_bought_again_silently() -> None:
    relabel = Choices(relabel=frozenset({"a"}))
    # a fresh clone: nothing is pending, and nothing is bought
    one = step(LABEL, labelled(), present=(), **facts(new=5))
    assert (decided(one), one.fetch, one.submits) == (("fetch", 0, 0, 5), True, False)
    assert one.refused == "paid annotations are missing from the store"
    assert one.command == "pioneer-build apply --relabel a"
    assert "5 annotations were paid for and not in the store: sending again costs 1 request" in texts(one)
    assert decided(step(LABEL, labelled(), relabel, present=(), **facts(new=5))) == ("label", 1, 5, 5)
    assert decided(step(LABEL, labelled(), present=(), free=True, **facts(new=5))) == ("fetch", 0, 0, 5)
    assert step(LABEL, labelled(), present=(), free=True, **facts(new=5)).refused is None
    # the annotations are here, the rows are not: they are made of them
    one = step(LABEL, labelled(), present=(), **facts(new=0, held=5))
    assert (one.action, one.fetch, one.refused) == ("fetch", True, None)
    # the rows are here: nothing is wanted of the annotations
    assert decided(step(LABEL, labelled(), **facts(new=5))) == ("none", 0, 0, 5)
    assert decided(step(LABEL, labelled(), relabel, **facts(new=5))) == ("label", 1, 5, 5)
    assert step(LABEL, labelled(), relabel, **facts(new=0)).action == "none"
    # a setting is remembered even so, and the rest waits
    guarded = declared(replace(LABEL.spec, protect=True))
    one = step(guarded, labelled(), present=(), **facts(new=5))
    assert (one.action, one.fetch, one.refused) == ("update", False, None)
    # one more text on a fresh clone
    one = step(LABEL, labelled(), present=(), **facts("e", 6, 6))
    assert (decided(one), one.submits) == (("label", 1, 6, 6), False)
    assert "5 annotations were paid for" in texts(one)
    # other projects' texts of the same definition don't stand for these
    assert not step(LABEL, labelled(), present=(), **facts("e", 6, 6, held=1000)).submits
    # part of the store is lost
    one = step(LABEL, labelled(), **facts("e", 6, 4, held=2))
    assert not one.submits
    assert "3 annotations were paid for" in texts(one)
    # a definition that was paid for before
    back = labelled(RELABEL, paid=((LABEL.fingerprint, 5), (RELABEL.fingerprint, 5)))
    assert not step(LABEL, back, **facts(new=5)).submits
    assert step(LABEL, back, free=True, **facts(new=5)).submits
    interrupted = entry(LABEL, paid=((LABEL.fingerprint, 3),))
    assert not step(LABEL, interrupted, **facts(new=5)).submits
    assert step(LABEL, interrupted, **facts(new=2, held=3)).submits
    assert step(LABEL, interrupted, relabel, **facts(new=5)).submits


# -- precedence ----------------------------------------------------------------------------------------------------

ORDER = (
    "reconcile", "resume", "blocked", "replace", "restore", "label", "extend", "shrink", "rename", "update", "fetch",
    "none",
)  # fmt: skip


def test_the_order_is_the_designs() -> None:
    assert tuple(action for action in PRECEDENCE if action != "create") == ORDER


GENERATE = {
    "unknown": (False, True),
    "open": (False, True),
    "last": ("ready", "failed", "rejected"),
    "definition": ("same", "new", "back"),
    "size": ("same", "more", "fewer"),
    "forgotten": (False, True),
    "renamed": (False, True),
    "protect": (False, True),
    "here": (True, False),
}


@pytest.mark.parametrize("last", GENERATE["last"])
@pytest.mark.parametrize("definition", GENERATE["definition"])
def test_the_first_that_fits_decides(last: str, definition: str) -> None:
    """Every combination: what fits is said here in the design's own words, and the first of it must decide."""
    names = [name for name in GENERATE if name not in ("last", "definition")]
    seen = set()
    for values in product(*(GENERATE[name] for name in names)):
        on = dict(zip(names, values, strict=True))
        name = "b" if on["renamed"] else "a"
        wanted = {"same": 10, "more": 14, "fewer": 6}[str(on["size"])]
        base = ITEM if definition in ("same", "back") else OTHER
        item = declared(
            replace(
                base.spec, dataset_name=name, renamed_from="a" if on["renamed"] else None, num_examples=wanted,
                protect=bool(on["protect"]),
            )
        )  # fmt: skip
        jobs: list[Job] = [job(ITEM, 1)]
        in_force, had = ITEM, 10
        if last != "ready":  # an extension to 14 came to nothing
            jobs.append(job(ITEM, 2, asked=4, state=last, got=None, rows=None))
            had = 14
        if definition == "back":
            jobs.append(job(OTHER, 3))
            in_force = OTHER
        if on["unknown"]:
            jobs.append(job(ITEM, 4, state="unknown", job_id=None, version=None, rows=None, submissions=("t",)))
        if on["open"]:
            jobs.append(job(OTHER, 5, state="open", rows=None))
        known = entry(
            in_force, *jobs, dataset_name="a", num_examples=had, forgotten=bool(on["forgotten"]), protect=False
        )
        present = LOCAL_ROWS if on["here"] else frozenset()
        (one,) = plan(item, lock=lock_of(known), present=present).steps
        mine = definition in ("same", "back")  # the spec's definition has a ready job that was asked for 10
        fits = {
            "reconcile": on["unknown"],
            "resume": on["open"],
            "blocked": mine and last != "ready" and wanted == 14,
            "replace": definition == "new",
            "restore": mine and (definition == "back" or on["forgotten"]),
            "extend": definition == "same" and wanted > min(10, had),
            "shrink": definition == "same" and wanted < had,
            "rename": on["renamed"],
            "update": on["protect"],
            "fetch": mine and not on["here"],
            "none": True,
        }
        expected = next(action for action in ORDER if fits.get(action))
        assert one.action == expected, (on, texts(one))
        fields = {why.field for why in one.reasons}
        if on["renamed"]:
            assert "renamed_from" in fields
        if on["protect"]:
            assert "protect" in fields
        if definition != "same":
            assert "labels" in fields
        submits = {"replace": wanted, "restore": max(0, wanted - 10), "extend": max(0, wanted - 10)}.get(expected, 0)
        assert (one.requests, one.examples, one.total) == (1 if submits else 0, submits, wanted)
        seen.add(expected)
    assert len(seen) >= 3


def test_the_first_that_fits_decides_for_label_specs() -> None:
    for unknown, is_open, refused, other, forgotten, changed, rename, protect, here in product((False, True), repeat=9):
        item = declared(
            replace(
                (RELABEL if other else LABEL).spec, dataset_name="b" if rename else "a",
                renamed_from="a" if rename else None, protect=protect,
            )
        )  # fmt: skip
        inputs = "e" if changed else "d"
        jobs = []
        if unknown:
            jobs.append(job(ITEM, 4, state="unknown", job_id=None, version=None, rows=None, submissions=("t",)))
        if is_open:
            jobs.append(job(ITEM, 5, state="open", rows=None))
        rejection = Rejection(item.fingerprint, inputs, "failed", "no") if refused else None
        known = labelled(jobs=tuple(jobs), forgotten=forgotten, rejection=rejection)
        given = {item.name: InputFacts(inputs, 5, 5, 0, held=5)}
        (one,) = plan(item, lock=lock_of(known), present=LOCAL_ROWS if here else (), inputs=given).steps
        fits = {
            "reconcile": unknown,
            "resume": is_open,
            "blocked": refused,
            "restore": forgotten,
            "label": other or changed,
            "rename": rename,
            "update": protect,
            "fetch": not here and not (other or changed),
            "none": True,
        }
        assert one.action == next(action for action in ORDER if fits.get(action))
        assert one.requests == one.examples == 0


# -- the plan as a whole -------------------------------------------------------------------------------------------


def test_sums_and_the_least_time() -> None:
    specs = [declared(generate_spec(f"d{number:03}", num_examples=3)) for number in range(241)]
    whole = plan(*specs, requests_per_minute=120)
    assert (whole.requests, whole.examples, whole.seconds_at_least) == (241, 723, 120)
    assert plan(*specs[:120], requests_per_minute=120).seconds_at_least == 0
    assert plan(*specs[:121], requests_per_minute=120).seconds_at_least == 60
    assert plan(*specs).seconds_at_least == 0
    assert plan(requests_per_minute=120).seconds_at_least == 0
    assert whole.counts() == {"create": 241}
    assert whole.changes
    part = whole.only({"d001", "nothing"})
    assert [one.dataset_name for one in part.steps] == ["d001"]


def test_states() -> None:
    ready = entry(ITEM, job(ITEM))
    none, changed = Step("a", "none"), Step("a", "extend")
    assert state_of(None, None) == state_of(entry(ITEM), none) == "new"
    assert (state_of(ready, none), state_of(ready, changed), state_of(ready, None)) == ("ready", "changed", "ready")
    assert state_of(replace(ready, forgotten=True), None) == "forgotten"
    for state in ("open", "unknown", "failed", "rejected"):
        assert state_of(entry(ITEM, job(ITEM, state=state)), changed) == state
    assert state_of(labelled(), none) == "ready"
    assert state_of(entry(LABEL, rejection=Rejection("f", "d", "failed", "no")), changed) == "failed"


def test_rows_that_were_topped_up_are_none_that_were_asked_for() -> None:
    filled = (job(ITEM, 1, got=7), job(ITEM, 2, asked=3, got=3, top_up=True))
    failed = job(ITEM, 3, asked=3, state="failed", got=None, rows=None)
    assert entry(sized(13), *filled, failed).state == "failed"
    assert entry(sized(10), *filled, failed).state == "ready"


def test_what_a_step_was_decided_on_is_digested_only_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from pioneer_build.plan import model as values

    asked: list[object] = []
    monkeypatch.setattr(values, "digest_of", lambda value: asked.append(value) or "sha256:x")
    one = step(ITEM, entry(ITEM, job(ITEM)))
    assert not asked
    assert one.basis == "sha256:x"
    assert len(asked) == 1
    assert Step("a", "none", evidence="saved").basis == "saved"
    assert isinstance(ITEM.spec, Spec)


@pytest.mark.parametrize(
    "other",
    [
        {"known": entry(ITEM, job(ITEM, got=9))},
        {"known": entry(ITEM, job(ITEM, 2))},
        {"known": entry(ITEM, job(ITEM), protect=True)},
        {"known": entry(ITEM, job(ITEM), base_name="old")},
        {"known": entry(ITEM, job(ITEM), forgotten=True)},
        {"known": entry(ITEM, job(ITEM), num_examples=9)},
        {"known": entry(ITEM, job(ITEM, deleted=True))},
        {"known": None},
        {"item": sized(11)},
        {"item": OTHER},
        {"item": declared(replace(ITEM.spec, protect=True))},
        {"item": declared(replace(ITEM.spec, top_up=TopUp(2)))},
        {"item": replace(ITEM, checks={"min_chars": 2})},
        {"choices": Choices(retry=frozenset({"a"}))},
        {"choices": Choices(resubmit=frozenset({"a"}))},
        {"choices": Choices(relabel=frozenset({"a"}))},
    ],
    ids=str,
)
def test_a_basis_moves_with_what_it_is_made_of(other: dict[str, Any]) -> None:
    plain: dict[str, Any] = {"item": ITEM, "known": entry(ITEM, job(ITEM)), "choices": None}
    assert step(**plain).basis == step(**plain).basis
    assert step(**plain).basis != step(**{**plain, **other}).basis


def test_a_basis_moves_with_the_inputs() -> None:
    seen = {step(LABEL, labelled(), **facts(*given)).basis for given in (("d", 5, 0), ("e", 5, 0), ("d", 5, 1))}
    assert len(seen) == 3
    assert step(LABEL, labelled(), **facts(quarantined=1)).basis not in seen


def test_reasons_name_the_specs_keys() -> None:
    """Tools go by `field`: it is a key of the spec, and nothing else."""
    keys = set(Spec.__slots__)
    protected = replace(ITEM, spec=replace(ITEM.spec, protect=True), checks={"min_accepted": 0.5})
    known = entry(ITEM, job(ITEM))
    steps = [
        step(ITEM, None),
        step(sized(20), known),
        step(sized(5), known),
        step(OTHER, known),
        step(protected, known),
        step(ITEM, entry(ITEM, job(ITEM, state="open"))),
        step(ITEM, entry(ITEM, job(ITEM, state="unknown", job_id=None, submissions=("t",)))),
        step(ITEM, entry(ITEM, job(ITEM, state="failed", reason="no"))),
        step(ITEM, known, present=frozenset()),
        step(LABEL, None, **facts(new=5)),
        step(LABEL, labelled(), **facts("other", 6, 1)),
        step(LABEL, labelled(forgotten=True), **facts()),
        *plan(lock=lock_of(known)).steps,
    ]
    for one in steps:
        assert one.reasons, one
        assert {reason.field for reason in one.reasons} <= keys, one
    assert {reason.field for reason in step(protected, known).reasons} == {"protect", "checks"}
    assert {reason.field for reason in step(LABEL, None, **facts(new=5)).reasons} == {"inputs"}


def test_what_would_be_sent_is_no_more_than_what_may_be() -> None:
    assert step(ITEM, None).submits
    assert not step(ITEM, entry(ITEM, job(ITEM))).submits
    kept = entry(ITEM, job(ITEM), protect=True)
    refused = step(replace(OTHER, spec=replace(OTHER.spec, protect=True)), kept)
    assert (refused.requests > 0, refused.refused is not None, refused.submits) == (True, True, False)

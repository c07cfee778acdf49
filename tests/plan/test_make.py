"""All specs and the lock: renames, removals, protection, and the order in which actions decide."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from pioneer_build.lock.model import Entry, Job, Lock, Rejection
from pioneer_build.lock.pending_renames import entry_for
from pioneer_build.plan import PRECEDENCE, Choices, InputFacts, Step, state_of
from pioneer_build.spec.declared import Declared
from pioneer_build.spec.model import Spec
from tests.plan.steps import (
    ITEM,
    LABEL,
    LOCAL_ROWS,
    OTHER,
    RELABEL,
    decided,
    facts,
    labelled,
    labelling,
    plan,
    sized,
    step,
    texts,
)
from tests.planning import BACKEND, declared, entry, job, label_spec, lock_of


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
        assert one.command == (
            "restore the spec, remove `protect` from it, and run pioneer-build apply; then remove the spec and apply"
            " again"
        )
        assert not one.submits
    elsewhere = Lock({("a", "local"): entry(ITEM, job(ITEM), backend="local")})
    assert plan(lock=elsewhere).steps == ()
    assert decided(plan(ITEM, lock=elsewhere).steps[0])[0] == "create", "backends are different worlds"


def test_names_that_die_are_listed_without_those_of_datasets_that_stay() -> None:
    """A dataset stays that has a spec, is protected, or whose spec is only left out of this checkout."""
    first, second = job(ITEM, remote_name="a"), job(ITEM, 2, remote_name="a-2")
    known, twin = entry(ITEM, first, second), replace(entry(ITEM, first), dataset_name="b")
    choices = Choices(delete_remote=True)

    def deletes(other: Entry, **facts: Any) -> tuple[str, ...]:
        steps = plan(lock=lock_of(known, other), choices=choices, **facts).steps
        return next(one.deletes for one in steps if one.dataset_name == "a")

    assert deletes(twin) == ("a", "a-2"), "both are removed"
    assert deletes(replace(twin, protect=True)) == ("a-2",)
    assert deletes(twin, left_out={"b": "specs/b.yaml is not in this checkout"}) == ("a-2",)
    assert deletes(replace(twin, jobs=(replace(first, deleted=True),), forgotten=True)) == ("a", "a-2")


def test_a_protected_dataset_is_not_restored_to_another_definition_either() -> None:
    known = entry(OTHER, job(ITEM, 1), job(OTHER, 2, remote_name="a-1"), protect=True)
    guarded = replace(ITEM.spec, protect=True)
    for spec, requests in ((guarded, 0), (replace(guarded, num_examples=12), 1)):
        one = step(declared(spec), known)
        assert (one.action, one.requests, one.submits) == ("restore", requests, False)
        assert str(one.refused).startswith("protected")
        assert step(declared(spec), replace(known, protect=False)).refused is None
    back = entry(ITEM, job(ITEM), protect=True, forgotten=True)
    assert step(declared(guarded), back).refused is None, "the same definition"
    labelled_before = replace(entry(LABEL, job(ITEM), labelling=labelling(), protect=True), num_examples=None)
    assert step(declared(guarded), labelled_before).refused is not None


def test_a_protected_dataset() -> None:
    known = entry(ITEM, job(ITEM), protect=True)
    guarded = declared(replace(OTHER.spec, protect=True))
    one = step(guarded, known)
    assert (one.action, one.protected, one.submits) == ("replace", True, False)
    assert "protect" in str(one.refused)
    assert one.command == "remove `protect` from the spec and apply; then change it"
    assert plan(guarded, lock=lock_of(known)).requests == plan(guarded, lock=lock_of(known)).examples == 0
    off = step(OTHER, known)
    assert (off.action, off.submits) == ("replace", False), "taking it off counts from the next plan on"
    assert "next plan" in texts(off)
    assert str(off.command).startswith("pioneer-build apply  (removes the protection")
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


def test_another_name_is_explained_by_a_deleted_one_of_this_definition_only() -> None:
    said = "'a' was deleted on the service, so more rows are requested under another name"
    deleted = job(ITEM, 1, deleted=True)
    more = sized(15)
    assert said in texts(step(more, entry(ITEM, deleted), deleted={"a"}))
    assert said not in texts(step(more, entry(ITEM, job(ITEM, 1, remote_name="b")), deleted={"a"}))
    other = entry(OTHER, job(OTHER, 1, deleted=True))
    assert said not in texts(step(ITEM, other, deleted={"a"})), "of another definition it is replaced anyway"

"""Where a submission goes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pioneer_build.lock.model import Entry
from pioneer_build.plan import names_in_use
from pioneer_build.spec.declared import Declared
from tests.plan.steps import (
    ITEM,
    OTHER,
    plan,
)
from tests.planning import declared, entry, generate_spec, job, lock_of


def remote(item: Declared, *entries: Entry, **facts: Any) -> str:
    steps = plan(item, lock=lock_of(*entries), **facts).steps
    return next(one.remote_name for one in steps if one.dataset_name == item.name)


def test_a_base_name_is_in_use_only_if_no_job_says_where_the_rows_are() -> None:
    elsewhere = entry(OTHER, job(OTHER, remote_name="a-1"))
    assert names_in_use([elsewhere]) == {"a-1": elsewhere.dataset_name}
    for jobs in ((), (replace(job(ITEM), deleted=True, remote_name="x"),)):
        unknown = replace(entry(ITEM), jobs=jobs)
        assert names_in_use([unknown]) == {unknown.base_name: unknown.dataset_name}
        assert names_in_use([replace(unknown, forgotten=True)]) == {}


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


def test_a_deleted_name_is_not_used_again() -> None:
    """Its versions may be counted from 1 again, and be taken for those that the lock knows."""
    names = [f"a-{ITEM.fingerprint[4 : 4 + n]}" for n in (8, 12)]
    deleted = replace(job(ITEM), deleted=True)
    assert remote(ITEM, entry(ITEM, deleted)) == names[0]
    more = replace(job(ITEM, 2, remote_name=names[0]), order=1)
    assert remote(ITEM, entry(ITEM, deleted, more)) == names[0]
    assert remote(ITEM, entry(ITEM, deleted, replace(more, deleted=True))) == names[1]
    versions = declared(replace(OTHER.spec, on_change="new_version"))
    assert remote(versions, entry(ITEM, deleted)) == f"a-{OTHER.fingerprint[4:12]}"
    assert remote(ITEM, entry(ITEM, deleted), taken={"a": ITEM.fingerprint}) == names[0], "whatever the journal knows"
    again = replace(job(ITEM, 2), order=1)
    for jobs in ((deleted, again), (again, deleted)):  # another branch had it made: order is no order in time
        assert remote(ITEM, entry(ITEM, *jobs)) == names[0]
    assert remote(ITEM, entry(ITEM, job(ITEM)), deleted={"a"}) == names[0], "as an earlier lock or the journal says"
    assert remote(ITEM, deleted={"a", names[0]}) == names[1]


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

"""How two locks join."""

from __future__ import annotations

from dataclasses import replace
from time import process_time

from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.lock.file_text import lock_text
from pioneer_build.lock.merge import merge, merge_entries, merge_jobs, merge_publications
from pioneer_build.lock.model import Entry, Job, Labelling, Lock, Publication, Tokens
from tests.lock.strategies import entries, jobs, locks, publications
from tests.planning import PROPERTY, declared, entry, generate_spec, job, label_spec


def ids(lock: Lock) -> set[tuple[str, str, str]]:
    return {(*key, one.job_id) for key, found in lock.entries.items() for one in found.jobs if one.job_id is not None}


def remotes(lock: Lock) -> set[tuple[str, str]]:
    """Everything that is known to be paid for: jobs by id, or by the submission, on each backend."""
    return {(key[1], token) for key, found in lock.entries.items() for one in found.jobs for token in one.submissions}


@PROPERTY
@given(locks(), locks())
def test_the_order_is_irrelevant(a: Lock, b: Lock) -> None:
    assert lock_text(merge(a, b)) == lock_text(merge(b, a))
    assert merge(a, b) == merge(b, a)


@PROPERTY
@given(locks(3), locks(3), locks(3))
def test_the_grouping_is_irrelevant(a: Lock, b: Lock, c: Lock) -> None:
    assert merge(merge(a, b), c) == merge(a, merge(b, c))


@PROPERTY
@given(st.lists(jobs(), max_size=4), st.lists(jobs(), max_size=4), st.lists(jobs(), max_size=4))
def test_jobs_join_in_any_grouping(a: list[Job], b: list[Job], c: list[Job]) -> None:
    whole = merge_jobs([*a, *b, *c])
    assert merge_jobs([*merge_jobs([*a, *b]), *c]) == whole
    assert merge_jobs([*a, *merge_jobs([*b, *c])]) == whole
    assert merge_jobs(whole) == whole


@PROPERTY
@given(locks())
def test_a_lock_with_itself_is_itself(a: Lock) -> None:
    assert merge(a, a) == a
    assert lock_text(merge(a, a)) == lock_text(a)
    assert merge(a, Lock()) == a


@PROPERTY
@given(locks(), locks())
def test_no_job_id_is_lost(a: Lock, b: Lock) -> None:
    merged = merge(a, b)
    assert ids(merged) == ids(a) | ids(b)
    assert remotes(merged) == remotes(a) | remotes(b)
    assert merge(merged, a) == merged, "what went in adds nothing"


@PROPERTY
@given(entries(), entries())
def test_live_beats_forgotten_and_protection_stays(a: Entry, b: Entry) -> None:
    merged = merge_entries(a, b)
    assert merged.forgotten == (a.forgotten and b.forgotten)
    assert merged.protect == (a.protect or b.protect)
    assert dict(merged.paid) == {
        name: max(dict(a.paid).get(name, 0), dict(b.paid).get(name, 0)) for name in dict((*a.paid, *b.paid))
    }


ITEM = declared(generate_spec("a"))


def test_the_further_record_of_a_job_stays() -> None:
    begun = job(ITEM, state="open", got=None, rows=None, verified=False, version=None)
    done = job(ITEM)
    assert merge_jobs([begun, done]) == (done,)
    assert merge_jobs([replace(done, order=5), replace(begun, order=3)]) == (replace(done, order=3),)
    refused = replace(begun, state="failed")
    assert merge_jobs([begun, refused]) == (refused,)
    assert merge_jobs([refused, done]) == (done,)
    assert merge_jobs([done, replace(done, deleted=True)]) == (replace(done, deleted=True),)


def test_a_submission_that_was_found_is_no_longer_unknown() -> None:
    unknown = job(ITEM, state="unknown", job_id=None, version=None, submissions=("t",))
    by_version = replace(unknown, state="ready", version="1")
    by_id = replace(unknown, state="open", job_id="job-1")
    assert merge_jobs([unknown, by_version]) == (by_version,)
    assert merge_jobs([unknown, by_id]) == (by_id,)
    assert merge_jobs([unknown, by_version, by_id]) == (by_id,), "one job, told of twice"
    assert merge_jobs([unknown, replace(unknown, state="failed")]) == (replace(unknown, state="failed"),)
    other = replace(by_id, job_id="job-2")
    assert merge_jobs([by_id, other]) == (by_id, other), "no job id is ever dropped"
    stranger = replace(by_version, submissions=())
    assert set(merge_jobs([stranger, by_id])) == {stranger, by_id}


def test_what_was_paid_for_is_counted_once_and_in_order() -> None:
    one, other = entry(ITEM, paid=(("fp1:b", 2),)), entry(ITEM, paid=(("fp1:a", 1), ("fp1:b", 1)))
    assert merge_entries(one, other).paid == merge_entries(other, one).paid == (("fp1:a", 1), ("fp1:b", 2))


def test_jobs_stand_in_base_order_and_then_by_id() -> None:
    first, left, right = job(ITEM, 1), job(ITEM, 2, job_id="zz"), job(ITEM, 2, job_id="aa")
    assert [one.job_id for one in merge_jobs([left, first, right])] == ["job-1", "aa", "zz"]


# -- what version 2 brought ----------------------------------------------------------------------------------------


@PROPERTY
@given(st.lists(publications(), max_size=4), st.lists(publications(), max_size=4), st.lists(publications(), max_size=4))
def test_publications_join_in_any_grouping(a: list[Publication], b: list[Publication], c: list[Publication]) -> None:
    whole = merge_publications([*a, *b, *c])
    assert merge_publications([*merge_publications([*a, *b]), *c]) == whole
    assert merge_publications([*a, *merge_publications([*b, *c])]) == whole
    assert merge_publications(whole) == whole == merge_publications([*c, *b, *a])
    assert {one.version for one in whole} - {None} == {one.version for one in (*a, *b, *c)} - {None}
    assert {token for one in whole for token in one.submissions} == {
        token for one in (*a, *b, *c) for token in one.submissions
    }


@PROPERTY
@given(entries(), entries())
def test_what_is_known_of_either_side_stays_known(a: Entry, b: Entry) -> None:
    merged = merge_entries(a, b)
    superseded = {one.key for side in (a, b) for one in side.jobs if one.superseded}
    assert all(one.superseded == (one.key in superseded) for one in merged.jobs)
    assert merged.gold in (a.gold, b.gold)
    assert merged.corrections in (a.corrections, b.corrections)
    assert (merged.gold is None) == (a.gold is None and b.gold is None)
    assert (merged.corrections is None) == (a.corrections is None and b.corrections is None)
    for scope, spent in (*a.tokens, *b.tokens):
        most = dict(merged.tokens)[scope]
        assert (most.input >= spent.input, most.output >= spent.output) == (True, True)
    assert {scope for scope, _ in merged.tokens} == {scope for scope, _ in (*a.tokens, *b.tokens)}
    units = ("definition", "fingerprint", "task_type", "num_examples", "labelling", "rejection", "parts", "sampled")
    heads = [[getattr(side, name) for name in units] for side in (a, b)]
    assert [getattr(merged, name) for name in units] in heads, "what belongs together comes from one side"


def test_of_rows_that_are_known_and_owed_the_word_of_who_has_them_counts() -> None:
    here = job(ITEM)
    assert merge_jobs([replace(here, owed=True), here]) == (here,)


def test_rows_that_came_are_no_longer_owed() -> None:
    owed = job(ITEM, rows=None, verified=False, owed=True)
    here = job(ITEM)
    assert merge_jobs([owed, here]) == (here,)
    unseen = replace(owed, owed=False)
    assert merge_jobs([owed, unseen]) == (owed,), "who doesn't know of it doesn't take it back"
    assert merge_jobs([here, unseen]) == (here,)
    begun = replace(owed, state="open", owed=False)
    assert merge_jobs([owed, begun]) == (owed,)


def test_what_a_job_cost_and_lacks_is_kept_of_all_records() -> None:
    one = job(ITEM, state="open", tokens=Tokens(10, 5), approximate=("language",), sampled=True)
    other = job(ITEM, tokens=Tokens(8, 7), approximate=("labels: z",))
    (merged,) = merge_jobs([one, other])
    assert merged == replace(other, tokens=Tokens(10, 7), approximate=("labels: z", "language"), sampled=True)
    assert merge_jobs([one, job(ITEM)])[0].tokens == Tokens(10, 5)
    assert merge_jobs([one, replace(one, superseded=True)]) == (replace(one, superseded=True),)


def test_the_rebuilt_labelling_is_the_one_in_force() -> None:
    item = declared(label_spec("a"))
    first = Labelling(item.fingerprint, "sha256:i", 5, 5, 5, 0, 5, "sha256:zzz")
    again = replace(first, content="sha256:aaa", superseded=1)
    one, other = entry(item, labelling=first), entry(item, labelling=again)
    assert merge_entries(one, other).labelling == merge_entries(other, one).labelling == again
    gone = replace(other, forgotten=True)
    assert merge_entries(one, gone).labelling == first, "live beats forgotten"


def test_an_upload_that_was_found_is_no_longer_unknown() -> None:
    unknown = Publication("sha256:c", "a-published", 3, "unknown", submissions=("t",))
    found = replace(unknown, version="2", state="open", upload="7")
    done = replace(found, state="ready", upload=None)
    assert merge_publications([unknown, found]) == (found,)
    assert merge_publications([found, done]) == merge_publications([done, unknown, found]) == (done,)
    stranger = replace(done, submissions=())
    assert merge_publications([unknown, stranger]) == (unknown, stranger), "that one may be another upload"
    assert merge_publications([unknown, done, stranger]) == (done,)
    later = replace(done, version="10", submissions=())
    assert merge_publications([later, done]) == (done, later)
    failed = replace(done, state="failed", reason="row 3")
    assert merge_publications([failed, done]) == (done,)


def test_many_unanswered_submissions_and_many_jobs_are_joined_in_few_steps() -> None:
    item, many = declared(generate_spec()), 12_000
    unanswered = [
        job(item, n, state="unknown", job_id=None, version=None, rows=None, got=None, submissions=(f"sent-{n}",))
        for n in range(many)
    ]
    ready = [job(item, n, submissions=(f"made-{n}",)) for n in range(many)]
    answered = job(item, many, submissions=("sent-7",))
    began = process_time()
    found = merge_jobs([*unanswered, *ready, answered])
    assert process_time() - began < 6
    assert len(found) == 2 * many  # all but the one that was answered


def test_many_publications_are_joined_in_few_steps() -> None:
    many = 12_000
    unknown = [Publication("c", "a", 1, "unknown", submissions=(f"sent-{n}",)) for n in range(many)]
    known = [Publication("c", "a", 1, "ready", version=str(n), submissions=(f"made-{n}",)) for n in range(many)]
    answered = Publication("c", "a", 1, "ready", version="x", submissions=("sent-7",))
    began = process_time()
    found = merge_publications([*unknown, *known, answered])
    assert process_time() - began < 6
    assert len(found) == 2 * many

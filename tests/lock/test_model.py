"""What an entry works out of its jobs, labelling and parts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from pioneer_build.lock.model import (
    Entry,
    Job,
    Labelling,
    LabelSample,
    Lock,
    Part,
    Parts,
    Publication,
    Rejection,
    digest_of,
)
from pioneer_build.spec.declared import Declared
from tests.lock.strategies import entries
from tests.planning import PROPERTY, declared, entry, generate_spec, job, label_spec, lock_of

ITEM, OTHER = declared(generate_spec("a", num_examples=10)), declared(generate_spec("a", ("x", "z"), 10))
LABEL = declared(label_spec("a"))


def labelling(item: Declared = LABEL, **fields: Any) -> Labelling:
    plain: dict[str, Any] = {
        "fingerprint": item.fingerprint, "inputs": "sha256:i", "texts": 5, "distinct": 5, "annotated": 4,
        "quarantined": 1, "rows": 4, "content": "sha256:c",
    }  # fmt: skip
    return Labelling(**{**plain, **fields})


def ids(jobs: tuple[Job, ...]) -> list[str | None]:
    return [one.job_id for one in jobs]


# -- jobs ----------------------------------------------------------------------------------------------------------


def test_names_and_keys_of_jobs() -> None:
    known = job(ITEM, job_id="j", version="1", submissions=("t",))
    by_version, unknown = replace(known, job_id=None), replace(known, job_id=None, version=None)
    assert [one.accepted for one in (known, by_version, unknown)] == [True, True, False]
    assert [one.key for one in (known, by_version, unknown)] == [
        ("job", "j"),
        ("version", "a\n1\nt"),
        ("submission", "t"),
    ]
    assert [one.named for one in (known, by_version, unknown)] == [
        "job j", "version 1", "an unanswered submission",
    ]  # fmt: skip


def test_of_jobs_with_one_order_the_one_with_the_smaller_id_is_the_earlier_one() -> None:
    first, here, there = job(ITEM), job(ITEM, 2, job_id="x"), job(ITEM, 2, job_id="b")
    assert sorted([here, there, first], key=lambda one: one.position) == [first, there, here]
    assert replace(there, version="9", submissions=("t",)).position < here.position
    assert replace(here, version=None, submissions=("a",)).position > there.position


def test_readers_get_the_definition_in_force_or_the_last_good_content() -> None:
    mine, before = job(ITEM, 2), job(OTHER, 1)
    assert ids(entry(ITEM, before, mine).readable()) == ["job-2"]
    assert ids(entry(ITEM, before, replace(mine, state="open")).readable()) == ["job-1"]
    assert ids(entry(ITEM, replace(mine, state="failed")).readable()) == []
    assert entry(LABEL, mine).readable() == ()


def test_content_is_that_of_the_rows_or_of_their_files() -> None:
    one = entry(ITEM, job(ITEM, 1))
    assert (one.examples, one.content, one.verified, one.version) == (10, one.jobs[0].rows, True, "1")
    fewer = replace(one, num_examples=4)
    assert (fewer.examples, fewer.content) == (4, digest_of({"examples": 4, "rows": [one.jobs[0].rows]}))
    two = replace(one, num_examples=20, jobs=(job(ITEM, 1), job(ITEM, 2, verified=False)))
    assert (two.examples, two.verified, two.version) == (20, False, "2")
    assert two.content == digest_of({"examples": 20, "rows": [one_job.rows for one_job in two.jobs]})
    bare = entry(ITEM, job(ITEM, 1, rows=None))
    assert (bare.content, bare.state) == (None, "ready")
    assert entry(ITEM).content is None


def test_rows_that_are_owed_leave_the_job_ready() -> None:
    owed = entry(ITEM, job(ITEM, rows=None, verified=False, owed=True))
    assert (owed.state, owed.content, owed.verified, owed.examples) == ("ready", None, False, 10)


def test_jobs_that_a_rebuild_replaced_don_t_count() -> None:
    old, new = job(ITEM, 1, superseded=True), job(ITEM, 2, remote_name="a-12345678-r1")
    built = entry(ITEM, old, new)
    assert (ids(built.current()), ids(built.readable())) == (["job-2"], ["job-2"])
    assert (built.examples, built.content, built.remote_name) == (10, new.rows, "a-12345678-r1")
    failed = replace(old, state="failed")
    assert entry(ITEM, new, replace(failed, order=5)).state == "ready"
    assert entry(ITEM, new, replace(failed, order=5)).remote_name == "a-12345678-r1", "whatever their order is"
    assert entry(ITEM, old).remote_name == "a"
    assert entry(ITEM, old).state == "new"


def test_readers_keep_what_they_have_while_there_is_only_a_sample() -> None:
    before, sample = job(OTHER, 1), job(ITEM, 2, asked=3, got=3, sampled=True)
    assert ids(entry(ITEM, before, sample).readable()) == ["job-1"]
    assert ids(entry(ITEM, before, sample, num_examples=3).readable()) == ["job-2"], "it was all there is"
    assert ids(entry(ITEM, sample).readable()) == ["job-2"], "there was nothing before"
    assert ids(entry(ITEM, replace(before, sampled=True), sample).readable()) == ["job-2"], "nor more than a sample"
    rest = job(ITEM, 3, asked=7, got=7)
    assert ids(entry(ITEM, before, sample, rest).readable()) == ["job-2", "job-3"]
    top_up = replace(rest, top_up=True)
    assert ids(entry(ITEM, before, sample, top_up).readable()) == ["job-1"], "what fills up doesn't ask for more"
    nothing = replace(sample, state="failed")
    assert ids(entry(ITEM, replace(before, sampled=True), nothing).readable()) == ["job-1"]


@pytest.mark.parametrize(
    ("states", "state"),
    [
        (("ready", "unknown", "open"), "unknown"), (("ready", "open", "ready"), "open"),
        (("ready", "failed"), "ready"), (("failed",), "failed"), (("failed", "rejected"), "rejected"),
        (("rejected", "ready"), "ready"), ((), "new"),
    ],
)  # fmt: skip
def test_the_worst_of_the_current_jobs_first(states: tuple[Any, ...], state: str) -> None:
    jobs = [job(ITEM, number, state=one) for number, one in enumerate(states)]
    assert entry(ITEM, *jobs).state == state
    assert entry(ITEM, *jobs, forgotten=True).state == "forgotten"
    assert entry(ITEM, *[replace(one, fingerprint="fp1:other") for one in jobs]).state == "new"


# -- labelled and mixed --------------------------------------------------------------------------------------------


def test_a_labelled_dataset() -> None:
    bare = entry(LABEL)
    assert (bare.state, bare.examples, bare.content, bare.verified) == ("new", 0, None, False)
    made = replace(bare, labelling=labelling())
    assert (made.state, made.examples, made.content, made.verified) == ("ready", 4, "sha256:c", True)
    assert (bare.content_fingerprint, made.content_fingerprint) == (None, LABEL.fingerprint)
    assert replace(made, rejection=Rejection("fp1:1", "sha256:i", "failed", "no")).state == "failed"


def test_a_sample_of_texts_changes_nothing_for_readers() -> None:
    sample = LabelSample(LABEL.fingerprint, "sha256:i", 2, 2, "sha256:s")
    assert entry(LABEL, sampled=sample).content is None
    assert entry(LABEL, sampled=sample).state == "new"
    assert entry(LABEL, sampled=sample, labelling=labelling()).content == "sha256:c"


def test_a_mix() -> None:
    parts = Parts("fp1:1", "sha256:i", "sha256:m", 7, (Part("sha256:c", 9, 7, dataset="b"),))
    mixed = entry(LABEL, parts=parts)
    assert (mixed.state, mixed.examples, mixed.content, mixed.verified) == ("ready", 7, "sha256:m", True)
    assert (mixed.readable(), mixed.version, mixed.remote_name) == ((), None, "a")
    assert mixed.content_fingerprint == "fp1:1"
    both = replace(mixed, labelling=labelling())
    assert (both.content, both.content_fingerprint) == ("sha256:m", "fp1:1"), "parts say what it is now"
    assert replace(mixed, rejection=Rejection("fp1:1", "sha256:i", "rejected", "no")).state == "rejected"
    assert entry(ITEM, job(ITEM), parts=parts).examples == 10, "a spec that asks for rows gets them of jobs"


def test_publications_are_known_by_version_or_submission() -> None:
    known = Publication("sha256:c", "a-published", 3, "ready", "4", submissions=("t",))
    assert known.key == ("version", "a-published", "4")
    assert replace(known, version=None).key == ("submission", "t")


# -- any -----------------------------------------------------------------------------------------------------------


@PROPERTY
@given(entries())
def test_what_readers_get_is_what_is_ready(found: Entry) -> None:
    readable = found.readable()
    assert all(one.state == "ready" and not one.superseded for one in readable)
    assert len({one.fingerprint for one in readable}) <= 1
    if found.num_examples is not None:
        ready = [one for one in found.jobs if one.state == "ready" and not one.superseded]
        assert bool(readable) == bool(ready)
        assert found.examples <= found.num_examples
        assert (found.content is None) == (not readable or any(one.rows is None for one in readable))
    assert set(found.current()) <= set(found.jobs)


def test_the_lock_by_backend() -> None:
    here, there = entry(ITEM), entry(ITEM, backend="local")
    lock = lock_of(here, there)
    assert lock.get("a", "local") is there
    assert lock.get("b", "local") is None
    assert list(lock.on("pioneer")) == [here]
    moved = replace(here, dataset_name="b")
    assert lock.with_entries([moved], without=[("a", "pioneer")]) == lock_of(moved, there)
    assert Lock() == lock.with_entries([], without=lock.entries)


def test_digests_are_of_compact_sorted_json() -> None:
    assert digest_of({"b": [1], "a": "é"}) == digest_of({"a": "é", "b": [1]})
    assert digest_of({}) == "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert digest_of("\ud83d").startswith("sha256:")

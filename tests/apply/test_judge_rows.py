"""Rows judged by the checks: what is rejected, what is stored, and what is judged again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pioneer_build.checks.quarantined_rows import parse_quarantined
from pioneer_build.ports import RemoteVersion
from pioneer_build.spec.model import Checks, TopUp
from pioneer_build.store import Store
from tests.apply.bench import SPEC, Bench


def gives(bench: Bench, monkeypatch: pytest.MonkeyPatch, *texts: str) -> None:
    """The service's jobs have these texts, each of them one entity; an empty text is not a row at all."""
    rows = [{"text": text, "entities": [[text, "x"]]} if text else {"words": 1} for text in texts]
    monkeypatch.setattr(bench.service, "_rows", lambda job: iter(rows))


def store(bench: Bench) -> Store:
    return Store(bench.world.folder / "store")


def test_bad_rows_are_quarantined_and_counted_by_cause(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    gives(bench, monkeypatch, "one", "", "two", "three")
    bench.edit(checks=Checks(min_accepted=0.7))
    assert bench.apply() == "done"
    (job,) = bench.entry.jobs
    assert (job.state, job.got, job.verified) == ("ready", 3, True)
    assert job.rows is not None
    assert job.quarantined is not None
    assert [line.count(b"text") > 0 for line in store(bench).lines(job.rows)] == [True] * 3
    (bad,) = map(parse_quarantined, store(bench).lines(job.quarantined))
    assert (bad.number, bad.raw) == (2, {"words": 1})
    (event,) = [event for event in bench.world.events if event.kind == "quarantined"]
    assert event.fields == {"count": 1, "causes": {bad.cause: 1}}


def test_too_few_rows_are_rejected_unless_they_will_be_asked_for_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    gives(bench, monkeypatch, "one", "two")
    bench.edit(checks=Checks(min_accepted=1.0))
    assert bench.apply() == "rejected"
    assert bench.message.startswith("job job-1: 2 of 4 requested rows are usable")
    bench.edit(top_up=TopUp(1))
    assert bench.apply(retry=True, wait=False) == "open"
    assert bench.apply() == "rejected", "the second time nothing more came"
    assert [(job.asked, job.state) for job in bench.entry.jobs] == [(4, "ready"), (2, "rejected")]


def test_texts_of_another_dataset_are_not_taken(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    gives(bench, monkeypatch, "one", "two", "three", "four")
    bench.checkout.specs = {"z": replace(SPEC, dataset_name="z")}
    assert bench.apply() == "done"
    gives(bench, monkeypatch, "one", "five", "six", "seven")
    bench.checkout.specs["a"] = replace(SPEC, checks=Checks(min_accepted=0.5, no_overlap_with=("z",)))
    assert bench.apply() == "done"
    assert bench.entry.examples == 3


def test_rows_of_earlier_jobs_are_not_taken_twice(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    gives(bench, monkeypatch, "one", "two", "three", "four")
    assert bench.apply() == "done"
    gives(bench, monkeypatch, "four", "five", "six", "seven")
    bench.edit(num_examples=8, checks=Checks(min_accepted=0.5))
    assert bench.apply() == "done"
    assert [job.got for job in bench.entry.jobs] == [4, 3]


def test_what_was_rejected_is_judged_again_where_the_checks_have_changed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    gives(bench, monkeypatch, "one", "", "two", "")
    bench.edit(checks=Checks(min_accepted=0.9))
    assert bench.apply() == "rejected"
    bench.edit(checks=Checks(min_accepted=0.8))
    assert bench.apply() == "blocked", "the plan knows it already"
    assert "(at least 4 required)" in bench.message
    bench.edit(checks=Checks(min_accepted=0.5))
    assert bench.apply() == "done"
    (job,) = bench.entry.jobs
    assert (job.state, job.got, job.reason) == ("ready", 2, None)
    assert [item.state for item in bench.world.submissions()] == ["ready"], "other checkouts learn it too"
    assert bench.service.submits == 1


def test_new_versions_that_hold_old_examples_are_rejected(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.edit(on_change="new_version")
    assert bench.apply() == "done"
    bench.edit(labels=("p",))
    real = bench.service.versions

    async def appending(name: str) -> Any:
        listed = await real(name) or ()
        return tuple(RemoteVersion(one.version, one.id, int(one.version) * 4, "ready") for one in listed)

    monkeypatch.setattr(bench.service, "versions", appending)
    assert bench.apply() == "rejected"
    assert "version 2 also contains examples of an earlier definition" in bench.message
    assert bench.entry.examples == 4

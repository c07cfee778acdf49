"""Checks that change after rows were bought: good rows stay, and nothing is bought without `--retry`."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pioneer_build.plan import Choices
from pioneer_build.project.lock_file import LockFile
from pioneer_build.rows import parse_line
from pioneer_build.spec.model import Checks, TopUp
from pioneer_build.store import Store
from tests.apply.bench import SPEC, Bench

if TYPE_CHECKING:
    from pathlib import Path


def gives(bench: Bench, patch: pytest.MonkeyPatch, *lengths: int) -> None:
    """Every job has rows whose texts have these lengths, in turn."""

    def rows(job: Any) -> Any:
        for number in range(job.request.num_examples):
            text = f"{job.job_id} {number} ".ljust(lengths[number % len(lengths)], "a")
            yield {"text": text, "entities": [[text[:3], "x"]]}

    patch.setattr(bench.service, "_rows", rows)


def read(bench: Bench) -> list[int]:
    """The lengths of the texts that readers get."""
    store = Store(bench.world.folder / "store")
    lines = [line for digest in bench.entry.content_digests for line in store.lines(digest)]
    return [len(parse_line(line)["text"]) for line in lines][: bench.entry.examples]


@pytest.fixture
def two_jobs(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A dataset of 4 and 2 rows; half of the rows of each are long."""
    gives(bench, monkeypatch, 20, 40)
    assert bench.apply() == "done"
    bench.edit(num_examples=6)
    assert bench.apply() == "done"
    assert read(bench) == [20, 40, 20, 40, 20, 40]
    return bench


def test_tight_checks_leave_everything_as_it_was(two_jobs: Bench) -> None:
    before = two_jobs.entry
    two_jobs.edit(checks=Checks(min_chars=30))
    for _ in range(3):
        assert two_jobs.apply() == "blocked"
        assert "2 of 4 requested rows are usable" in two_jobs.message
    assert two_jobs.entry == before
    assert (two_jobs.service.submits, two_jobs.report.requests) == (2, 0)
    two_jobs.edit(num_examples=9)
    assert two_jobs.apply() == "blocked", "with more examples as well"
    assert (two_jobs.entry, two_jobs.service.submits) == (before, 2)
    two_jobs.edit(num_examples=6, checks=Checks())
    assert two_jobs.apply() == "", "nothing to do"


def test_checks_that_the_rows_meet_are_recorded_with_what_they_leave(two_jobs: Bench) -> None:
    two_jobs.edit(checks=Checks(min_chars=30, min_accepted=0.5))
    assert two_jobs.apply() == "done"
    assert two_jobs.message == "3 of 6 rows"
    assert read(two_jobs) == [40, 40, 40]
    assert [job.got for job in two_jobs.entry.jobs] == [2, 1]
    assert two_jobs.entry.checks == {"min_accepted": 0.5, "min_chars": 30}
    assert two_jobs.apply() == ""
    two_jobs.edit(checks=Checks())
    assert two_jobs.apply() == "done"
    assert read(two_jobs) == [20, 40, 20, 40, 20, 40], "what was quarantined comes back"
    assert two_jobs.service.submits == 2


def test_more_examples_with_tighter_checks(two_jobs: Bench) -> None:
    two_jobs.edit(num_examples=8, checks=Checks(min_chars=30, min_accepted=0.5))
    assert two_jobs.apply() == "done"
    assert read(two_jobs) == [40, 40, 40, 40], "the rows of earlier jobs are judged too"
    assert two_jobs.message == "4 of 8 rows"


def test_retry_buys_new_rows_and_keeps_the_old_ones_until_they_are_there(
    two_jobs: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_jobs.edit(checks=Checks(min_chars=30))
    assert two_jobs.apply("", "no-access", retry=True) == "stopped"
    assert read(two_jobs) == [20, 40, 20, 40, 20, 40]
    assert two_jobs.apply(retry=True) == "rejected", "the new rows are no better"
    assert read(two_jobs) == [20, 40, 20, 40, 20, 40]
    assert two_jobs.apply() == "blocked"
    gives(two_jobs, monkeypatch, 50)
    assert two_jobs.apply(retry=True, wait=False) == "open"
    assert read(two_jobs) == [20, 40, 20, 40, 20, 40]
    assert two_jobs.apply() == "done"
    assert read(two_jobs) == [50] * 6
    assert two_jobs.apply() == ""
    assert [job.request.num_examples for job in two_jobs.service.jobs.values()] == [4, 2, 6, 6]


def test_checks_that_change_while_a_job_is_open(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    gives(bench, monkeypatch, 20, 40)
    assert bench.apply() == "done"
    bench.edit(num_examples=6)
    assert bench.apply(wait=False) == "open"
    bench.edit(checks=Checks(min_chars=30, min_accepted=0.5))
    assert bench.apply() == "done"
    assert read(bench) == [40, 40, 40], "the ready job was judged as well"
    bench.edit(num_examples=8)
    assert bench.apply(wait=False) == "open"
    bench.edit(checks=Checks(min_chars=50, min_accepted=0.5))
    assert bench.apply() == "rejected"
    assert read(bench) == [40, 40, 40]
    assert bench.entry.checks == {"min_accepted": 0.5, "min_chars": 30}, "those of the rows that readers get"
    assert bench.apply() == "blocked"


@pytest.mark.parametrize("here", [True, False])
def test_rows_that_different_checks_accepted_are_judged_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, *, here: bool
) -> None:
    """What tighter checks left out of the new job comes back with the looser ones, on other machines as well."""
    gives(bench, monkeypatch, 20)
    first = bench.service._rows
    gives(bench, monkeypatch, 20, 40, 40, 40)
    second = bench.service._rows
    monkeypatch.setattr(bench.service, "_rows", lambda job: (first if job.version == "1" else second)(job))
    assert bench.apply() == "done"
    bench.edit(num_examples=8)
    assert bench.apply(wait=False) == "open"
    bench.edit(checks=Checks(min_chars=30, min_accepted=0.5))
    assert bench.apply() == "rejected", "the rows of the first job are too short"
    assert bench.states() == ["ready", "ready"]
    if not here:
        gone(bench)
        before = bench.entry
        bench.edit(checks=Checks(min_chars=90))
        assert bench.apply() == "rejected"
        assert bench.entry == before, "rows that came and don't pass change nothing"
    bench.edit(checks=Checks())
    assert bench.apply() == "done", bench.message
    assert "not all rows were judged by the same checks" in bench.plan.steps[0].reasons[0].text
    assert sorted(read(bench)) == [20] * 5 + [40] * 3
    assert (bench.service.submits, bench.entry.checks, bench.apply()) == (2, {}, "")


def gone(bench: Bench) -> None:
    """The rows are on another machine; the service has them."""
    store = Store(bench.world.folder / "store")
    for job in bench.entry.jobs:
        for digest in (job.rows, job.quarantined):
            if digest is not None:
                store.path(digest).unlink()


def test_rows_that_were_compared_with_another_dataset_before_it_grew_are_had_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rows(job: Any) -> Any:
        own = job.request.dataset_name == "b" and job.version == "1"
        for number in range(job.request.num_examples):
            yield {"text": f"{'own' if own else 'common'} {number}", "entities": []}

    monkeypatch.setattr(bench.service, "_rows", rows)
    bench.edit(checks=Checks(no_overlap_with=("b",), min_accepted=0.5, max_empty_ratio=1.0))
    bench.checkout.specs["b"] = replace(SPEC, dataset_name="b", num_examples=2, checks=Checks(max_empty_ratio=1.0))
    assert bench.apply() == "done", bench.message
    bench.checkout.specs["b"] = replace(bench.checkout.specs["b"], num_examples=4)
    assert bench.apply() == "done"
    before = bench.entry
    gone(bench)
    assert bench.apply() == "done", bench.message
    assert (bench.entry, bench.service.submits) == (before, 3)


def test_a_definition_that_comes_back_is_judged_by_the_checks_of_today(two_jobs: Bench) -> None:
    two_jobs.edit(labels=("x", "z"), checks=Checks(min_chars=30, min_accepted=0.5))
    assert two_jobs.apply() == "done"
    two_jobs.edit(labels=SPEC.labels)
    assert two_jobs.apply() == "done"
    assert two_jobs.plan.steps[0].action == "restore"
    assert read(two_jobs) == [40, 40, 40]
    two_jobs.edit(labels=("x", "z"))
    assert two_jobs.apply() == "done"
    before = two_jobs.entry
    two_jobs.edit(labels=SPEC.labels, checks=Checks(min_chars=50))
    assert two_jobs.apply() == "blocked"
    assert two_jobs.entry == before
    assert two_jobs.service.submits == 3


def test_topping_up_is_planned_with_what_the_checks_leave(two_jobs: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    two_jobs.edit(top_up=TopUp(1), checks=Checks(min_chars=30))
    assert two_jobs.apply() == "blocked", "three of six are too few"
    two_jobs.edit(checks=Checks(min_chars=30, min_accepted=0.5))
    gives(two_jobs, monkeypatch, 60)
    assert two_jobs.apply() == "done"
    (step,) = two_jobs.plan.steps
    assert (step.action, step.requests, step.examples) == ("extend", 1, 3)
    assert read(two_jobs) == [40, 40, 40, 60, 60, 60]


def test_a_project_without_the_rows_fetches_and_judges_them(two_jobs: Bench) -> None:
    store = Store(two_jobs.world.folder / "store")
    for job in two_jobs.entry.jobs:
        store.path(job.rows or "").unlink()
    two_jobs.edit(checks=Checks(min_chars=30, min_accepted=0.5))
    assert two_jobs.apply() == "done"
    (step,) = two_jobs.plan.steps
    assert (step.action, step.fetch) == ("update", True)
    assert read(two_jobs) == [40, 40, 40]
    for job in two_jobs.entry.jobs:
        store.path(job.quarantined or "").unlink()
    two_jobs.edit(checks=Checks(min_chars=10))
    assert two_jobs.apply() == "done", two_jobs.message
    assert read(two_jobs) == [20, 40, 20, 40, 20, 40], "rows that were quarantined are fetched too"


def test_rows_that_can_not_be_fetched_stay_as_they_are(two_jobs: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    before = two_jobs.entry
    store = Store(two_jobs.world.folder / "store")
    for job in two_jobs.entry.jobs:
        store.path(job.rows or "").unlink()
    for made in two_jobs.service.jobs.values():
        made.vanished = True
    two_jobs.service.lists = False
    two_jobs.edit(num_examples=9, checks=Checks(min_chars=30, min_accepted=0.5))
    assert two_jobs.apply() == "refused"
    assert two_jobs.service.submits == 2, "nothing is bought before they are judged"
    assert two_jobs.entry == replace(before, jobs=tuple(replace(job, owed=True) for job in before.jobs))


def damage(bench: Bench, number: int) -> Path:
    path = Store(bench.world.folder / "store").path(bench.entry.jobs[number].rows or "")
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"job-", b"jot-"))
    return path


def test_damaged_rows_are_fetched_again_before_they_are_judged(two_jobs: Bench) -> None:
    damage(two_jobs, 0)
    damage(two_jobs, 1)
    two_jobs.edit(checks=Checks(min_chars=30, min_accepted=0.5))
    assert two_jobs.apply() == "done", two_jobs.message
    assert (read(two_jobs), two_jobs.service.submits) == ([40, 40, 40], 2)


def test_damaged_rows_stop_only_their_dataset(two_jobs: Bench) -> None:
    before = two_jobs.entry
    path = damage(two_jobs, 0)
    left = path.read_bytes()
    for made in two_jobs.service.jobs.values():
        made.vanished = True
    two_jobs.service.lists = False
    two_jobs.edit(checks=Checks(min_chars=10))
    two_jobs.checkout.specs["b"] = replace(SPEC, dataset_name="b")
    seen = two_jobs.world.look(two_jobs.checkout, Choices())
    report = two_jobs.world.apply(seen)
    assert report is not None
    assert [(one.dataset_name, one.result) for one in report.outcomes] == [("a", "refused"), ("b", "done")]
    assert report.outcomes[0].message.startswith(
        "the rows of job job-1 are damaged on this machine, and the service does not provide them"
        ": the service lists no versions of 'a' now"
    )
    assert path.read_bytes() == left, "what is left of them is not removed"
    assert two_jobs.entry == replace(before, jobs=(replace(before.jobs[0], owed=True), before.jobs[1]))


@pytest.fixture
def retried(two_jobs: Bench) -> Bench:
    """6 rows that are read, and 6 that were bought by `--retry` and rejected by checks that have gone since then."""
    two_jobs.edit(checks=Checks(min_chars=30))
    assert two_jobs.apply(retry=True) == "rejected"
    two_jobs.edit(checks=Checks())
    assert two_jobs.apply() == ""
    return two_jobs


def test_rows_of_a_rejected_retry_come_before_new_ones(retried: Bench) -> None:
    retried.edit(num_examples=12)
    assert retried.apply() == "done"
    assert (retried.plan.steps[0].requests, retried.service.submits) == (0, 3)
    assert retried.states() == ["ready"] * 3
    assert len(read(retried)) == 12
    assert retried.apply() == ""
    retried.edit(num_examples=14)
    assert retried.apply() == "done"
    assert [job.request.num_examples for job in retried.service.jobs.values()] == [4, 2, 6, 2]


def test_only_what_a_rejected_retry_does_not_have_is_bought(retried: Bench) -> None:
    retried.edit(num_examples=15)
    assert retried.apply() == "done"
    assert [job.request.num_examples for job in retried.service.jobs.values()] == [4, 2, 6, 3]
    assert len(read(retried)) == 15


@pytest.mark.parametrize("damaged", [False, True])
def test_rows_are_fetched_before_rejected_ones_are_judged(retried: Bench, *, damaged: bool) -> None:
    if damaged:
        damage(retried, 0)
    else:
        Store(retried.world.folder / "store").path(retried.entry.jobs[0].rows or "").unlink()
    retried.edit(num_examples=15)
    assert retried.apply() == "refused"
    assert retried.message == "rows that were rejected now pass the checks: only 3 missing now, not 9 as planned"
    assert retried.service.submits == 3, "nothing is bought before they are judged"
    assert retried.apply() == "done"
    assert [job.request.num_examples for job in retried.service.jobs.values()] == [4, 2, 6, 3]


def test_rejected_rows_that_are_still_outside_the_checks_stay_where_they_are(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    gives(bench, monkeypatch, 40)
    bench.edit(checks=Checks(min_chars=30))
    assert bench.apply() == "done"
    bench.edit(num_examples=6)
    gives(bench, monkeypatch, 20)
    assert bench.apply() == "rejected"
    before = bench.entry
    assert bench.apply() == "blocked", "the same request was rejected"
    bench.edit(num_examples=7)
    gives(bench, monkeypatch, 50)
    assert bench.apply() == "done"
    assert read(bench) == [40, 40, 40, 40, 50, 50, 50]
    assert bench.entry.jobs[:2] == before.jobs


def test_another_branch_with_other_checks_does_not_change_the_rows_of_this_one(two_jobs: Bench) -> None:
    before = two_jobs.entry
    lock = (two_jobs.checkout.root / "pioneer.lock").read_bytes()
    two_jobs.edit(checks=Checks(min_chars=30, min_accepted=0.5))
    assert two_jobs.apply() == "done"
    two_jobs.edit(checks=Checks())
    (two_jobs.checkout.root / "pioneer.lock").write_bytes(lock)
    assert two_jobs.apply() == "", "the journal's rows are those of the other branch"
    assert two_jobs.entry == before


def test_retry_judges_rows_that_a_merge_brought_under_other_checks(two_jobs: Bench) -> None:
    two_jobs.edit(checks=Checks(min_chars=30, min_accepted=0.5))
    merged = replace(two_jobs.entry, checks={"min_accepted": 0.5, "min_chars": 30})
    file = LockFile(two_jobs.checkout.root)
    file.write(file.read().with_entries([merged]))
    assert two_jobs.apply() == "", two_jobs.plan.steps
    assert two_jobs.apply(retry=True) == "done"
    assert (read(two_jobs), two_jobs.service.submits) == ([40, 40, 40], 2)


def test_a_topped_up_dataset_that_was_rejected_is_not_accepted_by_the_way(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    gives(bench, monkeypatch, 20, 40)
    bench.edit(top_up=TopUp(1), checks=Checks(min_chars=30))
    monkeypatch.setattr(bench.service, "_rows", partial(short_rows, bench.service._rows))
    assert bench.apply() == "rejected"
    bench.edit(checks=Checks(min_chars=25))
    assert bench.apply() == "blocked", "still too few"
    bench.edit(checks=Checks(min_chars=25, min_accepted=0.5))
    assert bench.apply() == "done", (bench.message, bench.entry.jobs, bench.plan)
    assert bench.service.submits == 2


def short_rows(rows: Any, job: Any) -> Any:
    """Two rows of the first job, one of which is short, and a long one of each other job."""
    return islice(rows(job), 0 if job.job_id == "job-1" else 1, 2)


_edits = st.one_of(
    st.builds(
        lambda least, share: {"checks": Checks(min_chars=least, min_accepted=share)},
        st.sampled_from((None, 10, 25, 35, 50)),
        st.sampled_from((None, 0.4, 1.0)),
    ),
    st.builds(lambda size: {"num_examples": size}, st.integers(2, 9)),
    st.builds(lambda labels: {"labels": labels}, st.sampled_from((("x", "y"), ("x", "z")))),
)


@settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
@given(edits=st.lists(_edits, min_size=2, max_size=8))
def test_whatever_changes_good_rows_stay_and_checks_buy_nothing(
    edits: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder: Path = tmp_path_factory.mktemp("bench")
    bench = Bench(folder)
    with pytest.MonkeyPatch.context() as patch:
        gives(bench, patch, 20, 40, 40)
        assert bench.apply() == "done"
        for edit in edits:
            had = read(bench)
            bench.edit(**edit)
            spec = bench.checkout.specs["a"]
            settled = bench.entry.state == "ready" and (bench.entry.num_examples, bench.entry.definition["labels"]) == (
                spec.num_examples, list(spec.labels),
            )  # fmt: skip
            ended = bench.apply()
            if settled and "checks" in edit:
                assert bench.report.requests == 0, "checks buy nothing"
            assert ended in ("", "done", "blocked", "rejected")
            has = read(bench)
            assert has, "readers always get something"
            if ended == "blocked":
                assert has == had
                assert bench.report.requests == 0
            if ended == "done":
                assert all(length >= (spec.checks.min_chars or 0) for length in has)
                bench.apply()
                assert bench.report.requests == 0, "a second apply buys nothing"

"""Rows that are neither here nor on the service: asked for again for nothing, and replaced only with `--retry`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.apply import lost_rows
from pioneer_build.lock.model import Lock
from pioneer_build.plan import Choices
from pioneer_build.project.lock_file import LockFile
from pioneer_build.store import Store
from tests.apply.bench import SPEC, Bench, owing
from tests.apply.world import BACKEND

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pioneer_build.lock.model import Job
    from tests.apply.world import ModelJob


def lose_here(bench: Bench, *numbers: int) -> dict[Path, bytes]:
    """Rows of jobs as on a machine that never had them; they can be put back."""
    left = {}
    for number in numbers:
        path = Store(bench.world.folder / "store").path(bench.entry.jobs[number].rows or "")
        left[path] = path.read_bytes()
        path.unlink()
    return left


def lose_there(bench: Bench) -> None:
    """The service has lost the first job and its version."""
    bench.service.jobs["job-1"].vanished = True
    bench.service.lists = False


def marks(bench: Bench) -> list[str]:
    def mark(job: Job) -> str:
        words = [word for word in ("owed", "deleted", "superseded") if getattr(job, word)]
        return " ".join([job.state, *words])

    return [mark(job) for job in bench.entry.jobs]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A dataset of 4 rows that is built."""
    bench = Bench(tmp_path)
    assert bench.apply() == "done"
    return bench


@pytest.fixture
def lost(bench: Bench) -> Bench:
    """Its rows are neither here nor on the service."""
    lose_here(bench, 0)
    lose_there(bench)
    return bench


def test_an_apply_that_finds_out_records_it_and_buys_nothing(lost: Bench) -> None:
    before = lost.entry
    assert lost.apply() == "refused"
    assert lost.entry == replace(before, jobs=(replace(before.jobs[0], owed=True),)), "its rows stay known"
    assert lost.command is not None
    assert lost.command.endswith(", or: pioneer-build apply --retry a  (pays for new rows)")
    assert lost.apply() == "refused", "it is asked for again"
    step = lost.plan.steps[0]
    assert (step.action, step.requests) == ("fetch", 0)
    assert [reason.text for reason in step.reasons] == [
        "its rows are not on this machine",
        "the service did not provide the rows of job job-1",
    ]
    assert lost.service.submits == 1


def test_the_first_retry_only_finds_out(lost: Bench) -> None:
    assert lost.apply(retry=True) == "refused"
    assert (marks(lost), lost.service.submits) == (["ready owed"], 1), "the plan did not say that it costs anything"


def test_a_retry_buys_them_again_and_readers_get_the_new_ones(lost: Bench) -> None:
    assert lost.apply() == "refused"
    assert lost.apply(retry=True) == "done", lost.message
    step = lost.plan.steps[0]
    assert (step.action, step.requests, step.examples) == ("create", 1, 4)
    assert step.reasons[0].text == "the service did not provide the rows of job job-1: new ones replace them"
    assert marks(lost) == ["ready superseded", "ready"]
    assert (lost.entry.examples, lost.entry.content) == (4, lost.entry.jobs[1].rows)
    assert lost.apply() == ""
    assert lost.apply(retry=True) == ""
    assert lost.service.submits == 2


def test_a_replacement_that_is_interrupted_goes_on_without_the_flag(lost: Bench) -> None:
    assert lost.apply() == "refused"
    assert lost.apply(retry=True, wait=False) == "open"
    assert marks(lost) == ["ready owed", "open"]
    assert lost.apply() == "done"
    assert marks(lost) == ["ready superseded", "ready"]
    assert (lost.apply(), lost.service.submits) == ("", 2)


def test_a_replacement_that_fails_leaves_the_old_rows_and_is_not_repeated(lost: Bench) -> None:
    assert lost.apply() == "refused"
    lost.service.bad_share = 1.0
    ended = lost.apply(retry=True)
    assert ended in ("failed", "rejected")
    assert marks(lost) == ["ready owed", ended]
    assert lost.apply() == "refused"
    assert (lost.plan.steps[0].action, lost.service.submits) == ("fetch", 2)
    lost.service.bad_share = 0.0
    assert lost.apply(retry=True) == "done", lost.message
    assert marks(lost) == ["ready superseded", ended, "ready"]


def test_rows_that_come_after_all_are_not_bought(lost: Bench) -> None:
    assert lost.apply() == "refused"
    lost.service.jobs["job-1"].vanished = False
    assert lost.apply(retry=True) == "done", lost.message
    assert (lost.plan.steps[0].requests, lost.service.submits) == (1, 1)
    assert (marks(lost), lost.entry.examples, lost.apply()) == (["ready"], 4, "")


def test_a_service_that_can_not_say_now_is_not_paid(lost: Bench) -> None:
    assert lost.apply() == "refused"
    lost.service.jobs["job-1"].vanished = False
    assert lost.apply("error", retry=True) == "stopped"
    assert (marks(lost), lost.service.submits) == (["ready owed"], 1)


def test_who_has_the_rows_says_so_and_needs_no_service(bench: Bench) -> None:
    rows = lose_here(bench, 0)
    lose_there(bench)
    assert bench.apply() == "refused"
    for path, content in rows.items():
        path.write_bytes(content)
    calls = bench.service.calls
    assert bench.apply() == "done", "another machine, which has them"
    step = bench.plan.steps[0]
    assert (step.action, step.fetch, [reason.text for reason in step.reasons]) == (
        "update", False, ["the rows of job job-1 are on this machine after all"],
    )  # fmt: skip
    assert (marks(bench), bench.service.calls, bench.service.submits) == (["ready"], calls, 1)


def test_only_what_is_missing_is_bought(bench: Bench) -> None:
    bench.edit(num_examples=10)
    assert bench.apply() == "done"
    lose_here(bench, 0, 1)
    lose_there(bench)
    assert bench.apply() == "refused"
    assert marks(bench) == ["ready owed", "ready"], "the rows of the other job were fetched"
    assert bench.apply(retry=True) == "done"
    assert (bench.plan.steps[0].action, bench.plan.steps[0].examples) == ("extend", 4)
    assert marks(bench) == ["ready superseded", "ready", "ready"]
    assert (bench.entry.examples, bench.apply()) == (10, "")


def test_rows_that_are_not_needed_any_more_are_given_up_for_nothing(bench: Bench) -> None:
    bench.edit(num_examples=10)
    assert bench.apply() == "done"
    lose_here(bench, 0)
    lose_there(bench)
    assert bench.apply() == "refused"
    bench.edit(num_examples=6)
    assert bench.apply() == "refused"
    assert marks(bench) == ["ready owed", "ready"], "who asks for more rows again must not have to pay for them"
    assert bench.apply(retry=True) == "done"
    assert (bench.plan.steps[0].requests, marks(bench), bench.entry.examples) == (
        0, ["ready superseded", "ready"], 6,
    )  # fmt: skip


def test_rows_that_were_never_received_can_be_replaced_too(tmp_path: Path) -> None:
    bench = owing(tmp_path, "refused")
    assert bench.apply("", "refused", retry=True, wait=False) == "open"
    assert (bench.plan.steps[0].action, bench.plan.steps[0].examples) == ("create", 4)
    assert bench.apply() == "done", bench.message
    assert (marks(bench), bench.service.submits) == (["ready superseded", "ready"], 2)


def test_owed_rows_are_asked_for_before_they_are_replaced(tmp_path: Path) -> None:
    bench = owing(tmp_path, "refused")
    assert bench.apply(retry=True) == "done"
    assert (marks(bench), bench.entry.examples, bench.service.submits) == (["ready"], 4, 1)


def test_a_retry_that_finds_out_buys_nothing_that_the_plan_did_not_say(bench: Bench) -> None:
    lose_here(bench, 0)
    lose_there(bench)
    bench.edit(num_examples=7)
    assert bench.apply(retry=True) == "refused"
    step = bench.plan.steps[0]
    assert (step.action, step.examples, marks(bench), bench.service.submits) == ("extend", 3, ["ready owed"], 1)
    assert bench.apply(retry=True) == "done", bench.message
    step = bench.plan.steps[0]
    assert (step.action, step.examples, marks(bench)) == ("create", 7, ["ready superseded", "ready"])
    assert (bench.entry.examples, bench.apply(), bench.service.submits) == (7, "", 2)


def test_more_rows_are_not_bought_behind_lost_ones(lost: Bench) -> None:
    assert lost.apply() == "refused"
    lost.edit(num_examples=7)
    for _ in range(2):
        assert lost.apply() == "refused"
        assert lost.plan.steps[0].action == "extend"
    assert lost.service.submits == 1


def test_of_rows_that_come_in_part_the_rest_is_for_the_next_plan(bench: Bench) -> None:
    bench.edit(num_examples=10)
    assert bench.apply() == "done"
    lose_here(bench, 0, 1)
    lose_there(bench)
    bench.service.jobs["job-2"].vanished = True
    assert bench.apply() == "refused"
    bench.service.jobs["job-1"].vanished = False
    assert bench.apply(retry=True) == "refused"
    assert (
        bench.message
        == "the service returned rows that it could not provide before: only 6 missing now, not 10 as planned"
    )
    assert bench.command == "pioneer-build apply --retry a"
    assert (marks(bench), bench.service.submits) == (["ready", "ready owed"], 2)
    assert bench.apply(retry=True) == "done"
    assert (bench.plan.steps[0].action, bench.plan.steps[0].examples) == ("extend", 6)
    assert (marks(bench), bench.entry.examples) == (["ready", "ready superseded", "ready"], 10)


def test_a_second_retry_asks_again_before_it_gives_up_the_first(lost: Bench) -> None:
    assert lost.apply() == "refused"
    assert lost.apply(retry=True, wait=False) == "open"
    lost.service.jobs["job-1"].vanished = False
    assert lost.apply("error", retry=True) == "stopped"
    assert (marks(lost), lost.service.submits) == (["ready owed", "open"], 2)
    assert lost.apply(retry=True) == "done"
    assert (marks(lost)[0], lost.entry.examples, lost.service.submits) == ("ready", 4, 2)


def test_an_owed_job_that_has_failed_can_be_replaced(tmp_path: Path) -> None:
    bench = owing(tmp_path, "refused")
    bench.service.jobs["job-1"].outcome = "failed"
    assert bench.apply() == "stopped"
    assert "the service now says 'failed'" in bench.message
    assert bench.apply(retry=True) == "done", bench.message
    assert (marks(bench), bench.service.submits) == (["ready superseded", "ready"], 2)


def appended(bench: Bench, *kept: str) -> None:
    """The service appends new rows to those of these jobs."""
    made = bench.service._rows

    def rows(job: ModelJob) -> Iterator[dict[str, Any]]:
        for one in bench.service.jobs.values():
            if one.job_id in kept and one.version < job.version:
                yield from made(one)
        yield from made(job)

    bench.service._rows = rows  # type: ignore[method-assign]


@pytest.mark.parametrize("kept", [(), ("job-1",)])
def test_rows_of_replaced_jobs_do_not_hold_back_new_ones(lost: Bench, kept: tuple[str, ...]) -> None:
    """Whether or not the service's versions still have the rows that it doesn't hand out."""
    assert lost.apply() == "refused"
    appended(lost, "job-2", *kept)
    assert lost.apply(retry=True) == "done", lost.message
    assert marks(lost) == ["ready superseded", "ready"]
    lost.edit(num_examples=7)
    assert lost.apply() == "done", lost.message
    assert (marks(lost), lost.entry.examples) == (["ready superseded", "ready", "ready"], 7)
    (_, second, third) = lost.entry.jobs
    assert (second.quarantined, third.got, third.quarantined) == (None, 3, None), "each job has its own rows"


def test_who_has_the_rows_that_were_replaced_recognises_those_of_others_too(bench: Bench) -> None:
    """The service has lost them, so its next version doesn't have them."""
    rows = lose_here(bench, 0)
    lose_there(bench)
    assert bench.apply() == "refused"
    appended(bench, "job-2")
    assert bench.apply(retry=True) == "done"
    for path, content in rows.items():
        path.write_bytes(content)
    bench.edit(num_examples=7)
    assert bench.apply() == "done"
    assert (bench.entry.jobs[2].got, bench.entry.jobs[2].quarantined) == (3, None)


def test_rows_of_lost_jobs_that_are_still_wanted_are_not_taken_for_new_ones(bench: Bench) -> None:
    rows = lose_here(bench, 0)
    bench.edit(num_examples=7)
    appended(bench, "job-1")
    bench.service.faults.clear()
    for path, content in rows.items():
        path.write_bytes(content)
    assert bench.apply(wait=False) == "open"
    lose_here(bench, 0)
    bench.service.jobs["job-1"].vanished = True
    assert bench.apply("", "refused") == "stopped"
    assert "can't be told from those of job job-1" in bench.message
    assert marks(bench) == ["ready owed", "open"]
    for path, content in rows.items():
        path.write_bytes(content)
    assert bench.apply() == "done", bench.message
    assert (marks(bench), bench.entry.examples, bench.entry.jobs[1].got) == (["ready", "ready"], 7, 3)


def test_damage_that_a_plan_did_not_see_is_not_done(lost: Bench) -> None:
    """As with a saved plan: the rows are here, as far as it knows."""
    assert lost.apply() == "refused"
    path = Store(lost.world.folder / "store").path(lost.entry.jobs[0].rows or "")
    path.write_bytes(b"{}\n")
    assert lost.apply() == "refused"
    assert marks(lost) == ["ready owed"]


# -- rows that were deleted ----------------------------------------------------------------------------------------


@pytest.fixture
def deleted(bench: Bench) -> Bench:
    """The dataset was removed and deleted on the service, and its spec is back."""
    bench.foreign(name="other")  # the service numbers its jobs
    spec = bench.checkout.specs.pop("a")
    seen = bench.world.look(bench.checkout, Choices(delete_remote=True))
    report = bench.world.apply(seen)
    assert report is not None
    assert report.outcomes[0].result == "done"
    bench.checkout.specs["a"] = spec
    assert marks(bench) == ["ready deleted"]
    return bench


def test_deleted_rows_that_are_here_are_restored(deleted: Bench) -> None:
    assert deleted.apply() == "done"
    assert (deleted.plan.steps[0].action, deleted.entry.examples, deleted.service.submits) == ("restore", 4, 1)
    assert deleted.apply() == ""


def test_deleted_rows_that_are_not_here_do_not_exist(deleted: Bench) -> None:
    lose_here(deleted, 0)
    assert deleted.apply() == "blocked"
    text = "the rows of job job-1 are deleted on the service, as far as is known, and are not on this machine"
    assert deleted.message == text
    assert (
        deleted.command == "apply on a machine that has the rows, or: pioneer-build apply --retry a"
        "  (asks again, then pays for new rows)"
    )
    assert not any("already exist" in reason.text for reason in deleted.plan.steps[0].reasons)
    assert (deleted.entry.forgotten, deleted.service.submits) == (True, 1)
    assert deleted.apply(retry=True) == "done", deleted.message
    step = deleted.plan.steps[0]
    assert (step.action, step.requests, step.examples) == ("create", 1, 4)
    assert marks(deleted) == ["ready deleted superseded", "ready"]
    assert (deleted.entry.examples, deleted.entry.forgotten, deleted.apply()) == (4, False, "")


def test_rows_that_a_lock_wrongly_says_were_deleted_are_not_bought_again(bench: Bench) -> None:
    """A merge marks all jobs of a name that one side deleted, also what was made under it since."""
    jobs = tuple(replace(job, deleted=True) for job in bench.entry.jobs)
    bench.world.look(bench.checkout).lockfile.write(Lock({("a", BACKEND): replace(bench.entry, jobs=jobs)}))
    lose_here(bench, 0)
    assert bench.apply() == "blocked"
    assert bench.apply(retry=True) == "done", bench.message
    assert (bench.service.submits, bench.entry.examples) == (1, 4)


def test_an_open_job_whose_name_was_deleted(bench: Bench) -> None:
    bench.edit(num_examples=7)
    assert bench.apply(wait=False) == "open"
    jobs = tuple(replace(job, deleted=True) for job in bench.entry.jobs)
    bench.world.look(bench.checkout).lockfile.write(Lock({("a", BACKEND): replace(bench.entry, jobs=jobs)}))
    assert bench.apply("not-there", "not-there", "not-there") == "failed"
    assert "the service does not know job job-2: 'a' was deleted there; it stays open" in bench.message


def test_where_nothing_is_lost_no_rows_are_read_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    whole = lost_rows.rows_are_whole
    monkeypatch.setattr(lost_rows, "rows_are_whole", lambda store, job: read.append(job.named) or whole(store, job))
    for size in (8, 12):
        bench.edit(num_examples=size)
        assert bench.apply() == "done"
    assert read == []


@pytest.mark.parametrize("here", [True, False])
def test_deleted_rows_that_are_not_needed_block_nothing(bench: Bench, *, here: bool) -> None:
    bench.edit(num_examples=8)
    assert bench.apply() == "done"
    jobs = (replace(bench.entry.jobs[0], deleted=True), replace(bench.entry.jobs[1], got=4))
    bench.world.look(bench.checkout).lockfile.write(Lock({("a", BACKEND): replace(bench.entry, jobs=jobs)}))
    lose_here(bench, *([0] if here else [0, 1]))
    bench.edit(num_examples=4)
    calls = bench.service.calls
    assert bench.apply() == "done", bench.message
    text = (
        "the rows of job job-1 are deleted on the service, as far as is known, and are not on this machine: the other"
        " rows are enough"
    )
    assert text in [reason.text for reason in bench.plan.steps[0].reasons]
    assert marks(bench) == ["ready deleted superseded", "ready"]
    assert (bench.service.submits, bench.service.calls > calls) == (2, not here)
    assert (bench.entry.examples, bench.apply()) == (4, "")


@pytest.mark.parametrize("size", [2, 9])
def test_not_even_in_part(deleted: Bench, size: int) -> None:
    lose_here(deleted, 0)
    deleted.edit(num_examples=size)
    assert (deleted.apply(), deleted.service.submits) == ("blocked", 1)
    assert deleted.apply(retry=True) == "done"
    assert (deleted.plan.steps[0].examples, deleted.entry.examples) == (size, size)


def test_a_version_of_a_name_that_was_deleted_counts_from_the_beginning(deleted: Bench) -> None:
    """The service lists no ids, so the version that a job made is the one that is new."""
    lose_here(deleted, 0)
    deleted.service.gives_ids = deleted.service.gives_rows = False
    deleted.service.polls_needed = 0
    assert deleted.apply(retry=True) == "done", deleted.message
    last = deleted.entry.jobs[-1]
    assert (last.version, last.inferred, last.got, last.verified) == ("1", False, 4, True)


def test_other_rows_are_fetched_while_the_step_is_blocked(bench: Bench, deleted: Bench) -> None:
    bench.edit(num_examples=7)
    assert bench.apply() == "done"
    left = lose_here(bench, 0, 1)
    assert bench.apply() == "blocked"
    assert [path.exists() for path in left] == [False, True]
    assert marks(bench) == ["ready deleted", "ready"], "what was deleted is not asked for"
    assert bench.apply(retry=True) == "done", bench.message
    assert marks(bench) == ["ready deleted superseded", "ready", "ready"]
    assert (bench.plan.steps[0].examples, bench.entry.examples, bench.service.submits) == (4, 7, 3)


def test_a_job_that_is_open_does_not_make_up_for_deleted_rows(bench: Bench, deleted: Bench) -> None:
    bench.edit(num_examples=7)
    assert bench.apply(wait=False) == "open"
    lose_here(bench, 0)
    assert bench.apply() == "blocked"
    assert (
        bench.message
        == "the rows of job job-1 are deleted on the service, as far as is known, and are not on this machine"
    )
    assert (marks(bench), bench.service.submits) == (["ready deleted", "ready"], 2)


def test_a_lock_that_has_them_as_built_says_so(deleted: Bench) -> None:
    """As versions before this one wrote it: restored, although nobody has the rows."""
    lose_here(deleted, 0)
    file = LockFile(deleted.checkout.root)
    file.write(file.read().with_entries([replace(deleted.entry, forgotten=False)]))
    assert deleted.apply() == "blocked"
    assert SPEC.num_examples == deleted.entry.examples

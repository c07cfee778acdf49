"""Before rows are bought, the dataset's rows are made whole; if they can't be, nothing is bought or stuck."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.lock.model import MIXED_CHECKS
from pioneer_build.plan import Choices
from pioneer_build.spec.model import Checks, TopUp
from pioneer_build.store import Store
from tests.apply.bench import SPEC, Bench

if TYPE_CHECKING:
    from pathlib import Path

    from pioneer_build.lock.model import Job

Harm = Callable[["Path"], None]


def stored(bench: Bench, digest: str | None) -> Path:
    return Store(bench.world.folder / "store").path(digest or "")


def damage(path: Path) -> None:
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"job-", b"jot-"))


def remove(path: Path) -> None:
    path.unlink()


def lose(bench: Bench) -> None:
    """The service forgets everything."""
    for made in bench.service.jobs.values():
        made.vanished = True
    bench.service.lists = False


def forget(bench: Bench, job_id: str) -> None:
    """The service forgets a job, and no longer lists its version. A download of it is to fail."""
    bench.service.jobs[job_id].vanished = True
    bench.service.jobs[job_id].outcome = "failed"


def rows(bench: Bench) -> int:
    """How many different rows readers get; each is compared with its digest."""
    store = Store(bench.world.folder / "store")
    return len({line for digest in bench.entry.content_digests for line in store.lines(digest)})


both = pytest.mark.parametrize("harm", [damage, remove])


@pytest.fixture
def built(bench: Bench) -> Bench:
    assert bench.apply() == "done"
    return bench


# -- ready rows ----------------------------------------------------------------------------------------------------


def extend(bench: Bench) -> None:
    bench.edit(num_examples=7)


def extend_with_checks(bench: Bench) -> None:
    bench.edit(num_examples=7, checks=Checks(min_chars=2))


def come_back_larger(bench: Bench) -> None:
    bench.edit(labels=("x", "z"))
    assert bench.apply() == "done"
    bench.edit(labels=SPEC.labels, num_examples=7)


def leave_open(bench: Bench) -> None:
    bench.edit(num_examples=7)
    assert bench.apply(wait=False) == "open"


def top_up(bench: Bench) -> None:
    """A job that is open, after which a row is missing."""
    bench.edit(num_examples=7, top_up=TopUp(1))
    assert bench.apply(wait=False) == "open"
    bench.service.jobs["job-2"].outcome = "short"


def lose_the_answer(bench: Bench) -> None:
    bench.edit(num_examples=7)
    assert bench.apply("", "created-unanswered") == "unknown"


@both
@pytest.mark.parametrize("change", [extend, extend_with_checks, come_back_larger, leave_open, top_up, lose_the_answer])
def test_rows_are_whole_before_more_are_bought(built: Bench, change: Callable[[Bench], None], harm: Harm) -> None:
    (first,) = built.entry.jobs
    change(built)
    harm(stored(built, first.rows))
    assert built.apply() == "done", built.message
    assert (rows(built), built.entry.examples) == (7, 7)
    assert built.apply() == ""


@both
def test_nothing_is_bought_if_they_cant_be_had(built: Bench, harm: Harm) -> None:
    before = built.entry
    harm(stored(built, before.jobs[0].rows))
    lose(built)
    built.edit(num_examples=7)
    for _ in range(2):
        assert built.apply() == "refused"
        assert "the service does not provide them" in built.message
    owed = replace(before, jobs=(replace(before.jobs[0], owed=True),))
    assert (built.entry, built.service.submits) == (owed, 1), "only what was found out is recorded"
    assert built.apply("error") == "refused"
    built.service.lists = True
    assert built.apply() == "done", "the version is listed again"
    assert rows(built) == 7


def test_nothing_is_given_up_if_nothing_can_be_bought(built: Bench) -> None:
    leave_open(built)
    before = built.entry
    damage(stored(built, before.jobs[0].rows))
    assert built.apply("error", retry=True) == "stopped", "the service can't say now whether it has them"
    assert (built.entry, built.service.submits) == (before, 2)


@both
@pytest.mark.parametrize("change", [leave_open, lose_the_answer])
def test_a_job_that_was_paid_for_is_not_held_back_by_them(
    built: Bench, change: Callable[[Bench], None], harm: Harm
) -> None:
    path = stored(built, built.entry.jobs[0].rows)
    change(built)
    whole = path.read_bytes()
    harm(path)
    forget(built, "job-1")
    assert built.apply("", "not-there", *[""] * 3, "", "not-there") in ("refused", "done"), built.message
    assert built.states() == ["ready", "ready"], built.message
    assert stored(built, built.entry.jobs[1].rows).exists()
    assert built.service.submits == 2
    path.write_bytes(whole)
    built.apply()
    assert built.apply() == ""
    assert rows(built) == 7


@both
def test_a_resumed_step_is_not_done_while_rows_are_missing(built: Bench, harm: Harm) -> None:
    leave_open(built)
    harm(stored(built, built.entry.jobs[0].rows))
    forget(built, "job-1")
    assert built.apply("", "not-there", "", "", "", "not-there") == "refused", built.message
    assert (built.states(), built.service.submits) == (["ready", "ready"], 2)
    assert built.message.startswith("the rows of job job-1 are")
    assert built.entry.jobs[0].owed, "so the next plan asks again, although it looks only for missing files"
    assert built.apply("", "not-there") == "refused"


@both
def test_rows_are_whole_before_those_of_an_adopted_job_are_judged(built: Bench, harm: Harm) -> None:
    harm(stored(built, built.entry.jobs[0].rows))
    built.foreign(3)
    built.service.jobs["foreign-2"].polls = 0
    built.edit(num_examples=7)
    report = built.world.adopt(built.world.look(built.checkout, Choices()), "a", job_id="foreign-2")
    assert report is not None
    assert [one.result for one in report.outcomes] == ["done"], report.outcomes
    assert (rows(built), built.service.submits) == (7, 1)


# -- rows of other datasets ----------------------------------------------------------------------------------------


@pytest.fixture
def compared(built: Bench) -> Bench:
    """Rows of `a` may not be in `b`, whose rows are damaged."""
    built.checkout.specs["b"] = replace(SPEC, dataset_name="b")
    seen = built.world.look(built.checkout, Choices())
    assert built.world.apply(seen) is not None
    del built.checkout.specs["b"]
    return built


def other(bench: Bench) -> Job:
    (job,) = next(one for key, one in bench.checkout.lock().entries.items() if key[0] == "b").jobs
    return job


def outcomes(bench: Bench) -> dict[str, str]:
    bench.checkout.specs["b"] = replace(SPEC, dataset_name="b")
    report = bench.world.apply(bench.world.look(bench.checkout, Choices()))
    del bench.checkout.specs["b"]
    assert report is not None
    return {one.dataset_name: one.result for one in report.outcomes}


def test_damaged_rows_of_another_dataset_are_no_reason_to_buy_or_to_lose(compared: Bench) -> None:
    checks = Checks(no_overlap_with=("b",))
    path = stored(compared, other(compared).rows)
    whole = path.read_bytes()
    compared.edit(num_examples=7, checks=checks)
    assert outcomes(compared) == {"a": "done"}
    compared.edit(num_examples=9)
    damage(path)
    assert outcomes(compared) == {"a": "refused"}, "nothing is bought that could not be compared"
    assert compared.service.submits == 3
    path.write_bytes(whole)
    leave_open_at(compared, 9)
    damage(path)
    outcomes(compared)
    assert compared.states() == ["ready"] * 3, "what is paid for is kept"
    assert compared.service.submits == 4


def test_rows_of_another_dataset_that_are_elsewhere_are_had_before_anything_is_compared(compared: Bench) -> None:
    path = stored(compared, other(compared).rows)
    whole = path.read_bytes()
    leave_open_at(compared, 7)
    path.unlink()
    compared.edit(checks=Checks(no_overlap_with=("b",)))
    assert compared.apply() == "refused", "without `b` in the plan"
    assert "compared with those of 'b'" in compared.message
    assert (compared.command or "").startswith("pioneer-build apply --select b")
    assert compared.states() == ["ready"] * 2, "what is paid for is kept"
    assert compared.entry.checks == MIXED_CHECKS, "and is still to be judged"
    compared.edit(num_examples=9)
    assert compared.apply(retry=True) == "refused", "nothing is bought that could not be compared"
    assert compared.service.submits == 3
    compared.edit(num_examples=7)
    assert outcomes(compared) == {"a": "done", "b": "done"}, "its own step comes first"
    assert path.read_bytes() == whole
    assert compared.entry.checks == {"no_overlap_with": ["b"]}
    assert (outcomes(compared), compared.service.submits) == ({}, 3)


def test_rows_that_two_new_datasets_both_have_stay_in_the_one_that_is_named(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rows(_: object) -> Iterator[dict[str, object]]:
        for number in range(4):
            yield {"text": f"{number} the same", "entities": [[str(number), "x"]]}

    monkeypatch.setattr(bench.service, "_rows", rows)
    checks = Checks(no_overlap_with=("b",), min_accepted=0.0)
    bench.edit(checks=checks)
    assert outcomes(bench) == {"a": "rejected", "b": "done"}
    bench.edit(checks=Checks())
    assert bench.apply() in ("", "done", "blocked")


def overlapping(bench: Bench, patch: pytest.MonkeyPatch) -> None:
    """`a` has 8 rows, whose first ones are those of `b`: some of 10 characters, some of 20."""

    def rows(job: Any) -> Iterator[dict[str, object]]:
        for number in range(job.request.num_examples):
            yield {"text": f"{number} ".ljust(20 if number % 2 else 10, "a"), "entities": [[str(number), "x"]]}

    patch.setattr(bench.service, "_rows", rows)
    bench.edit(num_examples=8, checks=Checks(no_overlap_with=("b",), min_accepted=0.1))


def test_rows_whose_others_have_changed_since_are_neither_taken_for_others_nor_bought(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    overlapping(bench, monkeypatch)
    assert outcomes(bench) == {"a": "done", "b": "done"}
    assert bench.entry.examples == 4
    bench.checkout.specs["b"] = replace(SPEC, dataset_name="b", checks=Checks(min_chars=15, min_accepted=0.1))
    seen = bench.world.look(bench.checkout, Choices())
    assert bench.world.apply(seen) is not None
    assert other(bench).got == 2
    before = bench.entry
    stored(bench, bench.entry.jobs[0].rows).unlink()
    seen = bench.world.look(bench.checkout, Choices())
    report = bench.world.apply(seen)
    assert report is not None
    (ended,) = [one for one in report.outcomes if one.dataset_name == "a"]
    assert (ended.action, ended.result) == ("fetch", "differs")
    assert "'b' (`no_overlap_with`) may have had different rows when these were checked" in ended.message
    assert bench.entry == before
    retry = Choices(retry=frozenset({"a"}))
    assert bench.world.apply(bench.world.look(bench.checkout, retry)) is not None
    owed = replace(before, jobs=(replace(before.jobs[0], owed=True),))
    assert (bench.entry, bench.service.submits) == (owed, 2), "who asks for others is told their price first"
    assert bench.world.apply(bench.world.look(bench.checkout, retry)) is not None
    assert bench.service.submits == 3


def test_rows_are_judged_after_those_that_one_apply_buys(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    overlapping(bench, monkeypatch)
    named = bench.checkout.specs["a"].checks
    bench.edit(checks=Checks(min_accepted=0.1))
    assert bench.apply() == "done"
    bench.edit(checks=named)
    assert outcomes(bench) == {"a": "done", "b": "done"}
    assert (bench.entry.examples, bench.entry.checks) == (4, {"min_accepted": 0.1, "no_overlap_with": ["b"]})


def test_an_open_job_is_not_compared_with_rows_that_are_still_to_come(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    overlapping(bench, monkeypatch)
    assert bench.apply(wait=False) == "open"
    assert outcomes(bench) == {"a": "done", "b": "done"}
    notes = [event.text for event in bench.world.events if event.kind == "note"]
    assert any("were not compared with all rows of 'b'" in text for text in notes), "it is brought home first"
    assert bench.entry.checks != MIXED_CHECKS
    assert (bench.entry.examples, bench.service.submits) == (4, 2)


def leave_open_at(bench: Bench, size: int) -> None:
    bench.edit(num_examples=size)
    bench.checkout.specs["b"] = replace(SPEC, dataset_name="b")
    bench.world.apply(bench.world.look(bench.checkout, Choices()), wait=False)
    del bench.checkout.specs["b"]
    assert bench.states()[-1] == "open"


# -- rejected rows -------------------------------------------------------------------------------------------------


@pytest.fixture
def rejected(built: Bench) -> Bench:
    """4 rows that are read, and 4 that `--retry` bought and tighter checks rejected, which are not on this machine."""
    built.edit(checks=Checks(min_chars=100))
    assert built.apply(retry=True) == "rejected"
    built.edit(checks=Checks())
    assert built.states() == ["ready", "rejected"]
    stored(built, built.entry.jobs[1].quarantined).unlink()
    return built


def said(bench: Bench) -> str:
    (step,) = bench.plan.steps
    return " ".join(reason.text for reason in step.reasons)


@pytest.mark.parametrize(("size", "action"), [(7, "extend"), (8, "blocked")])
def test_rejected_rows_are_fetched_and_judged_before_more_are_bought(rejected: Bench, size: int, action: str) -> None:
    rejected.edit(num_examples=size)
    assert rejected.apply() == "done"
    assert rejected.plan.steps[0].action == action, "the request for 4 was rejected before"
    assert "the rows of job job-2, which was rejected, are not on this machine: `apply` fetches" in said(rejected)
    assert (rejected.service.submits, rejected.states()) == (2, ["ready", "ready"])
    assert (rows(rejected), rejected.entry.examples, rejected.entry.num_examples) == (8, size, size)
    assert rejected.apply() == ""


def test_only_what_they_do_not_have_is_bought(rejected: Bench) -> None:
    rejected.edit(num_examples=10)
    assert rejected.apply() == "refused"
    assert rejected.message == "rows that were rejected now pass the checks: only 2 missing now, not 6 as planned"
    assert rejected.service.submits == 2
    assert rejected.apply() == "done"
    assert [job.request.num_examples for job in rejected.service.jobs.values()] == [4, 4, 2]


def test_damaged_ones_and_ready_ones_are_fetched_as_well(rejected: Bench) -> None:
    damage(stored(rejected, rejected.entry.jobs[0].rows))
    rejected.edit(num_examples=7)
    assert rejected.apply() == "done"
    assert (rejected.service.submits, rows(rejected)) == (2, 8)


def test_they_come_back_with_retry_too(rejected: Bench) -> None:
    rejected.edit(num_examples=8)
    assert rejected.apply(retry=True) == "done"
    assert (rejected.service.submits, rows(rejected)) == (2, 8)


def shortened(made: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The rows with shorter texts."""
    for row in made:
        yield {**row, "text": f"{row['text'][:5]}{row['text'][-1]}"}


def test_rejected_rows_that_do_not_pass_stay_rejected(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.edit(checks=Checks(min_chars=11))
    assert bench.apply() == "done"
    made = bench.service._rows
    monkeypatch.setattr(bench.service, "_rows", lambda job: list(shortened(made(job))))
    bench.edit(num_examples=7)
    assert bench.apply() == "rejected"
    monkeypatch.setattr(
        bench.service, "_rows", lambda job: list(made(job) if job.job_id == "job-3" else shortened(made(job)))
    )
    before = bench.entry
    stored(bench, before.jobs[1].quarantined).unlink()
    bench.edit(num_examples=8)
    assert bench.apply() == "done", bench.message
    assert (bench.service.submits, bench.states()) == (3, ["ready", "rejected", "ready"])
    assert bench.entry.jobs[:2] == before.jobs


@pytest.mark.parametrize("faults", [["error"], ["not-there", "refused"], ["not-there", "not-there"]])
def test_nothing_is_bought_while_they_may_still_be_had(rejected: Bench, faults: list[str]) -> None:
    rejected.edit(num_examples=7)
    before = rejected.entry
    assert rejected.apply(*faults) == "stopped"
    assert re.search("not (be )?fetched", rejected.message)
    assert (rejected.entry, rejected.service.submits) == (before, 2)
    assert rejected.apply() == "done"
    assert rejected.service.submits == 2


def test_retry_does_without_them(rejected: Bench) -> None:
    rejected.edit(num_examples=8)
    assert rejected.apply("not-there", "refused", retry=True) == "done"
    assert (rejected.service.submits, rejected.states()) == (3, ["ready", "rejected", "ready"])


def test_the_service_no_longer_has_them(rejected: Bench) -> None:
    forget(rejected, "job-2")
    rejected.edit(num_examples=8)
    assert rejected.apply("", "not-there") == "blocked"
    rejected.edit(num_examples=7)
    assert rejected.apply("", "not-there") == "done"
    assert "(if the service does not provide them, it continues without them)" in said(rejected)
    assert (rejected.service.submits, rejected.states()) == (3, ["ready", "rejected", "ready"])
    assert any("can't be checked again" in event.text for event in rejected.world.events)


def test_damaged_rejected_rows_hold_nothing_back(built: Bench) -> None:
    built.edit(checks=Checks(min_chars=100))
    assert built.apply(retry=True) == "rejected"
    damage(stored(built, built.entry.jobs[1].quarantined))
    forget(built, "job-2")
    for size, checks in ((7, Checks()), (9, Checks(min_chars=3))):
        built.edit(num_examples=size, checks=checks)
        assert built.apply("", "not-there") == "done", built.message
    assert built.states() == ["ready", "rejected", "ready", "ready"]


@pytest.mark.parametrize("retry", [False, True])
def test_a_first_job_that_was_rejected(bench: Bench, *, retry: bool) -> None:
    bench.edit(checks=Checks(min_chars=100))
    assert bench.apply() == "rejected"
    stored(bench, bench.entry.jobs[0].quarantined).unlink()
    assert bench.apply() == "blocked"
    assert bench.message.startswith("the last job of this definition was rejected")
    bench.edit(checks=Checks())
    assert bench.apply(retry=retry) == "done"
    assert (bench.service.submits, rows(bench)) == (1, 4)
    assert bench.apply() == ""


def test_a_blocked_dataset_can_be_read_where_its_rows_were_not(built: Bench) -> None:
    built.edit(num_examples=7)
    built.service.fates.seed(1)
    built.service.bad_share = 1.0
    while built.states()[-1] == "ready":
        assert built.apply() in ("failed", "rejected")
    assert built.apply() == "blocked"
    remove(stored(built, built.entry.jobs[0].rows))
    assert built.apply() == "blocked"
    assert rows(built) == 4

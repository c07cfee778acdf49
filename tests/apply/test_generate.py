"""Submitting, watching, looking at rows, reconciling: one trouble at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.apply.strangers import GIVEN_UP
from pioneer_build.journal.model import Submission
from pioneer_build.lock.model import Lock
from pioneer_build.plan import Choices
from pioneer_build.ports import GenerateRequest, RemoteVersion
from pioneer_build.project.lock_file import LOCK_NAME
from pioneer_build.spec.model import Checks, Spec, TopUp
from tests.apply.world import BACKEND, Checkout, ModelJob, ModelService, Trouble, World, declared

if TYPE_CHECKING:
    from pathlib import Path

    from pioneer_build.apply import Report
    from pioneer_build.lock.model import Entry

SPEC = Spec("a", "ner", ("x", "y"), 4, path="specs/a.yaml", line=1)


class Bench:
    def __init__(self, folder: Path, **service: Any) -> None:
        self.world = World(folder, ModelService(**service))
        (folder / "one").mkdir()
        self.checkout = Checkout(folder / "one", {"a": SPEC})
        self.service = self.world.service

    def edit(self, **changes: Any) -> None:
        self.checkout.specs["a"] = replace(self.checkout.specs["a"], **changes)

    def apply(self, *faults: str, resubmit: bool = False, retry: bool = False, wait: bool = True, **more: Any) -> str:
        """How the step of the one dataset ended; "" where there was none."""
        names = frozenset({"a"})
        choices = Choices(names if resubmit else frozenset(), names if retry else frozenset())
        options = {name: more.pop(name) for name in ("deadline", "max_open_jobs") if name in more}
        seen = self.world.look(self.checkout, choices)
        self.plan = seen.plan
        report = self.world.apply(seen, Trouble(faults, **more), wait=wait, **options)
        assert report is not None
        self.report: Report = report
        self.message = report.outcomes[0].message if report.outcomes else ""
        self.command = report.outcomes[0].command if report.outcomes else None
        return report.outcomes[0].result if report.outcomes else ""

    @property
    def entry(self) -> Entry:
        return self.checkout.lock().entries["a", BACKEND]

    def states(self) -> list[str]:
        return [job.state for job in self.entry.jobs]

    def foreign(self, size: int = 4, labels: tuple[str, ...] = ("x", "y"), name: str = "a") -> ModelJob:
        number = str(1 + sum(job.request.dataset_name == name for job in self.service.jobs.values()))
        request = GenerateRequest(name, "ner", size, labels)
        job = ModelJob(f"foreign-{number}", request, number, "", 0)
        self.service.jobs[job.job_id] = job
        return job


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_job_from_its_submission_to_its_rows(bench: Bench) -> None:
    assert bench.apply() == "done"
    (job,) = bench.entry.jobs
    assert (job.state, job.job_id, job.version, job.got, job.verified) == ("ready", "job-1", "1", 4, True)
    assert bench.apply() == ""
    kinds = [event.kind for event in bench.world.events]
    assert kinds.index("submitting") < kinds.index("submitted") < kinds.index("ended")


@pytest.mark.parametrize(("fault", "result"), [("refused", "failed"), ("busy", "stopped"), ("no-access", "stopped"),
                                               ("not-reached", "stopped")])  # fmt: skip
def test_what_was_certainly_not_accepted_costs_nothing(bench: Bench, fault: str, result: str) -> None:
    bench.service.lists = False
    assert bench.apply(fault) == result
    assert bench.report.requests == 0
    if result == "failed":
        assert bench.message.startswith("specs/a.yaml:1:1: refused by the service")
        assert bench.apply() == "blocked"
        assert bench.apply(retry=True) == "done"
    else:
        assert not (bench.checkout.root / LOCK_NAME).exists()
        assert bench.apply() == "done"
    assert len(bench.service.jobs) == 1


@pytest.mark.parametrize("ids", [True, False])
def test_an_unanswered_job_is_found_again(tmp_path: Path, ids: bool) -> None:
    bench = Bench(tmp_path, gives_ids=ids)
    assert bench.apply("", "created-unanswered") == "unknown"
    assert bench.states() == ["unknown"]
    assert bench.plan.steps[0].action == "create"
    assert bench.apply() == "done"
    assert bench.plan.steps[0].action == "reconcile"
    (job,) = bench.entry.jobs
    assert (job.state, job.job_id, job.version) == ("ready", "job-1" if ids else None, "1")
    assert bench.apply() == ""
    assert bench.service.submits == 1


def test_a_lost_one_may_still_appear(bench: Bench) -> None:
    assert bench.apply("", "lost") == "unknown"
    for _ in range(3):
        assert bench.apply() == "unknown"
    assert "one may still appear" in bench.message
    assert bench.service.submits == 1
    assert bench.apply(resubmit=True) == "done"
    assert [job.state for job in bench.entry.jobs] == ["failed", "ready"]
    assert bench.entry.jobs[0].reason == GIVEN_UP


def test_one_that_appears_after_all_is_not_built_upon_silently(bench: Bench) -> None:
    assert bench.apply("", "lost") == "unknown"
    assert bench.apply(resubmit=True) == "done"
    bench.foreign()
    bench.edit(num_examples=8)
    assert bench.apply() == "refused"
    assert "version 2 is in neither the lock nor the journal" in bench.message
    assert bench.service.submits == 2


def test_of_several_none_is_guessed(bench: Bench) -> None:
    assert bench.apply("", "lost") == "unknown"
    bench.foreign()
    bench.foreign()
    assert bench.apply() == "unknown"
    assert "versions 2, 1 are new, and any may be it" in bench.message
    assert bench.states() == ["unknown"]


@pytest.mark.parametrize(
    ("changes", "why"), [({"labels": ("x", "z")}, "its labels are x, z"), ({"size": 3}, "it has 3 rows")]
)
def test_what_does_not_fit_is_not_adopted(bench: Bench, changes: dict[str, Any], why: str) -> None:
    assert bench.apply("", "lost") == "unknown"
    bench.foreign(**changes)
    assert bench.apply() == "unknown"
    assert why in bench.message
    assert bench.command is not None
    assert bench.command.startswith("pioneer-build adopt a --version 1")


def test_versions_that_were_there_before_are_not_it(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    assert bench.apply() == "done"
    bench.edit(num_examples=8)
    assert bench.apply("", "created-unanswered") == "unknown"
    assert bench.apply() == "done"
    assert [(job.job_id, job.version) for job in bench.entry.jobs] == [("job-1", "1"), ("job-2", "2")]


def test_an_unknown_one_of_an_earlier_definition_is_held_against_its_own_labels(bench: Bench) -> None:
    assert bench.apply("", "created-unanswered") == "unknown"
    bench.edit(labels=("p",))
    assert bench.apply() == "done"
    assert bench.plan.steps[0].action == "reconcile"
    assert bench.states() == ["ready"]
    assert bench.apply() == "done"
    assert bench.plan.steps[0].action == "replace"
    bench.edit(labels=("y", "x"))
    assert bench.apply() == "done"
    assert bench.plan.steps[0].action == "restore"
    assert bench.service.submits == 2


def test_a_submitter_that_lives_is_waited_for(bench: Bench) -> None:
    bench.world.others_live = True
    item = declared(SPEC)
    bench.world.journal().begin(
        Submission("", BACKEND, "a", "a", "a", "ner", item.definition, item.fingerprint, 4, 4, 0, "sha256:0"),
        frozenset(),
    )
    assert bench.apply() == "unknown"
    assert "another run is submitting 4 examples to 'a' just now" in bench.message
    assert bench.apply(resubmit=True) == "refused"
    bench.world.others_live = False
    assert bench.apply() == "unknown"
    assert "was sent and not answered" in bench.message
    assert bench.service.submits == 0


def test_a_job_that_vanishes_is_given_up_by_the_user_alone(bench: Bench) -> None:
    assert bench.apply(wait=False) == "open"
    bench.service.jobs["job-1"].vanished = True
    assert bench.apply() == "failed"
    assert bench.states() == ["open"]
    assert bench.apply(retry=True) == "done"
    assert bench.states() == ["failed", "ready"]
    assert bench.service.submits == 2


def test_a_job_that_never_ends_stays_open(bench: Bench) -> None:
    bench.service.polls_needed = 10_000
    began = bench.world.clock.seconds
    assert bench.apply(deadline=100.0) == "deadline"
    assert bench.world.clock.seconds - began < 102
    assert bench.states() == ["open"]
    bench.service.jobs["job-1"].polls = 0
    assert bench.apply() == "done"


def test_polls_that_fail_leave_it_open(bench: Bench) -> None:
    assert bench.apply(wait=False) == "open"
    assert bench.apply(*["error"] * 5) == "stopped"
    assert not bench.report.good
    assert bench.apply("strange", "error", "not-there", "strange") == "done"


def test_rows_that_cant_be_read_now_leave_it_open(tmp_path: Path) -> None:
    bench = Bench(tmp_path, gives_rows=False)
    assert bench.apply(wait=False) == "open"
    assert bench.apply("", "", "", "error") == "stopped"
    assert "its rows can't be read now" in bench.message
    assert bench.states() == ["open"]
    assert bench.apply() == "done"
    assert bench.entry.verified


def test_rows_that_nobody_gives_are_not_verified(tmp_path: Path) -> None:
    bench = Bench(tmp_path, gives_rows=False, lists=False)
    assert bench.apply() == "done"
    (job,) = bench.entry.jobs
    assert (job.state, job.verified, job.inferred, job.version) == ("ready", False, True, "1")


def test_without_waiting_no_more_jobs_are_open_than_may_be(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    for name in "bcd":
        bench.checkout.specs[name] = replace(SPEC, dataset_name=name)
    bench.apply(wait=False, max_open_jobs=3)
    assert [outcome.result for outcome in bench.report.outcomes] == ["open", "open", "open", "pending"]
    assert bench.report.good
    bench.apply()
    assert all(outcome.result == "done" for outcome in bench.report.outcomes)


def test_short_jobs_are_topped_up_as_often_as_may_be(bench: Bench) -> None:
    bench.edit(top_up=TopUp(2), checks=Checks(min_accepted=1.0), num_examples=9)
    bench.service.bad_share = 1.0
    bench.service.fates.choice = lambda options: "short"  # type: ignore[method-assign,assignment]
    assert bench.apply() == "rejected"
    assert [(job.asked, job.top_up) for job in bench.entry.jobs] == [(9, False), (6, True), (4, True)]
    for _ in range(2):
        (bench.checkout.root / LOCK_NAME).unlink(missing_ok=True)
        assert bench.apply() in ("blocked", "")
        assert bench.service.submits == 3


def test_a_definition_that_changed_while_a_job_was_open_is_not_topped_up(bench: Bench) -> None:
    bench.edit(top_up=TopUp(2))
    assert bench.apply(wait=False) == "open"
    bench.edit(labels=("p",), num_examples=20)
    assert bench.apply() == "done"
    assert bench.plan.steps[0].action == "resume"
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
    assert "version 2 also holds examples of an earlier definition" in bench.message
    assert bench.entry.examples == 4


def test_a_new_version_that_stands_alone_is_fine(bench: Bench) -> None:
    bench.edit(on_change="new_version")
    assert bench.apply() == "done"
    bench.edit(labels=("p",))
    assert bench.apply() == "done"
    assert [(job.remote_name, job.version) for job in bench.entry.jobs] == [("a", "1"), ("a", "2")]


def forget(bench: Bench, *faults: str, delete: bool = True) -> str:
    """How a removed spec's step ended."""
    seen = bench.world.look(bench.checkout, Choices(delete_remote=delete))
    report = bench.world.apply(seen, Trouble(faults))
    assert report is not None
    return report.outcomes[0].result if report.outcomes else ""


def test_deleting_ends_half_way_and_is_done_again(bench: Bench) -> None:
    assert bench.apply() == "done"
    bench.edit(labels=("p",))
    assert bench.apply() == "done"
    bench.checkout.specs.clear()
    assert forget(bench, "", "refused") == "stopped"
    assert [job.request.dataset_name for job in bench.service.jobs.values()] == [bench.entry.jobs[1].remote_name]
    assert [job.deleted for job in bench.entry.jobs] == [True, False]
    assert forget(bench) == "done"
    assert bench.service.jobs == {}
    assert [job.deleted for job in bench.entry.jobs] == [True, True]
    assert forget(bench) == ""
    # the spec comes back: what was deleted stays deleted, whatever the journal says
    bench.checkout.specs["a"] = replace(SPEC, labels=("p",))
    bench.apply()
    assert [job.deleted for job in bench.entry.jobs[:2]] == [True, True]


def test_what_another_dataset_uses_is_not_deleted(bench: Bench) -> None:
    assert bench.apply() == "done"
    entry = bench.entry
    twin = replace(entry, dataset_name="b")
    bench.checkout.specs = {"b": replace(SPEC, dataset_name="b")}
    file = bench.world.look(bench.checkout).lockfile
    file.write(Lock({("a", BACKEND): entry, ("b", BACKEND): twin}))
    assert forget(bench) == "refused"
    assert len(bench.service.jobs) == 1
    assert forget(bench, delete=False) == "done"


def test_a_protected_dataset_is_never_deleted(bench: Bench) -> None:
    bench.edit(protect=True)
    assert bench.apply() == "done"
    bench.checkout.specs.clear()
    assert forget(bench) == "refused"
    assert len(bench.service.jobs) == 1


def test_a_listener_that_went_away_stops_nothing(bench: Bench) -> None:
    def broken(event: object) -> None:
        raise BrokenPipeError

    bench.world.events = type("Closed", (list,), {"append": lambda self, event: broken(event)})()
    assert bench.apply() == "done"


def test_an_interrupt_while_jobs_are_open(bench: Bench) -> None:
    bench.service.polls_needed = 100
    assert bench.apply(interrupt_at=5) == "stopped"
    assert bench.report.interrupted
    assert bench.states() == ["open"]
    bench.service.jobs["job-1"].polls = 0
    assert bench.apply() == "done"


@pytest.mark.parametrize("port", ["journal", "lock", "store"])
@pytest.mark.parametrize("number", range(4))
def test_a_disk_that_refuses_anywhere(tmp_path: Path, port: str, number: int) -> None:
    bench = Bench(tmp_path)
    bench.apply(disk={port: {number}})
    if bench.service.jobs:
        said = [event.fields.get("job_id") for event in bench.world.events if event.kind == "submitted"]
        assert said == ["job-1"]
    for _ in range(2):
        last = bench.apply()
    assert last in ("", "done")
    assert bench.service.submits == 1
    assert bench.states() == ["ready"]


def test_a_disk_that_takes_nothing_after_the_intent(bench: Bench) -> None:
    assert bench.apply(disk={"journal": {1, 2, 3, 4}, "lock": set(range(9))}) == "stopped"
    assert "the service accepted job job-1" in bench.message
    assert bench.command == "pioneer-build adopt a job-1"
    assert bench.report.stopped is not None
    assert bench.apply() == "done"  # by the service's list
    assert bench.service.submits == 1


@pytest.mark.parametrize("at", range(30))
@pytest.mark.parametrize("lists", [True, False])
def test_a_crash_at_every_effect(tmp_path: Path, at: int, lists: bool) -> None:
    bench = Bench(tmp_path, lists=lists)
    bench.world.apply(bench.world.look(bench.checkout), Trouble(crash_at=at))
    sent = len(bench.service.jobs)
    for _ in range(2):
        last = bench.apply()
        (bench.checkout.root / LOCK_NAME).unlink(missing_ok=True)
    assert bench.service.submits <= 1
    if sent and not lists and last == "unknown":
        assert bench.apply(resubmit=True) == "done"
    elif last == "unknown":  # the process ended between the intent and the request
        assert not sent
    else:
        assert last in ("", "done")

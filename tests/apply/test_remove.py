"""Datasets whose spec was removed: forgotten, or deleted on the service."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pioneer_build.lock.model import Lock
from pioneer_build.plan import Choices
from tests.apply.bench import SPEC, Bench
from tests.apply.world import BACKEND, Crash, Trouble


def forget(bench: Bench, *faults: str, delete: bool = True) -> str:
    """How a removed spec's step ended; the bench has the command that it advises."""
    seen = bench.world.look(bench.checkout, Choices(delete_remote=delete))
    report = bench.world.apply(seen, Trouble(faults))
    assert report is not None
    bench.command = report.outcomes[0].command if report.outcomes else None
    return report.outcomes[0].result if report.outcomes else ""


def test_deleting_ends_half_way_and_is_done_again(bench: Bench) -> None:
    assert bench.apply() == "done"
    bench.edit(labels=("p",))
    assert bench.apply() == "done"
    bench.checkout.specs.clear()
    second = bench.entry.jobs[1].remote_name
    assert forget(bench, "", "", "", "refused") == "stopped"  # each name is listed before it is deleted
    assert bench.command == "pioneer-build apply --delete-remote", "without the flag, nothing would be deleted"
    assert [job.request.dataset_name for job in bench.service.jobs.values()] == [second]
    assert [job.deleted for job in bench.entry.jobs] == [True, False]
    assert forget(bench) == "done"
    assert bench.service.jobs == {}
    assert [job.deleted for job in bench.entry.jobs] == [True, True]
    assert forget(bench) == ""
    # the spec is restored: what was deleted stays deleted, whatever the journal has
    bench.checkout.specs["a"] = replace(SPEC, labels=("p",))
    bench.apply()
    assert [job.deleted for job in bench.entry.jobs[:2]] == [True, True]


def test_the_journal_knows_what_was_deleted(bench: Bench) -> None:
    """A lock of before, or of another branch, doesn't."""
    assert bench.apply() == "done"
    before = bench.checkout.lock()
    bench.checkout.specs.clear()
    assert forget(bench) == "done"
    assert [item.deleted for item in bench.world.submissions()] == [True]
    bench.world.look(bench.checkout).lockfile.write(before)
    bench.checkout.specs["a"] = replace(SPEC, num_examples=9)
    assert bench.apply() == "done"
    assert [(job.remote_name == "a", job.deleted) for job in bench.entry.jobs] == [(True, True), (False, False)]


def test_what_another_run_has_submitted_since_the_plan_is_not_deleted(bench: Bench) -> None:
    assert bench.apply() == "done"
    bench.checkout.specs.clear()
    seen = bench.world.look(bench.checkout, Choices(delete_remote=True))
    other = replace(bench.world.submissions()[0], token="", process="")
    seen.journal.begin(other, frozenset(seen.aware))
    report = bench.world.apply(seen, Trouble())
    assert report is not None
    assert (report.outcomes[0].deleted, len(bench.service.jobs)) == ((), 1)
    assert "another run has submitted to it since the plan was made: a" in report.outcomes[0].message


def test_a_version_that_nobody_recorded_is_not_deleted(bench: Bench) -> None:
    """A colleague's, on a branch that isn't here; or that of a submission with unknown outcome."""
    assert bench.apply() == "done"
    bench.foreign()
    bench.checkout.specs.clear()
    seen = bench.world.look(bench.checkout, Choices(delete_remote=True))
    report = bench.world.apply(seen, Trouble())
    assert report is not None
    assert (report.outcomes[0].deleted, len(bench.service.jobs)) == ((), 2)
    assert "a version is in neither pioneer.lock nor the journal: 2 of 'a' (`git fetch`" in report.outcomes[0].message
    assert not bench.entry.jobs[0].deleted


def test_what_was_made_under_the_name_again_is_not_deleted(bench: Bench) -> None:
    """The name was deleted before, as this lock doesn't know; a colleague's version has the number of the lock's."""
    assert bench.apply() == "done"
    bench.service.jobs.clear()
    bench.foreign()
    bench.checkout.specs.clear()
    seen = bench.world.look(bench.checkout, Choices(delete_remote=True))
    report = bench.world.apply(seen, Trouble())
    assert report is not None
    assert (report.outcomes[0].deleted, list(bench.service.jobs)) == ((), ["foreign-1"])
    assert "a version is in neither pioneer.lock nor the journal: 1 of 'a'" in report.outcomes[0].message


def test_a_job_whose_version_is_not_known_accounts_for_no_version_of_another_job(bench: Bench) -> None:
    assert bench.apply(wait=False) == "open"
    bench.service.jobs.clear()
    bench.foreign()
    bench.checkout.specs.clear()
    assert forget(bench) == "done"
    assert list(bench.service.jobs) == ["foreign-1"]


@pytest.mark.parametrize("ids", [True, False])
def test_a_run_that_was_killed_while_it_deleted(bench: Bench, monkeypatch: pytest.MonkeyPatch, ids: bool) -> None:
    """The journal knows that the name may be free, and in use again: what is there is deleted only if it is ours."""
    assert bench.apply() == "done"
    bench.service.gives_ids = ids
    bench.checkout.specs.clear()

    async def killed(name: str) -> None:
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(bench.service, "delete", killed)
        seen = bench.world.look(bench.checkout, Choices(delete_remote=True))
        assert bench.world.apply(seen, Trouble()) is None
    assert ([job.deleted for job in bench.entry.jobs], [item.deleted for item in bench.world.submissions()]) == (
        [False],
        [True],
    )
    assert forget(bench) == "done"
    assert len(bench.service.jobs) == (0 if ids else 1)


def test_a_refused_deletion_is_taken_back(bench: Bench) -> None:
    assert bench.apply() == "done"
    bench.checkout.specs.clear()
    assert forget(bench, "", "refused") == "stopped"
    assert [item.deleted for item in bench.world.submissions()] == [False]


def test_what_another_dataset_uses_is_not_deleted(bench: Bench) -> None:
    """A copied entry shares a name on the service; the other names of the removed dataset are deleted."""
    assert bench.apply() == "done"
    bench.edit(labels=("p",))
    assert bench.apply() == "done"
    entry = bench.entry
    first, second = (job.remote_name for job in entry.jobs)
    twin = replace(entry, dataset_name="b", jobs=entry.jobs[:1])
    bench.checkout.specs = {"b": replace(SPEC, dataset_name="b")}
    file = bench.world.look(bench.checkout).lockfile
    file.write(Lock({("a", BACKEND): entry, ("b", BACKEND): twin}))
    seen = bench.world.look(bench.checkout, Choices(delete_remote=True))
    (step,) = [step for step in seen.plan.steps if step.dataset_name == "a"]
    assert (step.action, step.deletes) == ("delete", (second,))
    assert f"'{first}' stays on the service: 'b' has rows there" in [reason.text for reason in step.reasons]
    report = bench.world.apply(seen, Trouble())
    assert report is not None
    (outcome,) = [outcome for outcome in report.outcomes if outcome.dataset_name == "a"]
    assert (outcome.result, outcome.deleted) == ("done", (second,))
    assert f"deleted on the service: {second};" in outcome.message
    assert {job.request.dataset_name for job in bench.service.jobs.values()} == {first}
    assert [job.deleted for job in bench.entry.jobs] == [False, True]


def test_what_another_dataset_uses_since_the_plan_was_made_is_not_deleted(bench: Bench) -> None:
    assert bench.apply() == "done"
    entry = bench.entry
    bench.checkout.specs.clear()
    seen = bench.world.look(bench.checkout, Choices(delete_remote=True))
    seen.lockfile.write(Lock({("a", BACKEND): entry}))
    later = bench.world.look(bench.checkout, Choices(delete_remote=True))
    later.lock.entries["b", BACKEND] = replace(entry, dataset_name="b", protect=True)
    report = bench.world.apply(later, Trouble())
    assert report is not None
    assert report.outcomes[0].deleted == ()
    assert "kept, because other datasets have rows there: a" in report.outcomes[0].message
    assert len(bench.service.jobs) == 1


def test_two_removed_datasets_that_share_a_name_are_deleted_together_or_not_at_all(bench: Bench) -> None:
    assert bench.apply() == "done"
    entry = bench.entry
    bench.checkout.specs.clear()
    both = Lock({("a", BACKEND): entry, ("b", BACKEND): replace(entry, dataset_name="b")})
    bench.world.look(bench.checkout).lockfile.write(both)
    seen = bench.world.look(bench.checkout, Choices(delete_remote=True))
    assert [(step.dataset_name, step.deletes) for step in seen.plan.steps] == [("a", ("a",)), ("b", ("a",))]
    (alone,) = seen.plan.only({"a"}).steps
    assert alone.deletes == ()
    assert alone.reasons[-1].text == "'a' stays on the service: 'b' has rows there"
    report = bench.world.apply(seen, Trouble())
    assert report is not None
    assert [outcome.result for outcome in report.outcomes] == ["done", "done"]
    assert bench.service.jobs == {}
    assert forget(bench) == "", "and nothing is left to do"


def test_a_protected_dataset_is_never_deleted(bench: Bench) -> None:
    bench.edit(protect=True)
    assert bench.apply() == "done"
    bench.checkout.specs.clear()
    assert forget(bench) == "refused"
    assert len(bench.service.jobs) == 1

"""Datasets whose spec was removed: forgotten, or deleted on the service."""

from __future__ import annotations

from dataclasses import replace

from pioneer_build.lock.model import Lock
from pioneer_build.plan import Choices
from tests.apply.bench import SPEC, Bench
from tests.apply.world import BACKEND, Trouble


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
    # the spec is restored: what was deleted stays deleted, whatever the journal has
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

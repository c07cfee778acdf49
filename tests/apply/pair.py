"""A dataset that is compared with another one, which has the same texts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pioneer_build.apply.run import NoPast
from pioneer_build.plan import Choices
from pioneer_build.spec.model import Checks
from pioneer_build.store import Store
from tests.apply.bench import SPEC, Bench
from tests.apply.world import BACKEND

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pytest

    from pioneer_build.lock.model import Entry, Job

LONG = Checks(min_chars=15, min_accepted=0.1)
COMPARED = Checks(no_overlap_with=("b",), min_accepted=0.1)


class Past(NoPast):
    """Versions of the lock that had these entries."""

    def __init__(self, *entries: Entry) -> None:
        self.entries = entries
        self.asked = 0

    def states_of(self, _: Entry) -> Sequence[Entry]:
        self.asked += 1
        return self.entries


class Pair:
    """`a` with 8 rows, of 10 or of 20 characters; and `b`, whose texts are the same, with 4."""

    def __init__(self, bench: Bench, patch: pytest.MonkeyPatch) -> None:
        def rows(job: Any) -> Iterator[dict[str, object]]:
            first = 4 * (int(job.version) - 1)
            for number in range(first, first + job.request.num_examples):
                yield {"text": f"{number} ".ljust(20 if number % 2 else 10, "a"), "entities": [[str(number), "x"]]}

        patch.setattr(bench.service, "_rows", rows)
        self.bench = bench
        self.store = Store(bench.world.folder / "store")
        bench.edit(num_examples=8, checks=COMPARED)

    def b(self, **changes: Any) -> Entry:
        """Applies `b` with these changes; returns its entry."""
        spec = self.bench.checkout.specs.get("b", replace(SPEC, dataset_name="b"))
        self.bench.checkout.specs["b"] = replace(spec, **changes)
        assert set(self.apply().values()) <= {"done"}
        return self.bench.checkout.lock().entries["b", BACKEND]

    def apply(self, past: NoPast | None = None) -> dict[str, str]:
        bench = self.bench
        report = bench.world.apply(bench.world.look(bench.checkout, Choices()), past=past or NoPast())
        assert report is not None
        return {one.dataset_name: one.result for one in report.outcomes}

    def lose(self, *jobs: Job) -> None:
        for job in jobs:
            for digest in (job.rows, job.quarantined):
                path = self.store.path(digest or "sha256:" + "0" * 64)
                if path.exists():
                    path.unlink()

"""Rows that were compared with other datasets are had again, whatever those have now."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.apply.run import NoPast
from pioneer_build.plan import Choices
from pioneer_build.spec.model import Checks
from pioneer_build.store import Store
from tests.apply.bench import SPEC, Bench
from tests.apply.world import BACKEND

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

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


@pytest.fixture
def pair(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Pair:
    return Pair(bench, monkeypatch)


def path_of(pair: Pair) -> Path:
    (job,) = pair.bench.entry.jobs
    return pair.store.path(job.rows or "")


def test_rows_of_an_earlier_state_are_found_in_what_is_here(pair: Pair) -> None:
    tight = pair.b(checks=LONG)
    before = pair.bench.entry
    assert before.examples == 6
    pair.b(checks=Checks())
    pair.lose(*tight.jobs, *before.jobs)
    past = Past(tight)
    asked = len(pair.bench.service.jobs)
    assert pair.apply(past) == {"a": "done"}
    assert (pair.bench.entry, path_of(pair).exists(), len(pair.bench.service.jobs)) == (before, True, asked)
    assert pair.store.has(tight.jobs[0].rows or ""), "for the next one that is compared with them"


def test_rows_of_an_earlier_definition_are_fetched(pair: Pair) -> None:
    tight = pair.b(checks=LONG)
    before = pair.bench.entry
    now = pair.b(checks=Checks(), labels=("x", "z"), num_examples=1)
    pair.lose(*now.jobs[:1], *before.jobs)
    assert pair.apply(Past(tight)) == {"a": "done"}
    assert (pair.bench.entry, pair.bench.service.submits) == (before, 3)


@pytest.mark.parametrize("trouble", ["forgotten", "other rows"])
def test_an_earlier_state_that_cannot_be_had_explains_nothing(
    pair: Pair, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tight = pair.b(checks=LONG)
    before = pair.bench.entry
    now = pair.b(checks=Checks(), labels=("x", "z"), num_examples=1)
    pair.lose(*now.jobs[:1], *before.jobs)
    service = pair.bench.service
    if trouble == "forgotten":
        del service.jobs[now.jobs[0].job_id or ""]
    else:
        rows = service._rows

        def others(job: Any) -> Iterator[dict[str, Any]]:
            for row in rows(job):
                yield row if job.request.dataset_name == "a" else {**row, "text": row["text"] + " b"}

        monkeypatch.setattr(service, "_rows", others)
    assert pair.apply(Past(tight)) == {"a": "differs"}
    assert pair.bench.entry == before, "the lock stays, and nothing is bought"
    assert service.submits == 3


def test_history_is_asked_only_where_nothing_else_explains_the_rows(pair: Pair) -> None:
    first = pair.b()
    grown = pair.b(num_examples=7)
    assert len(grown.jobs) == 2
    pair.lose(*pair.bench.entry.jobs)
    past = Past(first)
    assert pair.apply(past) == {"a": "done"}
    assert past.asked == 0


def test_many_states_are_tried_up_to_a_bound(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """States that differ in rows which are not in the dataset are one; the last of three is found."""
    monkeypatch.setattr("pioneer_build.apply.recorded_judgement._MOST_ROWS", 0)
    tight = pair.b(checks=LONG)
    before = pair.bench.entry
    pair.b(checks=Checks())
    pair.lose(*before.jobs)
    useless = tuple(replace(tight, jobs=tuple(replace(job, rows=None) for job in tight.jobs)) for _ in range(99))
    monkeypatch.setattr("pioneer_build.apply.others_before._MOST_COMBINATIONS", 3)
    assert pair.apply(Past(*useless, tight)) == {"a": "done"}
    pair.lose(*before.jobs)
    monkeypatch.setattr("pioneer_build.apply.others_before._MOST_COMBINATIONS", 2)
    assert pair.apply(Past(*useless, tight)) == {"a": "differs"}


def test_what_was_left_out_is_found_among_the_texts_that_others_have(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No known state of `b` explains it: it has eight texts of which two were left out."""
    tight = pair.b(checks=LONG)
    before = pair.bench.entry
    pair.b(checks=Checks())
    digests = before.jobs[0].rows, before.jobs[0].quarantined
    kept = [pair.store.path(digest or "").read_bytes() for digest in digests]
    pair.lose(*before.jobs, *tight.jobs)
    monkeypatch.setattr("pioneer_build.apply.recorded_judgement._MOST_ROWS", 6 * 8 - 1)  # two of four, of eight rows
    assert pair.apply() == {"a": "differs"}
    monkeypatch.setattr("pioneer_build.apply.recorded_judgement._MOST_ROWS", 6 * 8)
    assert pair.apply() == {"a": "done"}
    assert pair.bench.entry == before
    assert [pair.store.path(digest or "").read_bytes() for digest in digests] == kept

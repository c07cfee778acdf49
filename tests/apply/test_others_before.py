"""Rows that were compared with other datasets are had again, whatever those have now."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.spec.model import Checks
from tests.apply.pair import LONG, Pair, Past

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.apply.bench import Bench


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

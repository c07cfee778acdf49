"""How recorded rows were judged is found by trying: first what the lock has, then git's history, then what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pioneer_build.spec.model import Checks
from tests.apply.pair import LONG, Pair, Past

if TYPE_CHECKING:
    from tests.apply.bench import Bench


@pytest.fixture
def pair(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Pair:
    return Pair(bench, monkeypatch)


def test_history_is_asked_only_where_nothing_else_explains_the_rows(pair: Pair) -> None:
    first = pair.b()
    grown = pair.b(num_examples=7)
    assert len(grown.jobs) == 2
    pair.lose(*pair.bench.entry.jobs)
    past = Past(first)
    assert pair.apply(past) == {"a": "done"}
    assert past.asked == 0


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

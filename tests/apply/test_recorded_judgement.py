"""How recorded rows were judged is found by trying: first what the lock has, then git's history, then what is left."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.apply import recorded_judgement
from pioneer_build.rows import row_line
from pioneer_build.spec.model import Checks
from tests.apply.pair import LONG, Pair, Past

if TYPE_CHECKING:
    from pioneer_build.lock.model import Entry
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


def many_states(pair: Pair, number: int) -> list[Entry]:
    """Earlier states of `b`, each with other rows, none of which explain what `a` has."""
    now = pair.b(checks=Checks())
    texts = [f"{row} ".ljust(20 if row % 2 else 10, "a") for row in range(8)]
    found = []
    for state in range(number):
        kept = [text for bit, text in enumerate(texts) if state >> bit & 1]
        rows = pair.store.put(row_line({"text": text, "entities": []}) for text in kept)
        found.append(replace(now, jobs=(replace(now.jobs[0], rows=rows, got=len(kept)),)))
    return found


def unexplained(pair: Pair) -> list[Entry]:
    """The rows of `a` are not here, and the lock has another digest of them than any state makes."""
    pair.b()
    states = many_states(pair, 256)
    entry = pair.bench.entry
    pair.lose(*entry.jobs)
    jobs = tuple(replace(job, rows="sha256:" + "1" * 64, got=1) for job in entry.jobs)
    pair.bench.world.look(pair.bench.checkout).lockfile.write(
        pair.bench.checkout.lock().with_entries([replace(entry, jobs=jobs)])
    )
    return states


def tries(pair: Pair, monkeypatch: pytest.MonkeyPatch, states: list[Entry], then: Any = None) -> tuple[str, int, bool]:
    """How `a` ended with this history, how often its rows were judged, and whether a bound is said."""
    number, real = 0, recorded_judgement._as_recorded

    def counted(recorded: Any, *arguments: Any) -> Any:
        nonlocal number
        number += 1
        if then is not None:
            then(recorded.work.run)
        return real(recorded, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(recorded_judgement, "_as_recorded", counted)
        ended = pair.apply(Past(*states))["a"]
    notes = [event.text for event in pair.bench.world.events if event.kind == "note"]
    return ended, number, any("there are too many combinations to try them all" in text for text in notes)


def test_many_states_cost_a_bounded_effort_and_it_is_said(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    states = unexplained(pair)
    before = pair.bench.entry
    monkeypatch.setattr("pioneer_build.apply.others_before._MOST_COMBINATIONS", 10_000)
    ended, all_of_them, is_said = tries(pair, monkeypatch, states)
    assert (ended, all_of_them > 256, is_said) == ("differs", True, False)
    for most in (10, 200, 1000):
        monkeypatch.setattr("pioneer_build.apply.search_effort._MOST_ROWS", most)
        ended, number, is_said = tries(pair, monkeypatch, states)
        assert (ended, is_said) == ("differs", True)
        assert 1 <= number <= max(8, most // 8)
    assert pair.bench.entry == before, "the lock stays as it is"


def test_the_search_ends_when_the_user_interrupts_it(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    states = unexplained(pair)
    ended, number, _ = tries(pair, monkeypatch, states, lambda run: run.interrupt())
    assert (ended, number) == ("stopped", 1)

"""What a format can't represent is counted, and said in words."""

from __future__ import annotations

from collections import Counter
from typing import Any

from pioneer_build.exports.losses import LOSSES, CountedRows, Ledger, count_id, count_scores, id_text, ledger, unplaced


def test_losses_are_told_the_most_frequent_first_and_none_that_did_not_happen() -> None:
    one = ledger(3, Counter({"ids": 1, "scores": 4, "edges": 0, "offsets": 1}))
    assert one == Ledger(3, (("scores", 4), ("ids", 1), ("offsets", 1)))
    assert one.sentences() == [
        "not preserved in this format: 4 scores",
        "not preserved in this format: 1 id",
        "not preserved in this format: the offsets of 1 entity, whose position is ambiguous without them",
    ]
    assert one + Ledger(2, (("ids", 5),)) == Ledger(5, (("ids", 6), ("scores", 4), ("offsets", 1)))
    assert Ledger(0).sentences() == []
    for loss, (noun, plural, text) in LOSSES.items():
        assert Ledger(1, ((loss, 1),)).sentences() == ["not preserved in this format: " + text.format(f"1 {noun}")]
        assert Ledger(1, ((loss, 2000),)).sentences()[0].endswith(text.format(f"2,000 {plural}"))


def test_scores_and_ids_are_counted() -> None:
    lost: Counter[Any] = Counter()
    for row in (
        {"text": "x", "label": "a", "score": 0.5, "id": 1},
        {"text": "x", "label": "a", "id": None},
        {"text": "x", "entities": [{"score": 1.0}, {}, {"score": 0.0}]},
    ):
        count_scores(row, lost)
        count_id(row, lost)
    assert lost == {"scores": 3, "ids": 2}


def test_rows_are_counted_as_they_are_written() -> None:
    rows = CountedRows([{"text": "x", "label": "a", "score": 0.5}, {"text": "y", "label": "a", "id": "1"}])
    for _ in rows:
        rows.lost["edges"] += 1
    assert rows.ledger() == Ledger(2, (("edges", 2), ("ids", 1), ("scores", 1)))


def test_ids_become_text() -> None:
    lost: Counter[Any] = Counter()
    assert [id_text(row, lost) for row in ({"id": "a"}, {"id": 7}, {"id": None}, {})] == ["a", "7", None, None]
    assert lost == {"id-types": 1}


def test_places_that_are_not_found_again_are_counted() -> None:
    row = {
        "text": "Ann met Ann and Bob",
        "entities": [
            {"text": "Ann", "label": "p", "start": 0, "end": 3},
            {"text": "Bob", "label": "p", "start": 16, "end": 19},
        ],
    }
    assert unplaced(row, [["Ann", "p"], ["Bob", "p"]]) == 1
    assert unplaced(row, [["Ann", "p"], ["Ann", "p"], ["Bob", "p"]]) == 0
    assert unplaced(row, "no entities at all") == 0


def test_every_loss_has_words() -> None:
    assert all(text and text[0].islower() for text in LOSSES.values())

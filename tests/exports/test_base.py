"""What formats share: the ledger, and how rows are read where a format holds less."""

from __future__ import annotations

import io
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.errors import UsageError
from pioneer_build.exports.base import (
    LOSSES,
    Ledger,
    apart,
    binary,
    count_id,
    count_scores,
    id_text,
    in_groups,
    ledger,
    only_for,
    unplaced,
)

if TYPE_CHECKING:
    from pathlib import Path


def entity(start: int, end: int, label: str = "p") -> Any:
    return {"text": "x" * (end - start), "label": label, "start": start, "end": end}


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


def test_tasks_that_a_format_has_no_form_for() -> None:
    only_for("ner", ("ner", "classification"), "spacy")
    with pytest.raises(UsageError) as caught:
        only_for("decoder", ("ner", "classification"), "spacy")
    assert caught.value.message == "spacy supports ner and classification rows, but this is a decoder dataset"


def test_a_stream_is_no_path(tmp_path: Path) -> None:
    out = io.BytesIO()
    assert binary(out) is out
    with pytest.raises(TypeError):
        binary(tmp_path)


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


def test_ids_become_text() -> None:
    lost: Counter[Any] = Counter()
    assert [id_text(row, lost) for row in ({"id": "a"}, {"id": 7}, {"id": None}, {})] == ["a", "7", None, None]
    assert lost == {"id-types": 1}


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (1, [1]), (3, [3]), (7, [3, 3, 1])])
def test_groups(count: int, sizes: list[int]) -> None:
    groups = list(in_groups(({"text": str(number)} for number in range(count)), 3))
    assert [len(group) for group in groups] == sizes
    assert [row["text"] for group in groups for row in group] == [str(number) for number in range(count)]


def test_groups_are_read_as_they_are_taken() -> None:
    read = []

    def rows() -> Any:
        for number in range(9):
            read.append(number)
            yield {"text": str(number)}

    next(in_groups(rows(), 3))
    assert read == [0, 1, 2]


def test_of_a_knot_the_longest_is_kept() -> None:
    inner, outer, beside = entity(2, 4), entity(0, 6), entity(6, 8)
    assert apart([beside, inner, outer]) == ([outer, beside], 1)
    assert apart([entity(0, 4, "b"), entity(0, 4, "a")]) == ([entity(0, 4, "a")], 1)
    assert apart([{"text": "x", "label": "p", "ambiguous": True}]) == ([], 0)
    # a chain: the one in the middle goes, although it is as long as the first
    assert apart([entity(0, 4), entity(3, 7), entity(6, 10)]) == ([entity(0, 4), entity(6, 10)], 1)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 8))))
def test_what_is_kept_does_not_overlap(places: list[tuple[int, int]]) -> None:
    entities = [entity(start, start + length) for start, length in places]
    kept, left_out = apart(entities)
    assert len(kept) + left_out == len(entities)
    assert all(one["end"] <= other["start"] for one, other in pairwise(kept))
    # nothing was left out that had room
    for one in entities:
        assert one in kept or any(one["start"] < other["end"] and other["start"] < one["end"] for other in kept)


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

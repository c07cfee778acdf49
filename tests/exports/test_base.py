"""What formats share."""

from __future__ import annotations

import io
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.errors import UsageError
from pioneer_build.exports.base import apart, binary, in_groups, only_for

if TYPE_CHECKING:
    from pathlib import Path


def entity(start: int, end: int, label: str = "p") -> Any:
    return {"text": "x" * (end - start), "label": label, "start": start, "end": end}


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


def test_thousands_of_entities_over_each_other() -> None:
    entities = [{"text": "x", "label": "a", "start": n, "end": 100_001} for n in range(20_000)]
    entities.append({"text": "x", "label": "b", "start": 100_001, "end": 100_002})
    kept, dropped = apart(entities)
    assert ([one["start"] for one in kept], dropped) == ([0, 100_001], 19_999)

"""Rows in the page's short form, and their chunks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.checks.quarantined_rows import QuarantinedRow
from pioneer_build.operations.report.packed_rows import CHUNK_ROWS, pack, quarantined_value, row_value
from tests.operations.report.chunks import unpacked


@given(st.text(alphabet=st.sampled_from("aé中😀👍\u0301"), min_size=1, max_size=30), st.data())
def test_offsets_count_as_javascript_does(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    row = {"text": text, "entities": [{"text": text[start:end], "label": "x", "start": start, "end": end}]}
    [[first, last, label]] = row_value(row)[1]
    units = text.encode("utf-16-le")
    assert (units[2 * first : 2 * last].decode("utf-16-le"), label) == (text[start:end], "x")


def test_spans_without_a_place_and_scores() -> None:
    loose = {"text": "Bob", "label": "person", "score": 0.5, "ambiguous": True}
    assert row_value({"id": 7, "text": "Bob Bob", "entities": [loose]}) == [
        "Bob Bob",
        [["Bob", None, "person", 0.5]],
        7,
    ]
    assert row_value({"text": "a", "labels": ["x"], "score": 0.25}) == ["a", ["x"], None, 0.25]


def test_chunks_are_the_same_each_time() -> None:
    rows = [[f"row {i}", "x"] for i in range(12_000)]
    chunks = list(pack(rows))
    assert chunks == list(pack(rows))
    assert len(chunks) == 3
    assert [row for chunk in chunks for row in unpacked(chunk)] == rows


def test_a_chunk_is_bounded_by_its_size_too() -> None:
    rows = [["x" * 1_000_000] for _ in range(6)]
    chunks = list(pack(rows))
    assert [len(unpacked(chunk)) for chunk in chunks] == [4, 2]
    assert CHUNK_ROWS == 5_000


def test_conversations_and_what_was_set_aside() -> None:
    talk = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}
    assert row_value(talk) == [["user", "a", "assistant", "b"], None]
    bad = QuarantinedRow(1200, {"text": ""}, "no-text", "there is no text")
    assert quarantined_value(bad, "job j") == ["no-text", "there is no text", "job j, row 1,200", '{\n "text": ""\n}']
    assert quarantined_value(QuarantinedRow(1, "not JSON", "no-row", "m"), "job j")[3] == "not JSON"  # type: ignore[arg-type]

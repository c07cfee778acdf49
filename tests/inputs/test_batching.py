"""Batches are full, in order, and bounded by bytes."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.inputs import InputText, batches


def texts(*values: str) -> list[InputText]:
    return [InputText(value, None, "a.txt", line) for line, value in enumerate(values, 1)]


def test_only_the_last_is_short() -> None:
    assert [len(batch) for batch in batches(iter(texts(*map(str, range(2_500)))))] == [1000, 1000, 500]
    assert list(batches([])) == []


def test_a_batch_of_a_request_holds_at_most_eight_megabytes() -> None:
    long = texts(*("x" * 9_000 for _ in range(2_000)))
    assert [len(batch) for batch in batches(iter(long))] == [888, 888, 224]


def test_a_long_text_goes_alone() -> None:
    assert [len(b) for b in batches(texts("a", "b" * 100, "c", "d"), max_bytes=50)] == [1, 1, 2]


@given(
    st.lists(st.text(st.characters(codec="utf-8"), max_size=40), max_size=40),
    st.integers(1, 9),
    st.integers(1, 200),
)
def test_nothing_is_lost_and_nothing_too_large(values: list[str], items: int, size: int) -> None:
    given_texts = texts(*values)
    made = list(batches(given_texts, items, size))
    assert [one for batch in made for one in batch] == given_texts
    for batch in made:
        body = json.dumps([one.text for one in batch], ensure_ascii=False, separators=(",", ":"))
        assert 1 <= len(batch) <= items
        assert len(batch) == 1 or len(body.encode()) <= size + 200  # escapes of control characters differ a little

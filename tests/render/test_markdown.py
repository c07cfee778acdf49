"""Text in Markdown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.render.markdown import cell, code, list_item


@given(st.text())
def test_code_cannot_be_left(text: str) -> None:
    shown = code(text)
    assert shown[0] == shown[-1] == "`"
    assert "`" not in shown[1:-1]
    assert "\n" not in shown + cell(text)


def test_a_list_item_begins_no_list_of_its_own() -> None:
    assert [list_item(text) for text in ("- a", "+ a", "3. a", "3) a", "a - b")] == [
        "\\- a",
        "\\+ a",
        "3\\. a",
        "3\\) a",
        "a - b",
    ]

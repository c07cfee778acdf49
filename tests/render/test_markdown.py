"""Text in Markdown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.render.markdown import cell, code, list_item


@given(st.text() | st.text("`|\\\\@# a"))
def test_code_cannot_be_left(text: str) -> None:
    """A code span ends at a backtick, and a table's cell at a bar, whatever is before it."""
    shown = code(text)
    assert "\n" not in shown + cell(text)
    if shown.startswith("<code>"):
        assert shown == f"<code>{cell(text)}</code>"
    else:
        assert shown[0] == shown[-1] == "`"
        assert not set("`|") & set(shown[1:-1])


def test_a_bar_after_a_backslash_ends_no_cell() -> None:
    """`\\\\|` in a code span: a backslash, and the end of the cell with the code."""
    assert code("a\\|@all") == "<code>a\\\\\\|@&#8203;all</code>"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("@all", "@&#8203;all"),
        ("a@example.org", "a@&#8203;example.org"),
        ("#12 o/r#12 GH-12", "\\#&#8203;12 o/r\\#&#8203;12 GH-&#8203;12"),
        ("https://e.org", "https:&#8203;//e.org"),
        ("www.e.org", "www&#8203;.e.org"),
        ("WWW.e.org", "WWW&#8203;.e.org"),
        ("![x](y)", "!\\[x\\](y)"),
        ("<!-- <img src=x>", "&lt;!-- &lt;img src=x&gt;"),
        ("&#64;all", "&amp;\\#&#8203;64;all"),
        ("$5", "<span>$</span>5"),
        (":shipit: :+1: a:b", ":&#8203;shipit: :&#8203;+1: a:b"),
        ("!12 %4 ~5 &3 5% a!", "!&#8203;12 %&#8203;4 \\~&#8203;5 &amp;&#8203;3 5% a!"),
        ("12345678" * 5, "1234567&#8203;" + ("12345678" * 5)[7:]),
        ("$\\color{white}x$", "<span>$</span>\\\\color{white}x<span>$</span>"),
        ("a\u202eb\u200bc\nd", "a\\\\u202eb\\\\u200bc\\\\nd"),
    ],
)
def test_nothing_is_mentioned_linked_or_drawn(text: str, shown: str) -> None:
    """GitHub looks for these in the page that Markdown has made, where `&#64;` is a sign again."""
    assert cell(text) == shown


def test_a_list_item_begins_no_list_of_its_own() -> None:
    assert [list_item(text) for text in ("- a", "+ a", "3. a", "3) a", "a - b")] == [
        "\\- a",
        "\\+ a",
        "3\\. a",
        "3\\) a",
        "a - b",
    ]

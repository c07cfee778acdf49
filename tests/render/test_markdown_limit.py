"""Pages that are cut by whole blocks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.render.markdown_limit import MARKDOWN_LIMIT, fitting, folded, rows_left_out, size_of


@given(st.lists(st.lists(st.text("x", max_size=9000), min_size=1, max_size=3), max_size=9), st.integers(0, 50_000))
def test_whole_blocks_fit(blocks: list[list[str]], used: int) -> None:
    kept, left_out = fitting(blocks, used)
    assert kept == [line for block in blocks[: len(blocks) - left_out] for line in block]
    assert not kept or used + size_of(kept) <= MARKDOWN_LIMIT
    if left_out:
        assert used + size_of([*kept, *blocks[-left_out]]) > MARKDOWN_LIMIT


def test_what_is_left_out_is_said() -> None:
    assert rows_left_out(0, "x") == []
    assert rows_left_out(1200, "x") == ["", "… and 1,200 more datasets: run `x` to see them."]
    assert rows_left_out(1, "x") == ["", "… and 1 more dataset: run `x` to see it."]
    assert folded([], 0, "x") == []
    assert folded(["a"], 2, "x")[-2:] == ["", "… the details of 2 datasets are left out: run `x`."]
    assert folded(["a"], 0, "x") == ["", "<details><summary>Details</summary>", "", "a", "</details>"]

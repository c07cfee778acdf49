"""Near-copies are found, in time that grows with the number of texts alone."""

from __future__ import annotations

import time

import pytest

from pioneer_build.model.likeness import Likeness

TEXT = "I was charged twice for the same order last week, and nobody answers my messages."


@pytest.mark.parametrize(
    "copy",
    [
        TEXT.upper(),
        TEXT.replace(",", " -"),
        TEXT.replace("last week", "last month"),
        "Hello! " + TEXT,
        TEXT.removesuffix(" messages."),
    ],
)
def test_near_copies(copy: str) -> None:
    seen = Likeness()
    seen.add(TEXT, "there")
    assert seen.near(copy) == "there"


def test_numbers_are_alike_and_so_are_short_texts_in_another_order() -> None:
    seen = Likeness()
    seen.add("Order 12 is late", "a")
    assert seen.near("order 99 is late!") == "a"
    assert seen.near("late is order 7") == "a"


@pytest.mark.parametrize("other", ["Where is my parcel?", "I was charged twice", "", "¿?"])
def test_other_texts(other: str) -> None:
    seen = Likeness()
    seen.add(TEXT, "there")
    assert seen.near(other) is None


def test_many_texts_with_the_same_beginning_take_no_quadratic_time() -> None:
    def seconds(number: int) -> float:
        seen, began = Likeness(), time.process_time()
        for n in range(number):
            text = f"Dear support team, I would like to know why {' '.join(f'word{n * 31 + k}' for k in range(30))}"
            assert seen.near(text) is None
            seen.add(text, "x")
        return time.process_time() - began

    seconds(200)
    assert seconds(4000) < 12 * max(seconds(1000), 0.02)

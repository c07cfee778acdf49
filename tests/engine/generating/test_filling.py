"""Slots are filled so that what comes out reads like English."""

from __future__ import annotations

import pytest

from pioneer_build.draws import Draw
from pioneer_build.engine.generating.filling import TextPiece, fill, joined, lowered
from pioneer_build.engine.generating.made_up_values import MadeUpValues


class Fixed(MadeUpValues):
    """Values that are given out one after another, whatever the kind."""

    def __init__(self, *values: str) -> None:
        super().__init__(Draw(0))
        self._values = list(values)

    def _make(self, kind: str) -> str:
        return self._values.pop(0)


@pytest.mark.parametrize(
    ("template", "values", "text"),
    [
        ("An {item} and a {item}.", ("desk lamp", "oven"), "A desk lamp and an oven."),
        ("{company} bought {company}.", ("the Guild", "the Bank"), "The Guild bought the Bank."),
        ("Near the {landmark}", ("the Old Mill",), "Near the Old Mill"),
        ("Oslo's {landmark}", ("the Opera House",), "Oslo's Opera House"),
        ("nothing", (), "nothing"),
        ("{city}", ("Oslo",), "Oslo"),
    ],
)
def test_articles(template: str, values: tuple[str, ...], text: str) -> None:
    assert joined(fill(template, Fixed(*values))) == text


def test_a_value_is_a_piece_of_its_own_without_its_article() -> None:
    assert fill("{company} in {city}.", Fixed("the Guild", "Oslo")) == [
        TextPiece("The "),
        TextPiece("Guild", "company"),
        TextPiece(" in "),
        TextPiece("Oslo", "city"),
        TextPiece("."),
    ]


def test_a_slot_may_be_of_another_kind_than_its_name() -> None:
    values = Fixed("A", "B")
    pieces = fill("{x} or {y}", values, {"x": "coined:starship"})
    assert [piece.slot for piece in pieces] == ["coined:starship", "", "y"]
    assert values.seen == [("coined:starship", "A"), ("y", "B")]


@pytest.mark.parametrize(
    ("text", "inside"),
    [("The end", "the end"), ("It's over", "it's over"), ("Oslo is", "Oslo is"), ("I am", "I am"), ("", "")],
)
def test_common_words_lose_their_capital_inside_a_sentence(text: str, inside: str) -> None:
    assert lowered(text) == inside

"""The values of one row."""

from __future__ import annotations

import pytest

from pioneer_build.draws import Draw
from pioneer_build.engine.generating.made_up_values import MadeUpValues, knows


def test_a_row_has_each_value_once() -> None:
    values = MadeUpValues(Draw("row"))
    cities = [values.of("city") for _ in range(20)]
    assert len(set(cities)) == 20
    assert values.seen == [("city", city) for city in cities]


def test_where_there_are_no_more_values_one_is_given_again() -> None:
    values = MadeUpValues(Draw("row"), {"item": ("lamp",)})
    assert [values.of("item") for _ in range(3)] == ["lamp"] * 3


def test_words_that_a_domain_prefers_are_used_instead_of_the_list() -> None:
    preferred = {"item": ("lamp", "desk"), "dish": ()}
    given = {MadeUpValues(Draw("row", n), preferred).of("item") for n in range(40)}
    assert given == {"lamp", "desk"}
    assert MadeUpValues(Draw("row"), preferred).of("dish")


def test_a_label_without_words_gets_names_that_mean_nothing() -> None:
    ships = {MadeUpValues(Draw("row", n)).of("coined:starship") for n in range(400)}
    assert len(ships) == 40
    assert all(name[0].isupper() for name in ships)
    assert ships != {MadeUpValues(Draw("row", n)).of("coined:quest") for n in range(400)}


def test_kinds() -> None:
    assert knows("city")
    assert knows("iban")
    assert not knows("starship")
    with pytest.raises(KeyError):
        MadeUpValues(Draw("row")).of("starship")

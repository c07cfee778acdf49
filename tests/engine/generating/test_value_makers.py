"""Made-up values: of their form, of no person, and found again by the patterns of their kind."""

from __future__ import annotations

import ipaddress
import re

import pytest

from pioneer_build.draws import Draw
from pioneer_build.engine.generating.value_makers import VALUE_MAKERS
from pioneer_build.engine.labelling.checksums import card, iban_length, isbn, us_ssn
from pioneer_build.engine.labelling.patterns import PATTERNS

#: The pattern of each kind that has one under another name.
PATTERN_OF = {"order": "reference", "bigmoney": "money"}


def some(kind: str, count: int = 60) -> list[str]:
    return [VALUE_MAKERS[kind](Draw("value", kind, n)) for n in range(count)]


@pytest.mark.parametrize("kind", sorted(VALUE_MAKERS))
def test_a_value_follows_from_its_draw_and_differs_from_others(kind: str) -> None:
    assert some(kind) == some(kind)
    assert len(set(some(kind))) > 3
    assert all(value == value.strip() and value for value in some(kind))


@pytest.mark.parametrize("kind", sorted(kind for kind in VALUE_MAKERS if PATTERN_OF.get(kind, kind) in PATTERNS))
def test_a_value_with_a_form_is_found_whole(kind: str) -> None:
    pattern = PATTERNS[PATTERN_OF.get(kind, kind)]
    for value in some(kind):
        text = f"It was {value} then."
        assert [text[a:b] for a, b in pattern.find(text)] == [value]


def test_check_digits_are_right() -> None:
    assert all(iban_length(value) == len(value) for value in some("iban"))
    assert all(card(value) for value in some("card"))
    assert all(isbn(value) for value in some("isbn"))
    assert all(us_ssn(value) for value in some("ssn"))
    assert all(ipaddress.ip_address(value) for value in some("ip"))


def test_addresses_are_reserved_ones() -> None:
    assert all(re.search(r"@(?:mail\.)?example\.(?:com|org|net)$", value) for value in some("email"))
    assert all(value.isascii() for value in some("email") + some("mention"))
    assert all(re.search(r"\bexample\.com(?:/|$)", value) for value in some("url") + some("domain"))
    # 555-01xx in America, 020 7946 0xxx in Britain
    assert all(re.search(r"555[- ]01\d\d$|20 7946 0\d{3}$", value) for value in some("phone"))


def test_dates_are_of_this_century() -> None:
    years = {int(year) for value in some("date", 300) for year in re.findall(r"\b\d{4}\b", value)}
    assert years
    assert years <= set(range(2015, 2026))


def test_values_that_were_made_once_are_made_again() -> None:
    # written down once: rows that were built must come out the same in every later version
    kinds = ("person", "company", "money", "date", "email", "phone", "order", "iban", "uuid")
    assert [VALUE_MAKERS[kind](Draw("t", kind, 0)) for kind in kinds] == [
        "René Pozo",
        "Tidewater Analytics",
        "$6,624",
        "09/04/2017",
        "vansha.abreu@example.net",
        "732-555-0153",
        "PO-6208748",
        "GB42NLNJ86866341195464",
        "7f081927-deeb-4e0f-a2d1-5bc3a98ba753",
    ]

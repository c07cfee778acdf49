"""What has a form is found, and nothing that only looks like it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pioneer_build.engine.labelling.patterns import PATTERNS


@pytest.mark.parametrize(
    ("kind", "text", "found"),
    [
        ("email", "Write to ada.l+x@mail.example.org, not to ada@.", ["ada.l+x@mail.example.org"]),
        (
            "url",
            "See https://example.com/a?b=c. Or www.foo.org, e.g. today.",
            ["https://example.com/a?b=c", "www.foo.org"],
        ),
        (
            "phone",
            "Call +44 20 7946 0958 or (555) 123-4567 on 2024-01-31.",
            ["+44 20 7946 0958", "(555) 123-4567"],
        ),
        (
            "iban",
            "DE89 3704 0044 0532 0130 00 ok; DE89 3704 0044 0532 0130 01 not",
            ["DE89 3704 0044 0532 0130 00"],
        ),
        ("card", "4111 1111 1111 1111 is one, 4111 1111 1111 1112 isn't", ["4111 1111 1111 1111"]),
        ("ip", "From 192.168.1.10 and fe80::1, not 300.1.1.1", ["192.168.1.10", "fe80::1"]),
        (
            "money",
            "$1,250.00, 45 USD, two hundred dollars or 5%?",
            ["$1,250.00", "45 USD", "two hundred dollars"],
        ),
        ("percent", "Up 3.5% or ten percent, 10 in all", ["3.5%", "ten percent"]),
        (
            "date",
            "On 3rd of June, 2024-01-31 or last Friday; we may march on.",
            ["3rd of June", "2024-01-31", "last Friday"],
        ),
        ("time", "At 10:30 am. Or 7pm, score 3:1", ["10:30 am", "7pm"]),
        ("reference", "Order 12345678 and ORD-99812 of 2024-01-31", ["12345678", "ORD-99812"]),
        ("reference", "Ticket - 99812, account number -44556, case AB-1234", ["99812", "44556", "AB-1234"]),
        ("version", "v1.2.3 and 2.0.11 came in 2024", ["v1.2.3", "2.0.11"]),
        ("file", "Open /tmp/a.txt and report.pdf, etc.", ["/tmp/a.txt", "report.pdf"]),
        ("ssn", "123-45-6789, not 000-45-6789 or 123-00-6789", ["123-45-6789"]),
    ],
)
def test_patterns(kind: str, text: str, found: list[str]) -> None:
    assert [text[a:b] for a, b in PATTERNS[kind].find(text)] == found


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=80))
def test_patterns_take_any_text(text: str) -> None:
    for pattern in PATTERNS.values():
        spans = list(pattern.find(text))
        assert all(0 <= a < b <= len(text) for a, b in spans)
        assert all(b <= c for (_, b), (c, _) in pairwise(spans))


@pytest.mark.parametrize(
    ("kind", "text", "found"),
    [
        ("mac", "52:58:84:37:57:d9, not 52:58-84:37:57:d9", ["52:58:84:37:57:d9"]),
        ("uuid", "id 7f081927-deeb-4e0f-a2d1-5bc3a98ba753.", ["7f081927-deeb-4e0f-a2d1-5bc3a98ba753"]),
        ("isbn", "ISBN 978-0-306-40615-7, not 978-0-306-40615-8", ["978-0-306-40615-7"]),
        ("bic", "DEUTDEFF500 or COBADEFF, not SOMEWORD", ["DEUTDEFF500", "COBADEFF"]),
        ("hashtag", "#news and #4, a&#x27;", ["#news"]),
        ("mention", "@ada and a@b.org", ["@ada"]),
        ("crypto", "to bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", ["bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"]),
        ("coordinates", "at 59.9139, 10.7522 today", ["59.9139, 10.7522"]),
        ("colour", "#ff8800 on #fff, order #12345", ["#ff8800", "#fff"]),
        ("zip", "NY 10001 and SW1A 1AA, 20000 people", ["10001", "SW1A 1AA"]),
        ("number", "3 of 1,250.5 but v2 and 4%", ["3", "1,250.5"]),
        ("quantity", "5 kg or 10 miles in 3 days", ["5 kg", "10 miles"]),
        ("duration", "two weeks, 3 days ago", ["two weeks"]),
        ("domain", "on example.com, not a@example.com", ["example.com"]),
    ],
)  # fmt: skip
def test_further_patterns(kind: str, text: str, found: list[str]) -> None:
    assert [text[a:b] for a, b in PATTERNS[kind].find(text)] == found


def test_what_was_refused_may_hide_a_candidate_further_right() -> None:
    # the whole run of digits is no card, and a part of it is
    text = "1 4111 1111 1111 1111"
    assert [text[a:b] for a, b in PATTERNS["card"].find(text)] == ["4111 1111 1111 1111"]


def test_only_the_named_part_of_a_match_is_the_span() -> None:
    text = "Please call us: 5551234567 now"
    assert [text[a:b] for a, b in PATTERNS["phone"].find(text)] == ["5551234567"]


def test_blockers_are_patterns_and_trust_is_a_share() -> None:
    for pattern in PATTERNS.values():
        assert set(pattern.blockers) <= set(PATTERNS)
        assert 0 < pattern.score < 1


@pytest.mark.parametrize(
    "text",
    [
        "A " * 20_000,
        "-" * 20_000,
        "a-" * 20_000,
        "1 " * 20_000,
        '"' * 20_000,
        "a." * 20_000,
        "111 " * 50_000,
        "111'" * 50_000,
        "a%" * 100_000,
    ],
)
def test_no_pattern_takes_longer_for_each_character_of_a_long_text(text: str) -> None:
    """A text of hundreds of minutes, were they quadratic: this test would not end."""
    for pattern in PATTERNS.values():
        for _ in pattern.find(text):
            pass

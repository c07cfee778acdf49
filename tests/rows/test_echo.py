"""Texts as a service repeats them, and offsets in them."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.rows import Fault
from pioneer_build.rows.annotation import normalise_annotation
from pioneer_build.rows.echo import is_echo


def nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def nfd(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def entities(text: str, said: str, *found: dict[str, Any]) -> Any:
    item = {"text": said, "entities": [{"label": "x", **one} for one in found]}
    out = normalise_annotation(item, text, "ner", ["x"])
    return out.cause if isinstance(out, Fault) else [(one["text"], one.get("start")) for one in out["entities"]]


def span(said: str, part: str) -> dict[str, Any]:
    start = said.index(part)
    return {"text": part, "start": start, "end": start + len(part)}


@pytest.mark.parametrize(
    ("said", "text", "same"),
    [
        ("a", "a", True),
        ("a", " a\n", True),
        ("\ufeffa\u3000", "a", True),
        (nfd("é"), nfc("é"), True),
        (nfc("é "), nfd(" é"), True),
        ("a", "A", False),
        ("a b", "a  b", False),
        ("e", "é", False),
        ("", "a", False),
        ("\ud800", "a", False),
    ],
)
def test_what_counts_as_an_echo(said: str, text: str, same: bool) -> None:
    assert is_echo(said, text) is same


def test_a_trimmed_echo_shifts_offsets_and_they_are_shifted_back() -> None:
    text = "  Tim met Ada. "
    for said in (text.strip(), text.lstrip(), text.rstrip(), f"\t{text}"):
        assert entities(text, said, span(said, "Tim"), span(said, "Ada")) == [("Tim", 2), ("Ada", 10)]


def test_offsets_in_the_text_as_it_was_sent_are_recognised_by_their_spans() -> None:
    text = "  Tim met Ada. "
    assert entities(text, text.strip(), span(text, "Tim"), span(text, "Ada")) == [("Tim", 2), ("Ada", 10)]


def test_offsets_that_fit_both_texts_at_different_places_are_rejected() -> None:
    assert entities("  aaaa", "aaaa", {"text": "aa", "start": 2, "end": 4}) == "offsets-wrong"
    assert entities("aaaa  ", "aaaa", {"text": "aa", "start": 2, "end": 4}) == [("aa", 2)]


def test_spans_of_another_normal_form_become_the_authors() -> None:
    text = nfc("Zoë saß in Köln, Zoë!")
    said = nfd(text)
    assert entities(text, said, span(said, nfd("Köln"))) == [(nfc("Köln"), 11)]
    assert entities(said, text, span(text, nfc("Köln"))) == [(nfd("Köln"), said.index(nfd("Köln")))]
    assert entities(text, said, {"text": nfd("Köln")}) == [(nfc("Köln"), 11)]
    assert entities(text, said, {"text": nfd("Zoë")}) == [(nfc("Zoë"), None)], "ambiguous, and still the author's"
    assert entities(text, said, {"text": nfd("Zoë")}, {"text": nfd("Zoë")}) == [(nfc("Zoë"), 0), (nfc("Zoë"), 17)]


def test_a_span_that_the_author_has_only_a_part_of_is_rejected() -> None:
    assert entities("né", nfd("né"), {"text": "ne", "start": 0, "end": 2}) == "offsets-wrong"
    hangul = "각"
    assert entities(hangul, nfd(hangul), {"text": nfd(hangul)[:2], "start": 0, "end": 2}) == "offsets-wrong"


def test_offsets_in_other_units_are_those_of_the_echo() -> None:
    text = "  🎈 Tim"
    assert entities(text, text.strip(), {"text": "Tim", "start": 3, "end": 6}) == [("Tim", 4)]


def test_a_span_without_offsets_may_occur_anywhere_as_long_as_it_is_the_same() -> None:
    assert entities(" aXbX" * 3, "aXbX" + " aXbX" * 2, {"text": "X"}) == [("X", None)]
    text = "Ann " * 20_000
    many = [{"text": "Ann"}] * 2000
    assert entities(text, text.rstrip(), *many) == [("Ann", None)] * 2000
    assert entities(nfd("é") * 20_000, nfc("é") * 20_000, *[{"text": "é" * n} for n in range(1, 300)]) == [
        (nfd("é") * n, None) for n in range(1, 300)
    ]


def test_a_span_without_offsets_becomes_the_authors() -> None:
    assert entities("\u212b a \u212b", "\u00c5 a \u00c5", {"text": "\u00c5"}) == [("\u212b", None)]
    assert entities("a \u212b \u00c5", "a \u00c5 \u00c5", {"text": "\u00c5"}) == "offsets-wrong"


def test_classes_need_no_offsets() -> None:
    assert normalise_annotation({"text": "a", "label": "x"}, " a", "classification", ["x"]) == {"label": "x"}
    other = normalise_annotation({"text": "b", "label": "x"}, " a", "classification", ["x"])
    assert isinstance(other, Fault)
    assert other.cause == "other-text"
    assert entities("a", "b") == "other-text"


_PIECES = st.sampled_from(
    ["a", "b", " ", "\n", "\u00a0", "é", nfd("é"), "\u1e69", "s\u0323\u0307", "s\u0307\u0323", "각", nfd("각"),
     "가\u11a8", "\u0f73", "\u212b", "\u09c7\u09be", "\u2000", "🎈", "\u0301", "\ufeff"]
)  # fmt: skip


@given(st.lists(_PIECES, min_size=1, max_size=12), st.booleans(), st.booleans(), st.booleans(), st.data())
def test_a_mapped_span_is_never_another(
    pieces: list[str], decomposed: bool, left: bool, right: bool, data: st.DataObject
) -> None:
    text = "".join(pieces)
    said = nfd(text) if decomposed else nfc(text)
    said = said.lstrip() if left else said
    said = said.rstrip() if right else said
    assert is_echo(said, text)
    if not said.strip():
        return
    start = data.draw(st.integers(0, len(said) - 1))
    end = data.draw(st.integers(start + 1, len(said)))
    found = {"text": said[start:end], "label": "x", "start": start, "end": end}
    out = normalise_annotation({"text": said, "entities": [found]}, text, "ner", ["x"])
    if isinstance(out, Fault):
        assert out.cause in ("offsets-wrong", "empty-span")
        return
    (entity,) = out["entities"]
    assert text[entity["start"] : entity["end"]] == entity["text"]
    assert nfc(entity["text"]) == nfc(said[start:end])
    # what stands before the span is the same too, so that it is the same place
    white = " \n\u00a0\u2000\u2002\ufeff"
    assert nfc(text[: entity["start"]]).lstrip(white) == nfc(said[:start]).lstrip(white)

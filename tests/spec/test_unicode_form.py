"""Normal forms: those of Python, without its time for texts of marks."""

from __future__ import annotations

import re
import sys
import unicodedata
from typing import TYPE_CHECKING, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.rows.annotation import normalise_annotation
from pioneer_build.rows.normal_form import text_key
from pioneer_build.spec import unicode_form
from pioneer_build.spec.fingerprint import definition_of
from pioneer_build.spec.model import Spec
from pioneer_build.spec.unicode_form import is_mark, nfc, nfd

if TYPE_CHECKING:
    from collections.abc import Callable

#: Marks of many classes, some that decompose, and some that others are composed with.
MARKS = "\u0301\u0316\u0344\u0345\u0f73\u0f75\u0f81\u0f71\u0f72\u0334\u302a\u05b0\u064b\u093c\u3099\u0338\U0001d165"
OTHERS = "ae=\u00e9\u1ea5\u2260\u1100\u1161\u11a8\uac00\u0958\u212b\uf900\U0001f600\u2550 \n\u09c7\u09be"
LONG = unicode_form._LONG_RUN


@given(st.text() | st.text(MARKS) | st.text(MARKS + OTHERS), st.text(MARKS, max_size=300), st.text(OTHERS + MARKS))
def test_the_same_as_python(before: str, run: str, after: str) -> None:
    for text in (before + run + after, (before + run) * 9, before + run * 9 + after):
        assert nfc(text) == unicodedata.normalize("NFC", text)
        assert nfd(text) == unicodedata.normalize("NFD", text)


@given(st.lists(st.characters(), min_size=LONG, max_size=3 * LONG))
def test_the_same_of_any_run(chars: list[str]) -> None:
    text = "".join(chars)
    assert nfc(text) == unicodedata.normalize("NFC", text)


def test_every_mark_of_unicode_is_seen() -> None:
    run = re.compile(unicode_form._RUN)
    for code in range(sys.maxunicode + 1):
        char = chr(code)
        first = unicodedata.normalize("NFD", char)[0]
        mark = unicodedata.combining(char) != 0 or unicodedata.combining(first) != 0
        assert is_mark(char) == mark, hex(code)
        if mark:
            assert run.fullmatch(char * LONG), hex(code)


def steps_of(text: str) -> int:
    """Python's steps to sort the marks of `text`, at most: one of a class is moved over all before it in its run."""
    steps = length = 0
    last = 0
    for char in unicodedata.normalize("NFD", text) if len(text) == 1 else text:
        kind = unicodedata.combining(char)
        steps += length if 0 < kind < last else 0
        length, last = (length + 1, max(kind, last)) if kind else (0, 0)
    return steps


def _by_row(text: str) -> None:
    text_key({"text": text, "label": "a"})


def _by_spec(text: str) -> None:
    definition_of(Spec("d", "classification", labels=(text,), num_examples=1, domain_description=text))


@pytest.mark.parametrize("use", [nfc, nfd, _by_row, _by_spec])
@pytest.mark.parametrize("unit", ["\u0301\u0316", "\u0344\u0316", "\u0f75\u0301\u0316", "\u0316" * 9 + "\u0334"])
def test_marks_out_of_order_take_few_steps(
    use: Callable[[str], object], unit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 400 kB: Python would take ten thousand million steps, which no signal ends."""
    steps = 0
    normalize = unicodedata.normalize

    def counted(form: Literal["NFC", "NFD"], text: str) -> str:
        nonlocal steps
        steps += steps_of(text)
        assert steps < 4_000_000
        return normalize(form, text)

    monkeypatch.setattr(unicode_form, "normalize", counted)
    use("a " + unit * (200_000 // len(unit)))


def test_offsets_in_an_echo_of_marks_are_mapped_in_few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []

    def counted(text: str) -> str:
        compared.append(len(text))
        return nfc(text)

    monkeypatch.setattr("pioneer_build.rows.echo.nfc", counted)
    for marks in ("\u0301\u0316" * 2000, "\u0f73" * 4000):
        text = f"Tim e{marks} met Ada"
        said = nfc(text)
        assert said != text
        compared.clear()
        item = {"text": said, "entities": [{"text": "Tim", "label": "x", "start": 0, "end": 3}]}
        assert isinstance(normalise_annotation(item, text, "ner", ["x"]), dict)
        assert sum(compared) < 50 * len(text)

"""Finding the keys of the environment in what is about to be sent or written."""

from __future__ import annotations

import base64

import pytest

from pioneer_build.keys.search import KeySearch

KEY = "pio_sk_Zx81/never+shown"
OTHER = "fst-0123456789"


def test_each_key_in_each_spelling_has_its_line() -> None:
    keys = KeySearch({"PIONEER_API_KEY": KEY, "FASTINO_API_KEY": OTHER})
    assert keys
    assert keys.line_in(b"one\ntwo\n") is None
    for text in (KEY, OTHER, base64.b64encode(KEY.encode()).decode(), "".join(f"\\x{ord(c):02x}" for c in OTHER)):
        for before in range(4):
            data = ("good\n" * before + f"about {text}.\nmore\n").encode()
            assert (keys.occurs_in(data), keys.line_in(data)) == (True, before + 1), text


def test_a_key_on_two_lines_ends_on_the_second() -> None:
    keys = KeySearch({"PIONEER_API_KEY": KEY})
    assert keys.line_in(f"x\n  {KEY[:9]}\n  {KEY[9:]}\n".encode()) == 3


@pytest.mark.parametrize("environ", [{}, {"PIONEER_API_KEY": " "}, {"PIONEER_API_KEY": "anything"}, {"OTHER": KEY}])
def test_what_is_no_key_is_found_nowhere(environ: dict[str, str]) -> None:
    keys = KeySearch(environ)
    assert not keys
    assert not keys.occurs_in(f"anything {KEY}".encode())


def test_no_key_in_its_representation() -> None:
    assert KEY not in repr(KeySearch({"PIONEER_API_KEY": KEY}))

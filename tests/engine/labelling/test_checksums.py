"""Check digits."""

from __future__ import annotations

from pioneer_build.engine.labelling.checksums import card, iban_length, isbn, luhn


def test_check_digits() -> None:
    assert luhn("4539 1488 0343 6467")
    assert not card("0000 0000 0000 0000")
    assert iban_length("GB29NWBK60161331926819 and more") == 22
    assert isbn("978-0-306-40615-7")
    assert isbn("0-306-40615-2")
    assert not isbn("978-0-306-40615-8")

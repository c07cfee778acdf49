"""Check digits."""

from __future__ import annotations

import pytest

from pioneer_build.engine.labelling.checksums import card, iban_length, ip_address, isbn, luhn, us_ssn


def test_check_digits() -> None:
    assert luhn("4539 1488 0343 6467")
    assert not card("0000 0000 0000 0000")
    assert iban_length("GB29NWBK60161331926819 and more") == 22
    assert isbn("978-0-306-40615-7")
    assert isbn("0-306-40615-2")
    assert not isbn("978-0-306-40615-8")


@pytest.mark.parametrize("number", ["4111111111111111", "5500 0000 0000 0004", "3400-000000-00009"])
def test_a_digit_that_is_wrong_is_noticed(number: str) -> None:
    assert card(number)
    place = number.index("0" if "0" in number else "1")
    for digit in "0123456789":
        if digit != number[place]:
            assert not luhn(number[:place] + digit + number[place + 1 :])


def test_cards_begin_as_those_of_a_network_and_are_long_enough() -> None:
    assert luhn("9111111111111111") == luhn("9111 1111 1111 1111")
    assert not card("9000000000000001")
    assert not card("4" + "0" * 9)


def test_where_an_iban_ends() -> None:
    assert iban_length("DE89 3704 0044 0532 0130 00 and") == 27
    assert iban_length("de89370400440532013000") == 22
    assert iban_length("DE89370400440532013001") == 0
    assert iban_length("DE893704004405320130001") == 0
    assert iban_length("XX89370400440532013000") == 0
    assert iban_length("DE89") == 0


def test_addresses_and_numbers_that_are_given_out() -> None:
    assert ip_address("192.168.1.10")
    assert ip_address("fe80::1")
    assert not ip_address("300.1.1.1")
    assert us_ssn("123-45-6789")
    for never in (
        "000-45-6789",
        "666-45-6789",
        "900-45-6789",
        "123-45-0000",
        "123-00-6789",
        "123 00 6789",
        "123006789",
    ):
        assert not us_ssn(never)
    assert isbn("080442957X")
    assert not isbn("0804429570")
    assert not isbn("12345")

"""Check digits: distinguish a card number from any sixteen digits."""

from __future__ import annotations

import ipaddress

#: Length of an IBAN by country (ISO 13616 registry).
_COUNTRIES = {
    15: "NO",
    16: "BE",
    18: "DK FI FO GL NL",
    19: "MK SI",
    20: "AT BA EE KZ LT LU XK",
    21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA",
    23: "AE GI IL IQ TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "PT ST",
    26: "IS TR",
    27: "FR GR IT MC MR SM",
    28: "AL AZ BY CY DO GT HU LB PL SV",
    29: "BR EG PS QA UA",
    30: "JO KW MU",
    31: "MT SC",
    32: "LC",
}
IBAN_LENGTH = {country: length for length, countries in _COUNTRIES.items() for country in countries.split()}


def luhn(text: str) -> bool:
    """Whether `text` ends in the right Luhn check digit (cards, IMEI)."""
    digits = [int(char) for char in text if char.isdigit()]
    total = 0
    for i, digit in enumerate(reversed(digits)):
        doubled = digit * 2 if i % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return len(set(digits)) > 1 and total % 10 == 0


def card(text: str) -> bool:
    """Whether it is the number of a payment card: 12 to 19 digits, a network's prefix, a Luhn check digit."""
    digits = "".join(char for char in text if char.isdigit())
    return 12 <= len(digits) <= 19 and (digits[0] in "23456" or digits[:4] == "1800") and luhn(digits)


def iban_length(text: str) -> int:
    """The number of characters of the IBAN at the start of `text` (ISO 13616, mod 97); 0 if there is none."""
    wanted = IBAN_LENGTH.get(text[:2].upper(), 0)
    compact = ""
    for end, char in enumerate(text, 1):
        if char.isalnum():
            compact += char.upper()
        if wanted and len(compact) == wanted:
            moved = compact[4:] + compact[:4]
            valid = int("".join(str(int(digit, 36)) for digit in moved)) % 97 == 1
            return end if valid and not text[end : end + 1].isalnum() else 0
    return 0


def isbn(text: str) -> bool:
    """Whether it is an ISBN-10 or ISBN-13."""
    compact = "".join(char for char in text if char.isalnum()).upper().removeprefix("ISBN")
    if len(compact) == 13 and compact.isdigit():
        return sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(compact)) % 10 == 0
    if len(compact) == 10 and compact[:9].isdigit() and (compact[9].isdigit() or compact[9] == "X"):
        values = [10 if char == "X" else int(char) for char in compact]
        return sum(value * (10 - i) for i, value in enumerate(values)) % 11 == 0
    return False


def ip_address(text: str) -> bool:
    """Whether it is an IPv4 or IPv6 address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def us_ssn(text: str) -> bool:
    """Whether area, group and serial are valid (no 000, 666 or 9xx; no 00; no 0000)."""
    digits = "".join(char for char in text if char.isdigit())  # 123-45-6789, 123 45 6789 or 123456789
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return area not in {"000", "666"} and area[0] != "9" and group != "00" and serial != "0000"

"""Check digits: what tells a card number from any sixteen digits."""

from __future__ import annotations

import ipaddress

#: Length of an IBAN by country (ISO 13616 registry).
IBAN_LENGTH = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28,
    "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18,
    "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22,
    "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20,
    "LU": 20, "LV": 21, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15,
    "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SE": 24, "SI": 19,
    "SK": 24, "SM": 27, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
}  # fmt: skip


def luhn(text: str) -> bool:
    """Whether the digits of `text` end in Luhn's check digit (cards, IMEI)."""
    digits = [int(char) for char in text if char.isdigit()]
    total = 0
    for i, digit in enumerate(reversed(digits)):
        doubled = digit * 2 if i % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return len(set(digits)) > 1 and total % 10 == 0


def card(text: str) -> bool:
    """Whether it is a payment card's number: 12 to 19 digits that begin like a network's and pass Luhn."""
    digits = "".join(char for char in text if char.isdigit())
    return 12 <= len(digits) <= 19 and (digits[0] in "23456" or digits[:4] == "1800") and luhn(digits)


def iban_length(text: str) -> int:
    """How many characters of `text` are an IBAN (ISO 13616, mod 97); 0 where it doesn't begin with one."""
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
    """Whether area, group and serial are ones that are given out (no 000, 666 or 9xx; no 00; no 0000)."""
    area, group, serial = text[:3], text[-6:-4], text[-4:]
    return area not in {"000", "666"} and area[0] != "9" and group != "00" and serial != "0000"

"""How many values a JSON text has, before it is parsed: `[],` takes three bytes, and twenty times that as a value."""

from __future__ import annotations

import re

#: A string, whether it ends or not, or what begins a further value.
_PART = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[,\[{]', re.DOTALL)
_QUOTE = 0x22


def values_in(body: bytes) -> int:
    """How many values the JSON `body` has at most. What its strings contain counts as well."""
    return 1 + body.count(b",") + body.count(b"[") + body.count(b"{")


def has_more_values(body: bytes, most: int) -> bool:
    """Whether the JSON `body` has more than `most` values. Strings are passed over, as they may be full of commas.

    A text that can't be JSON, because it has more strings than values could be, counts as one that has.
    """
    if values_in(body) <= most:
        return False
    values, strings = 1, 0
    for part in _PART.finditer(body):
        if body[part.start()] == _QUOTE:
            strings += 1
        else:
            values += 1
        if values > most or strings > 2 * most:  # each may be a value or the key of one
            return True
    return False

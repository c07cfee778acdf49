"""The ways in which one character may be escaped: one table, for the search and for the quick look before it.

What the search is to find is added here, so that the quick look can't miss it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Escape(NamedTuple):
    """An escape with the code of a character in it. All but `digits` are patterns.

    Zeros and repetitions are bounded, so that what is found has at most `LONGEST` characters.
    """

    #: Its first character, for a set.
    first: str
    #: What stands between that and the code.
    before: str
    #: How the code is written: `02x`, `x` or `d`.
    digits: str
    #: What may end it.
    after: str = ""


#: A percent sign may be escaped as often, and its escape, and so on.
_MOST_PERCENT: Final = 8
PERCENT: Final = Escape("%", f"(?:25){{0,{_MOST_PERCENT}}}", "02x")
ESCAPES: Final = (
    PERCENT,
    Escape("uU", r"\{?0{0,6}", "x", r"\}?"),
    Escape("xX", "", "02x"),
    Escape("&", "#[xX]0{0,6}", "x", ";?"),
    Escape("&", "#0{0,7}", "d", ";?"),
    Escape("=", "", "02x"),
)
#: Characters that HTML has names for.
ENTITIES: Final = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}
LONGEST: Final = 20

#: The beginning of the code of a character.
_BEGUN: Final = {"02x": "[0-9a-fA-F]?", "x": "[0-9a-fA-F]{0,2}", "d": "[0-9]{0,3}"}


def escaped(codes: Iterable[int], escapes: Iterable[Escape] = ESCAPES) -> list[str]:
    """Patterns for a character with any of these codes, in each way in which it may be escaped."""
    every = tuple(codes)
    # each begins with a character, not with a set: a search passes over all others at once
    return [
        f"{first}{one.before}(?i:{'|'.join(f'{code:{one.digits}}' for code in every)}){one.after}"
        for one in escapes
        for first in one.first
    ]


def last_escaped(nexts: Mapping[str, set[str]], escapes: Iterable[Escape]) -> str:
    """A pattern for the last escaped character of a spelling, with what follows it. Any spelling with an escape has it.

    Few escapes in other texts are of a character of the key, and followed by the next one.

    Args:
        nexts: for each character, all that may follow it, each as it is; "" if it may be the last one.
        escapes: the ways in which one may be escaped.
    """
    after = {char: "" if "" in some else f"[{re.escape(''.join(sorted(some)))}]" for char, some in nexts.items()}
    each: dict[str, list[str]] = {}
    for one in escapes:
        ends = "|".join(f"(?i:{ord(char):{one.digits}}){one.after}{end}" for char, end in after.items())
        for first in one.first:
            each.setdefault(first, []).append(f"{one.before}(?:{ends})")
    if "&" in each:
        each["&"] += [f"{ENTITIES[char]};?{end}" for char, end in after.items() if char in ENTITIES]
    # each begins with a character: a search passes over all others at once
    return "|".join(f"{first}(?:{'|'.join(some)})" for first, some in each.items())


#: The beginning of an escape, up to the end of the text. Not each has to be of one character.
BEGUN: Final = "|".join(
    (
        *(f"[{one.first}](?:{one.before}{_BEGUN[one.digits]})?" for one in ESCAPES),
        "u[0-9a-fA-F]{0,3}",  # of a gap
        "&#",
        rf"&[a-z]{{0,{max(map(len, ENTITIES.values()))}}}",
    )
)

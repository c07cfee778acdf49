"""The ways in which one character may be escaped: one table, for the search and for the quick look before it.

What the search is to find is added here, so that the quick look can't miss it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


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

_HEX: Final = "(?:2[1-9a-fA-F]|[3-6][0-9a-fA-F]|7[0-9a-eA-E])"
#: The code of any character that a key may have: printable ASCII.
_ANY: Final = {"02x": _HEX, "x": _HEX, "d": "(?:3[3-9]|[4-9][0-9]|1[01][0-9]|12[0-6])"}
#: The beginning of such a code.
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


def any_escaped(escapes: Iterable[Escape] = ESCAPES) -> str:
    """A pattern for any character that is escaped in any of the ways.

    It begins with a set of characters, and goes on with another one: nearly all of a text is passed over at once.
    """
    firsts = "".join(dict.fromkeys("".join(one.first for one in escapes)))
    each = [f"(?<=[{one.first}]){one.before}{_ANY[one.digits]}" for one in escapes]
    if "&" in firsts:
        each.append(f"(?<=&)(?:{'|'.join(ENTITIES.values())})")
    return f"[{firsts}](?:{'|'.join(each)})"


#: The beginning of an escape, up to the end of the text. Not each has to be of one character.
BEGUN: Final = "|".join(
    (
        *(f"[{one.first}](?:{one.before}{_BEGUN[one.digits]})?" for one in ESCAPES),
        "u[0-9a-fA-F]{0,3}",  # of a gap
        "&#",
        rf"&[a-z]{{0,{max(map(len, ENTITIES.values()))}}}",
    )
)

"""What messages have in common: counts with their noun, durations, text made safe to show, the word that was meant.

Pure, and imports nothing: a plan with nothing to do comes by here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: Words longer than this are no typing mistakes of ours; comparing them costs time for nothing.
_LONGEST = 100
#: Those of Unicode's spaces (category Zs) that Python calls unprintable.
_SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
#: Who finds many wrong words among many valid ones guesses for so many of them only.
MAX_GUESSES = 50


def nearest(word: str, valid: Iterable[str]) -> str | None:
    """The one of `valid` that `word` was probably meant to be, or None where nothing is close.

    Close is up to a third of the letters wrong, missing, too many or swapped; letter case, and `-` or a
    space for `_`, are free. Of two equally close the first in order of `valid` wins.
    """
    if not word or len(word) > _LONGEST:
        return None
    plain, valid = _plain(word), tuple(valid)
    best: str | None = None
    best_distance = max(1, (len(plain) + 1) // 3) + 1
    for candidate in valid:
        if len(candidate) > _LONGEST:
            continue
        other = _plain(candidate)
        # one letter of one or two is no likeness
        limit = min(best_distance - 1, max(len(plain), len(other)) - 2 if plain != other else 0)
        if limit < 0 or abs(len(other) - len(plain)) > limit:
            continue
        distance = _distance(plain, other, limit)
        if distance <= limit:
            best, best_distance = candidate, distance
    return best or _begun(plain, valid)


def _begun(plain: str, valid: Sequence[str]) -> str | None:
    """The only one that begins as `plain` does, which must be a few letters."""
    longer = [candidate for candidate in valid if _plain(candidate).startswith(plain)] if len(plain) > 3 else []
    return longer[0] if len(longer) == 1 else None


def _plain(word: str) -> str:
    return word.casefold().replace("-", "_").replace(" ", "_")


def _distance(a: str, b: str, limit: int) -> int:
    """Letters more, less, replaced or swapped (optimal string alignment); past `limit` just more than it."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row, older = row, [i], before
        for j, y in enumerate(b, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > limit and min(last) > limit:
            return limit + 1
        before = last
    return row[-1]


def count(number: int, noun: str, plural: str | None = None) -> str:
    """How many there are of something: `1 row`, `2,000 rows`.

    Args:
        number: how many.
        noun: what one of them is called.
        plural: what several are called, where that isn't `noun` and an s: `entries`.
    """
    return f"{number:,} {noun_for(number, noun, plural)}"


def noun_for(number: int, noun: str, plural: str | None = None) -> str:
    """The noun alone, for a number that is written in another way.

    Args:
        number: how many.
        noun: what one of them is called.
        plural: as for `count`.
    """
    return noun if number == 1 else plural or f"{noun}s"


def duration(seconds: float) -> str:
    """How long something takes, in the two largest units that matter: `90 s`, `5 min`, `2 h 5 min`, `3 days`."""
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 120:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"
    return count(round(minutes / 60 / 24), "day")


def visible(text: str) -> str:
    """`text` with control characters escaped, so that what a spec or service says can't steer a terminal.

    Also what a terminal hides, or shows in another order; spaces of whatever width stay.
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or char in _SPACES else char.encode("unicode_escape").decode() for char in text
    )

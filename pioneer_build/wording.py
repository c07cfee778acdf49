"""Parts of messages: counts with their noun, durations, the nearest valid word.

Pure, and imports nothing that click doesn't, because a plan with nothing to do imports it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

#: The reason of a job that counts as failed because the user gave it up. Compared with stored reasons: never change it.
GIVEN_UP = "given up by the user"
#: The beginning of the reason of a job that was ready, and whose rows were never received. Never change it either.
ROWS_GONE = "its rows are gone from the service"
#: What helps where only another machine has rows or annotations.
SHARED_STORE = "set `store:` in pioneer.yaml to a folder shared by the team"
#: Actions of a plan that are a state, not something to do: `3 blocked`, but `3 to create`.
STATE_OF_ACTION: Mapping[str, str] = {
    "resume": "waiting for an open job",
    "reconcile": "with unknown outcome",
    "blocked": "blocked",
}
#: Words longer than this are not typing mistakes, and take long to compare.
_LONGEST = 100
#: A word is compared with at most this many others of about its length, letter by letter.
_MOST_COMPARED = 5000
#: Callers that find many wrong words look for the nearest valid one only for this many of them.
MAX_GUESSES = 20


def nearest(word: str, valid: Iterable[str]) -> str | None:
    """The one of `valid` that `word` was probably meant to be, or None if none is close.

    Close means that up to a third of the letters are wrong, missing, added or swapped. Letter case doesn't count, and
    neither does `-` or a space instead of `_`. Of two equally close words, the first one in `valid` wins.
    """
    if not word or len(word) > _LONGEST:
        return None
    plain, valid = _plain(word), tuple(valid)
    best: str | None = None
    best_distance = max(1, (len(plain) + 1) // 3) + 1
    compared = 0
    for candidate in valid:
        if len(candidate) > _LONGEST:
            continue
        other = _plain(candidate)
        # at least two letters must agree
        limit = min(best_distance - 1, max(len(plain), len(other)) - 2 if plain != other else 0)
        if limit < 0 or abs(len(other) - len(plain)) > limit:
            continue
        compared += 1
        if compared > _MOST_COMPARED:
            break
        distance = _distance(plain, other, limit)
        if distance <= limit:
            best, best_distance = candidate, distance
    return best or _begun(plain, valid)


def _begun(plain: str, valid: Sequence[str]) -> str | None:
    """The only one that starts with `plain`; None if `plain` has three letters or fewer."""
    longer = [candidate for candidate in valid if _plain(candidate).startswith(plain)] if len(plain) > 3 else []
    return longer[0] if len(longer) == 1 else None


def _plain(word: str) -> str:
    return word.casefold().replace("-", "_").replace(" ", "_")


def _distance(a: str, b: str, limit: int) -> int:
    """Letters added, missing, replaced or swapped (optimal string alignment); above `limit`, some number above it."""
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
    """A number with its noun: `1 row`, `2,000 rows`.

    Args:
        number: how many.
        noun: in the singular.
        plural: of the noun, if it isn't `noun` and an s: `entries`.
    """
    return f"{number:,} {noun_for(number, noun, plural)}"


def noun_for(number: int, noun: str, plural: str | None = None) -> str:
    """Only the noun, for a number that is written differently.

    Args:
        number: how many.
        noun: in the singular.
        plural: as for `count`.
    """
    return noun if number == 1 else plural or f"{noun}s"


def duration(seconds: float) -> str:
    """A duration in units that people use: `90 s`, `5 min`, `1 h 30 min`, `3 days 4 h`, `400 days`."""
    whole = round(seconds)
    if whole < 120 and whole != 60:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"
    hours = round(minutes / 60)
    if hours < 10 * 24:
        days = count(hours // 24, "day")
        return f"{days} {hours % 24} h" if hours % 24 else days
    return count(round(hours / 24), "day")


def few(names: Sequence[str], most: int = 10) -> str:
    """`a, b, c`: names in a list, of which the first ones are named and the others counted.

    Args:
        names: in the order in which they are shown.
        most: how many are named.
    """
    more = f" and {count(len(names) - most, 'other')}" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def quoted(names: Iterable[str]) -> str:
    """`'a' and 'b'`: names in a sentence."""
    return " and ".join(f"'{name}'" for name in names)


def money_text(amount: float, currency: str | None) -> str:
    """An amount of money, with more digits the smaller it is.

    Args:
        amount: in units of the currency.
        currency: its name, if that is said.
    """
    number = f"{amount:,.2f}" if amount >= 1 or not amount else f"{amount:.4f}"
    return f"{number} {currency}" if currency else number


def spent_text(read: int, written: int, amount: float | None = None, currency: str | None = None) -> str:
    """Tokens of a language model, and what they cost: `1,200 tokens in and 300 out, 0.0012 EUR`.

    Args:
        read: how many tokens it read.
        written: how many it wrote.
        amount: what they cost; `None` if there are no prices.
        currency: its name, if that is said.
    """
    text = f"{count(read, 'token')} in and {written:,} out"
    return text if amount is None else f"{text}, {money_text(amount, currency)}"

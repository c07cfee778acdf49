"""Counts and causes as parts of sentences.

The sentences are stored, and files with them have digests. Their numbers have no thousands separators.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.rows import CAUSES
from pioneer_build.wording import noun_for

if TYPE_CHECKING:
    from pioneer_build.rows import Cause


def counted(number: int, noun: str) -> str:
    """A number with its noun: `1 row`, `2000 rows`."""
    return f"{number} {noun_for(number, noun)}"


def are(number: int) -> str:
    """`is` for one, otherwise `are`."""
    return "is" if number == 1 else "are"


def repeated(duplicates: int, rows: int) -> str:
    """`3 of 20 rows are duplicates`; `1 of 20 rows is a duplicate`."""
    return f"{duplicates} of {counted(rows, 'row')} {'is a duplicate' if duplicates == 1 else 'are duplicates'}"


def phrase(cause: Cause, count: int) -> str:
    """The predicate for rows with this cause, to follow their number: `have no text`; `has no text` for one."""
    words = CAUSES[cause]
    if count != 1:
        return words
    verb, _, rest = words.partition(" ")
    return f"{ {'have': 'has', 'are': 'is'}.get(verb, verb + ('es' if verb.endswith('x') else 's')) } {rest}"

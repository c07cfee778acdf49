"""Counts and causes in the sentences of checks.

The sentences are kept with what they are about, and have digests: their numbers stay without separators.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.rows import CAUSES
from pioneer_build.wording import noun_for

if TYPE_CHECKING:
    from pioneer_build.rows import Cause


def counted(number: int, noun: str) -> str:
    """How many there are: `1 row`, `2000 rows`."""
    return f"{number} {noun_for(number, noun)}"


def phrase(cause: Cause, count: int) -> str:
    """What so many rows of one cause do, after their number: `have no text`; `has no text` for one."""
    words = CAUSES[cause]
    if count != 1:
        return words
    verb, _, rest = words.partition(" ")
    return f"{ {'have': 'has', 'are': 'is'}.get(verb, verb + ('es' if verb.endswith('x') else 's')) } {rest}"

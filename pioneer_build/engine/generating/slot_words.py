"""Words for slots: the lists in `data/vocabulary.txt`."""

from __future__ import annotations

from functools import cache

from pioneer_build.engine.word_lists import lines


@cache
def slot_words() -> dict[str, tuple[str, ...]]:
    """The words of each list, by the name used in slots."""
    words = {}
    for line in lines("vocabulary.txt"):
        kind, _, rest = line.partition(":")
        words[kind] = tuple(word.strip() for word in rest.split("; "))
    return words

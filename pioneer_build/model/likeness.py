"""Finds near-copies among many texts, in time that grows with their number alone.

Texts are compared by their runs of three words. Those that may be alike are found by the smallest digests of these
runs: texts that share most of their runs share some of the smallest.
"""

from __future__ import annotations

import re
from typing import Final
from zlib import crc32

_WORD: Final = re.compile(r"\w+")
_RUN: Final = 3
#: Digests of a text that others are found by, and others that are compared with it by one of them.
_SMALLEST, _MOST_COMPARED = 8, 16
#: The share of runs that two near-copies have in common.
_NEAR: Final = 0.6


class Likeness:
    """Texts, each with a word for where it is from."""

    def __init__(self) -> None:
        self._same: dict[str, str] = {}
        self._runs: list[tuple[frozenset[int], str]] = []
        self._found_by: dict[int, list[int]] = {}

    def add(self, text: str, origin: str) -> None:
        """Adds a text that later ones must differ from."""
        words = _words(text)
        self._same.setdefault(" ".join(sorted(words)), origin)
        runs = _runs(words)
        for digest in sorted(runs)[:_SMALLEST]:
            places = self._found_by.setdefault(digest, [])
            if len(places) < _MOST_COMPARED:
                places.append(len(self._runs))
        self._runs.append((runs, origin))

    def near(self, text: str) -> str | None:
        """Where the first text is from that this is a near-copy of; `None` if there is none."""
        words = _words(text)
        if (origin := self._same.get(" ".join(sorted(words)))) is not None:
            return origin
        runs = _runs(words)
        places = {place for digest in sorted(runs)[:_SMALLEST] for place in self._found_by.get(digest, ())}
        for place in sorted(places):
            others, origin = self._runs[place]
            if len(runs & others) >= _NEAR * len(runs | others):
                return origin
        return None


def _words(text: str) -> list[str]:
    """The words of a text; numbers are alike."""
    return ["0" if word.isdigit() else word for word in _WORD.findall(text.casefold())]


def _runs(words: list[str]) -> frozenset[int]:
    runs = (" ".join(words[at : at + _RUN]) for at in range(len(words) - _RUN + 1))
    return frozenset(crc32(run.encode("utf-8", "surrogatepass")) for run in runs)

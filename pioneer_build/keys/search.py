"""Searches what is about to be sent or written for the keys in the environment."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from pioneer_build.keys import keys_in
from pioneer_build.keys.spellings import KeySpellings

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What is wrong with a line that has a key, and what to do.
HAS_KEY: Final = "contains the API key"
REMOVE_IT: Final = "remove it; if others may have seen it, revoke the key, too"


class KeySearch:
    """Finds the keys of `environ`, in all spellings. One that may be a word of any text, such as `anything`, is none.

    It is false if there is no key to find.
    """

    __slots__ = ("_keys",)

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        found = [KeySpellings(key) for key in keys_in(environ)]
        self._keys = tuple(key for key in found if not key.guessable)

    def __repr__(self) -> str:
        return "KeySearch(…)"

    def __bool__(self) -> bool:
        return bool(self._keys)

    def occurs_in(self, data: bytes) -> bool:
        """Whether a key is in `data`."""
        return any(key.occurs_in_bytes(data) for key in self._keys)

    def line_in(self, data: bytes) -> int | None:
        """The line of `data`, from 1, in which the first key ends; `None` if there is no key."""
        if not self.occurs_in(data):
            return None
        lines = data.split(b"\n")
        without, within = 0, len(lines)
        while within - without > 1:
            middle = (without + within) // 2
            if self.occurs_in(b"\n".join(lines[:middle])):
                within = middle
            else:
                without = middle
        return within

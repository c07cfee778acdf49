"""The engine's own sentences, read from `data/`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from pioneer_build.engine.word_lists import lines

#: A slot: a name in braces.
SLOT = re.compile(r"\{(\w+)\}")
_BLOCK = re.compile(r"\[(?P<first>[^\]]+)\]\s*(?P<rest>.*)")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence with `{slots}`. `field` and `topic` are the names of its block."""

    text: str
    field: str
    topic: str

    @property
    def slots(self) -> tuple[str, ...]:
        """The names of its slots, in order."""
        return tuple(SLOT.findall(self.text))


@cache
def sentences(name: str) -> tuple[Sentence, ...]:
    """The sentences of the file `name` in `data/`, whose blocks begin with `[field] topic`."""
    found = []
    field = topic = ""
    for line in lines(name):
        if match := _BLOCK.fullmatch(line):
            field, topic = match["first"], match["rest"]
        else:
            found.append(Sentence(line, field, topic))
    return tuple(found)

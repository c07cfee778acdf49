"""Named entities by a statistical model: spaCy's small English one, of OntoNotes types."""

from __future__ import annotations

import re
import threading
import warnings
from functools import cache
from typing import TYPE_CHECKING, Any

from pioneer_build.engine.labelling.models import tagger_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_loading = threading.Lock()
_DETERMINER = re.compile(r"(?:the|a|an)\s+", re.IGNORECASE)
_POSSESSIVE = re.compile(r"(?:'s|’s|'|’)$")
#: Longer texts are cut into parts of at most about this many characters, at white space.
_LONGEST = 20_000


@cache
def _load() -> Any:
    with warnings.catch_warnings():
        # what spaCy and its dependencies warn of at import is nothing a user can act on
        warnings.simplefilter("ignore")
        import spacy

        return spacy.load(
            tagger_folder(), exclude=["parser", "lemmatizer", "attribute_ruler", "tagger", "senter"]
        )


def tag(texts: Sequence[str]) -> list[list[tuple[int, int, str]]]:
    """Start, end and type of each entity of each text; determiners and possessive endings are left out.

    Raises:
        MissingExtra, PioneerError: the model isn't there, or isn't the right one.
    """
    with _loading:
        model = _load()
    return [_entities(model, text) for text in texts]


def _entities(model: Any, text: str) -> list[tuple[int, int, str]]:
    found = []
    for offset, part in _parts(text):
        for entity in model(part).ents:
            start, end = entity.start_char, entity.end_char
            words = part[start:end]
            words = _POSSESSIVE.sub("", words.rstrip())
            end = start + len(words)
            if (match := _DETERMINER.match(words)) and entity.label_ != "WORK_OF_ART":
                start += match.end()
            while start < end and part[start].isspace():
                start += 1
            if start < end:
                found.append((offset + start, offset + end, entity.label_))
    return found


def _parts(text: str) -> Iterator[tuple[int, str]]:
    at = 0
    while len(text) - at > _LONGEST:
        cut = text.rfind(" ", at, at + _LONGEST)
        cut = cut if cut > at else at + _LONGEST
        yield at, text[at:cut]
        at = cut
    yield at, text[at:]

"""Named entities from a statistical model: spaCy's small English one, with OntoNotes types."""

from __future__ import annotations

import re
import warnings
from functools import cache
from typing import TYPE_CHECKING, Any

from pioneer_build.engine.labelling.name_rules import corrected
from pioneer_build.engine.loading import LOADING
from pioneer_build.engine.model_files import tagger_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeAlias

    #: Of which text, where in it, and the part itself.
    _Part: TypeAlias = tuple[int, int, str]

_DETERMINER = re.compile(r"(?:the|a|an)\s+", re.IGNORECASE)
_POSSESSIVE = re.compile(r"(?:'s|’s|'|’)$")
#: Longer texts are split at white space into parts of at most about this many characters.
_LONGEST = 20_000
#: At most this many texts are processed together, if they have no more characters: the model takes some 10 kB for each.
_BATCH, _BATCH_CHARACTERS = 64, 20_000
#: Not words, but a picture or data: nothing in them is a name, and the model's tokenizer takes forever to cut them up.
_NO_WORD = re.compile(r"\S{300,}")


@cache
def _load() -> Any:
    with warnings.catch_warnings():
        # users can't do anything about the warnings of spaCy and its dependencies at import
        warnings.simplefilter("ignore")
        import spacy  # from the extra `local`, and takes seconds to import: not needed for patterns

        return spacy.load(tagger_folder(), exclude=["parser", "lemmatizer", "attribute_ruler", "tagger", "senter"])


def tag(texts: Sequence[str], go_on: Callable[[], None] = lambda: None) -> list[list[tuple[int, int, str]]]:
    """Start, end and type of each entity of each text, without determiners and possessive endings.

    Args:
        texts: any number, of any length.
        go_on: called every few seconds; what it raises ends this.

    Raises:
        MissingExtra, PioneerError: the model isn't installed, or isn't the right one.
    """
    with LOADING:
        model = _load()
    parts = [(i, offset, part) for i, text in enumerate(texts) for offset, part in _parts(_without_data(text))]
    found: list[list[tuple[int, int, str]]] = [[] for _ in texts]
    for batch in _batches(parts):
        go_on()
        # batches are three times as fast as single texts; each text is still processed by itself
        documents = model.pipe((part for _, _, part in batch), batch_size=_BATCH)
        for (i, offset, part), document in zip(batch, documents, strict=True):
            found[i].extend((offset + start, offset + end, kind) for start, end, kind in _entities(part, document.ents))
    return found


def _batches(parts: Sequence[_Part]) -> Iterator[list[_Part]]:
    batch: list[_Part] = []
    characters = 0
    for part in parts:
        if batch and (len(batch) == _BATCH or characters + len(part[2]) > _BATCH_CHARACTERS):
            yield batch
            batch, characters = [], 0
        batch.append(part)
        characters += len(part[2])
    yield batch


def _without_data(text: str) -> str:
    """`text` with spaces instead of what are no words; all offsets stay."""
    return _NO_WORD.sub(lambda found: " " * len(found[0]), text)


def _entities(text: str, entities: Any) -> Iterator[tuple[int, int, str]]:
    for entity in entities:
        start, kind = entity.start_char, entity.label_
        name = _POSSESSIVE.sub("", text[start : entity.end_char].rstrip())
        end = start + len(name)
        if (match := _DETERMINER.match(name)) and kind != "WORK_OF_ART":
            start += match.end()
        while start < end and text[start].isspace():
            start += 1
        if start < end and (better := corrected(text, start, end, kind)) is not None:
            yield better


def _parts(text: str) -> Iterator[tuple[int, str]]:
    at = 0
    while len(text) - at > _LONGEST:
        cut = text.rfind(" ", at, at + _LONGEST)
        cut = cut if cut > at else at + _LONGEST
        yield at, text[at:cut]
        at = cut
    yield at, text[at:]

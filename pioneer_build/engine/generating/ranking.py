"""What of the engine's sentences and words fits a label and a domain, by meaning."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pioneer_build.engine.generating.texts import sentences
from pioneer_build.engine.labelling.meaning import Vectors, meaning
from pioneer_build.engine.labelling.wordpiece import vocabulary

if TYPE_CHECKING:
    from collections.abc import Mapping

#: How much more often a field is used whose name is nearer to the domain.
_SHARPNESS = 12.0


@lru_cache(maxsize=64)
def field_weights(domain: str) -> Mapping[str, float]:
    """A weight for each field of sentences; all alike where there is no domain."""
    fields = sorted({sentence.field for sentence in sentences("sentences.txt")})
    if not domain:
        return dict.fromkeys(fields, 1.0)
    vectors = meaning().embed([domain, *fields])
    # rounded, so that CPUs which differ in the last bits agree
    near = (vectors[1:] @ vectors[0]).round(2)
    best = float(near.max())
    return {field: 2.0 ** (_SHARPNESS * (float(n) - best)) for field, n in zip(fields, near, strict=True)}


#: Words are taken from the commoner ones; ids of the embedding model's vocabulary go by frequency, roughly.
_COMMONEST, _LEAST_COMMON = 2_000, 11_000
_NOUNS_A_LABEL = 14


@lru_cache(maxsize=1)
def _nouns() -> tuple[tuple[str, ...], Vectors]:
    """Common English nouns and their meaning."""
    from wonderwords import RandomWord

    known = vocabulary()
    listed = RandomWord().filter(include_categories=["nouns"])
    words = tuple(
        sorted(
            word
            for word in set(listed)
            if word.isascii()
            and word.isalpha()
            and word.islower()
            and len(word) > 3
            and _COMMONEST <= known.get(word, 0) <= _LEAST_COMMON
        )
    )
    return words, meaning().embed(words)


def nouns_near(direction: Vectors, name: str) -> tuple[str, ...]:
    """The nouns nearest to a label: with its own name first, if it reads like one."""
    words, vectors = _nouns()
    near = (vectors @ direction).round(2)
    order = sorted(range(len(words)), key=lambda i: (-float(near[i]), words[i]))
    own = [name] if name.replace(" ", "").isalpha() and len(name.split()) <= 3 else []
    return tuple(dict.fromkeys([*own, *(words[i] for i in order[:_NOUNS_A_LABEL])]))

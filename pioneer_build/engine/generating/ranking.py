"""Selects those of the engine's sentences and words that fit a label and a domain, by meaning."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from pioneer_build.draws import Draw
from pioneer_build.engine.embedding import Vectors, centre, embedder
from pioneer_build.engine.generating.filling import fill, joined
from pioneer_build.engine.generating.made_up_values import MadeUpValues
from pioneer_build.engine.generating.sentences import Sentence, sentences
from pioneer_build.engine.generating.slot_words import slot_words
from pioneer_build.engine.labelling.entity_kinds import DESCRIBED
from pioneer_build.engine.labelling.glosses import every_phrase
from pioneer_build.engine.vectors import own_vectors
from pioneer_build.engine.wordpiece import vocabulary

if TYPE_CHECKING:
    from collections.abc import Mapping

#: How much more often a field is used if its name is nearer to the domain.
_SHARPNESS = 12.0
#: Only frequent words are used; ids in the embedding model's vocabulary are roughly sorted by frequency.
_COMMONEST, _LEAST_COMMON = 2_000, 9_000
_NOUNS_A_LABEL = 14
#: A noun that is less similar than this to a label doesn't belong to it.
_NEAR_NOUN = 0.3
#: Words listed as nouns that are not things to talk about.
_NO_THINGS = frozenset((
    "back", "many", "particular", "other", "general", "several", "plenty", "sort", "kind", "lots", "anybody",
    "everybody", "nobody", "somebody", "anything", "everything", "nothing", "something", "someone", "anyone",
    "everyone", "none", "half", "bunch", "thanks", "hers", "mine", "yours", "ours", "theirs", "monday",
    "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "today", "tomorrow", "yesterday",
    "tonight", "north", "south", "east", "west",
))  # fmt: skip


@lru_cache(maxsize=1)
def example_texts() -> Mapping[Sentence, str]:
    """The sentences about topics, with a value in each slot."""
    return {s: joined(fill(s.text, MadeUpValues(Draw("shown", s.text)))) for s in sentences("clauses.txt")}


@lru_cache(maxsize=1)
def topic_sentences() -> tuple[tuple[Sentence, ...], Vectors]:
    """The sentences about topics, and the meaning of each: mostly its own, and that of the name of its topic."""
    example = example_texts()
    vectors = own_vectors(list(example.values()))
    topics = own_vectors([s.topic for s in example])
    return tuple(example), np.stack([centre(np.stack([v, v, t])) for v, t in zip(vectors, topics, strict=True)])


@lru_cache(maxsize=1)
def _fields() -> tuple[str, ...]:
    return tuple(sorted({sentence.field for sentence in sentences("sentences.txt")}))


@lru_cache(maxsize=64)
def field_weights(domain: str) -> Mapping[str, float]:
    """A weight for each field of sentences; all equal if there is no domain."""
    fields = _fields()
    if not domain:
        return dict.fromkeys(fields, 1.0)
    # rounded, so that CPUs with differences in the last bits agree
    near = (own_vectors(fields) @ embedder().embed([domain])[0]).round(2)
    best = float(near.max())
    return {field: 2.0 ** (_SHARPNESS * (float(n) - best)) for field, n in zip(fields, near, strict=True)}


@lru_cache(maxsize=1)
def _nouns() -> tuple[str, ...]:
    """Common English nouns."""
    # a library of the extra `local`, which reads its lists when it is imported
    from wonderwords import RandomWord

    known = vocabulary()
    lists = RandomWord()
    # words that are also adjectives or verbs make no sense after "the"
    other = {*lists.filter(include_categories=["adjectives"]), *lists.filter(include_categories=["verbs"])}
    listed = set(lists.filter(include_categories=["nouns"])) - other - _NO_THINGS
    return tuple(
        sorted(
            word
            for word in listed
            if word.isascii()
            and word.isalpha()
            and word.islower()
            and len(word) > 3
            and _COMMONEST <= known.get(word, 0) <= _LEAST_COMMON
        )
    )


def nouns_near(direction: Vectors, name: str) -> tuple[str, ...]:
    """The nouns nearest to a label: with its own name first, if it looks like a noun."""
    words = _nouns()
    near = (own_vectors(words) @ direction).round(2)
    order = sorted(range(len(words)), key=lambda i: (-float(near[i]), words[i]))
    fitting = [words[i] for i in order[:_NOUNS_A_LABEL] if near[i] >= _NEAR_NOUN]
    own = [name] if name in words else []
    return tuple(dict.fromkeys([*own, *fitting]))


#: Lists that a domain narrows down, to words at most this much further away than the nearest one.
_NARROWED = ("item", "job", "dish", "subject", "skill")
_NARROW, _NEAR_DOMAIN, _FEWEST = 0.12, 0.3, 4


@lru_cache(maxsize=64)
def preferred(domain: str) -> Mapping[str, tuple[str, ...]]:
    """The words of each list that fit a domain, if some are near to it."""
    if not domain:
        return {}
    direction = embedder().embed([domain])[0]
    found = {}
    for kind in _NARROWED:
        words = slot_words()[kind]
        near = (own_vectors(words) @ direction).round(2)
        order = sorted(range(len(words)), key=lambda i: (-float(near[i]), words[i]))
        if near[order[0]] >= _NEAR_DOMAIN:
            close = [i for i in order if near[i] >= near[order[0]] - _NARROW]
            found[kind] = tuple(words[i] for i in order[: max(_FEWEST, len(close))])
    return found


def own_texts() -> list[str]:
    """Every text of the engine whose meaning it uses: `vectors` has their vectors."""
    example = example_texts()
    return [
        *example.values(),
        *(s.topic for s in example),
        *_fields(),
        *_nouns(),
        *every_phrase(),
        *DESCRIBED,
        *(s.text for s in sentences("replies.txt")),
    ]

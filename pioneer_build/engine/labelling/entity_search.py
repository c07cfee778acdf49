"""Finds entities: with patterns, and with the model for labels without a fixed form."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pioneer_build.engine.labelling.entity_kinds import claims
from pioneer_build.engine.labelling.label_guidance import NO_LABEL_GUIDANCE, guided_kinds
from pioneer_build.engine.labelling.patterns import PATTERNS
from pioneer_build.engine.labelling.tagger import tag
from pioneer_build.engine.makers import UnsupportedLabels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pioneer_build.engine.labelling.label_guidance import LabelGuidance

_MODEL = "spacy:"
#: The approximate precision of the model's types on newswire: it returns no score of its own.
_MODEL_SCORE = {
    "PERSON": 0.85,
    "GPE": 0.85,
    "ORG": 0.75,
    "NORP": 0.85,
    "LOC": 0.7,
    "FAC": 0.6,
    "LANGUAGE": 0.8,
}
_OTHER_SCORE = 0.6
_APPROXIMATE = 0.8


@dataclass(frozen=True, slots=True)
class FoundEntity:
    """A labelled span; offsets in code points; `score` between 0 and 1."""

    text: str
    label: str
    start: int
    end: int
    score: float

    def as_dict(self) -> dict[str, Any]:
        """The same as in responses."""
        return {
            "text": self.text,
            "label": self.label,
            "start": self.start,
            "end": self.end,
            "score": self.score,
        }


@dataclass(frozen=True, slots=True)
class EntityResult:
    """Entities per text; unsupported labels; and the types that are used for labels that are only similar."""

    entities: list[list[FoundEntity]]
    unsupported: tuple[str, ...]
    approximate: Mapping[str, str]


def find_entities(
    labels: Sequence[str],
    texts: Sequence[str],
    guidance: LabelGuidance = NO_LABEL_GUIDANCE,
    go_on: Callable[[], None] = lambda: None,
) -> EntityResult:
    """The entities of each text. Spans don't overlap; of overlapping ones, the most certain and longest is kept.

    Args:
        labels: the declared labels.
        texts: any number, of any length.
        guidance: what the author says of the labels.
        go_on: see `tag`.

    Raises:
        UnsupportedLabels: no label has a pattern or a similar type.
        MissingExtra, PioneerError: the models aren't installed, or aren't the right ones.
    """
    meant = guided_kinds(tuple(labels), guidance)
    unsupported = tuple(label for label in labels if not meant[label].kinds)
    if len(unsupported) == len(meant):
        raise UnsupportedLabels(
            f"unsupported_label: this engine finds no entities for {', '.join(labels)}. It knows names of "
            "people, organizations, places, products and works, and values with a fixed form such as dates and amounts"
        )
    owner = claims(meant)
    distinct = list(dict.fromkeys(texts))
    tagged: list[list[tuple[int, int, str]]] = [[] for _ in distinct]
    if any(kind.startswith(_MODEL) for kind in owner):
        tagged = tag(distinct, go_on)
    weak = {label for label, meaning in meant.items() if meaning.approximate}
    results = {text: _resolve(text, owner, weak, spans) for text, spans in zip(distinct, tagged, strict=True)}
    approximate = {
        label: meant[label].kinds[0].removeprefix(_MODEL).lower()
        for label in labels
        if label in weak and meant[label].kinds
    }
    return EntityResult([results[text] for text in texts], unsupported, approximate)


def _resolve(
    text: str, owner: Mapping[str, str], weak: set[str], tagged: list[tuple[int, int, str]]
) -> list[FoundEntity]:
    candidates: list[tuple[float, int, int, str]] = []
    for kind, label in owner.items():
        if kind.startswith(_MODEL):
            continue
        pattern = PATTERNS[kind]
        taken = _Spans(span for other in pattern.blockers for span in PATTERNS[other].find(text))
        candidates += [(pattern.score, *span, label) for span in pattern.find(text) if not taken.meet(*span)]
    for start, end, kind in tagged:
        if (claimed := owner.get(_MODEL + kind)) is not None:
            candidates.append((_MODEL_SCORE.get(kind, _OTHER_SCORE), start, end, claimed))
    candidates.sort(key=lambda c: (-c[0], c[1] - c[2], c[1], c[3]))
    kept: list[FoundEntity] = []
    places = _Spans()
    for score, start, end, label in candidates:
        if not places.meet(start, end):
            places.add(start, end)
            sure = round(score * (_APPROXIMATE if label in weak else 1), 2)
            kept.append(FoundEntity(text[start:end], label, start, end, sure))
    return sorted(kept, key=lambda entity: entity.start)


class _Spans:
    """Spans of one text, merged where they overlap, so that a text of thousands of them takes no longer for each."""

    def __init__(self, spans: Iterable[tuple[int, int]] = ()) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in sorted(spans):
            if self._ends and start < self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], end)
            else:
                self._starts.append(start)
                self._ends.append(end)

    def meet(self, start: int, end: int) -> bool:
        """Whether one of them overlaps with this one."""
        at = bisect_left(self._starts, end)  # the first that begins behind it; only the one before can reach into it
        return at > 0 and self._ends[at - 1] > start

    def add(self, start: int, end: int) -> None:
        """Adds one that overlaps with none."""
        at = bisect_left(self._starts, start)
        self._starts.insert(at, start)
        self._ends.insert(at, end)

"""The entities of one text: from every shape that a service sends to spans with offsets in code points.

Nothing is guessed. Given offsets must match the span, in code points, UTF-16 units or UTF-8 bytes, and are converted to
code points. If there are none, they are computed if the span occurs exactly once, or if it is mentioned as often as it
occurs, with the same label each time; otherwise the mention is kept without offsets, as ambiguous.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from pioneer_build.rows.causes import Fault
from pioneer_build.rows.normal_form import read_score, shown

if TYPE_CHECKING:
    from pioneer_build.rows.labels import DeclaredLabels

#: {"text", "label", "start", "end", "score"?}, or {"text", "label", "score"?, "ambiguous": True}
Entity: TypeAlias = "dict[str, Any]"
#: Entities without right offsets, times characters of their text: a thousand of them in a million characters.
MOST_SEARCHED = 10**9


#: A span and its label as given; start and end are checked, or `None` if none were given; score or `None`. A plain
#: tuple, because there are millions of them.
_Mention: TypeAlias = "tuple[str, str, int | None, int | None, float | None]"


def read_entities(value: Any, text: str, labels: DeclaredLabels) -> list[Entity] | Fault:
    """The entities in `value` for `text`, sorted by start, end and label, ambiguous ones last.

    Args:
        value: a list of `["span", "LABEL"]` or of objects with `text|span`, `label|type`, `start`, `end`,
            `score|confidence`; or an object `{label: ["span" | {text|span, start, end, score|confidence}]}`.
        text: the text that contains the spans.
        labels: the declared labels.
    """
    if isinstance(value, list | tuple | dict) and _costs_too_much(value, text):
        return Fault("bad-shape", f"too many entities to find in {len(text):,} characters: their offsets are missing")
    mentions: list[_Mention] = []
    unplaced = False
    if isinstance(value, list | tuple):
        for item in value:
            mention = _read(item, None, text, labels)
            if isinstance(mention, Fault):
                return mention
            unplaced = unplaced or mention[2] is None
            mentions.append(mention)
    elif isinstance(value, dict):
        for label, spans in value.items():
            if not isinstance(spans, list | tuple):
                return Fault("bad-shape", f"the entities under {shown(label)} are not a list")
            for item in spans:
                mention = _read(item, label, text, labels)
                if isinstance(mention, Fault):
                    return mention
                unplaced = unplaced or mention[2] is None
                mentions.append(mention)
    else:
        return Fault("bad-shape", "the entities are neither a list nor an object")
    if unplaced:
        mentions = _place(mentions, text)
    return _sorted_entities(mentions)


def _costs_too_much(value: list[Any] | tuple[Any, ...] | dict[str, Any], text: str) -> bool:
    """Whether searching for this many spans in a text of this length would take seconds."""
    items = value
    if isinstance(value, dict):
        items = [one for spans in value.values() if isinstance(spans, list) for one in spans]
    if len(items) * len(text) <= MOST_SEARCHED:
        return False
    placed = sum(isinstance(one, dict) and _is_at(one, text) for one in items)
    return (len(items) - placed) * len(text) > MOST_SEARCHED


def _is_at(item: dict[str, Any], text: str) -> bool:
    start, end, span = item.get("start"), item.get("end"), item.get("text")
    if span is None:
        span = item.get("span")
    return type(start) is int and type(end) is int and start >= 0 and text[start:end] == span


def overlaps(entities: list[Entity]) -> int:
    """How many of `entities`, sorted, start before the end of an earlier one. Ambiguous ones don't count."""
    count = reach = 0
    for entity in entities:
        start = entity.get("start")
        if start is None:
            continue
        if start < reach:
            count += 1
        reach = max(reach, entity["end"])
    return count


def _read(item: Any, label: str | None, text: str, labels: DeclaredLabels) -> _Mention | Fault:
    """One mention, with its offsets checked if it has any. `label` is the label of its group, if it is in one."""
    start = end = score = None
    if isinstance(item, dict):
        span = item.get("text")
        if span is None:
            span = item.get("span")
        if label is None:
            label = item.get("label")
            if label is None:
                label = item.get("type")
        start, end = item.get("start"), item.get("end")
        score = item.get("score")
        if score is None:
            score = item.get("confidence")
    elif isinstance(item, str) and label is not None:
        span = item
    elif isinstance(item, list | tuple) and len(item) == 2 and label is None:
        span, label = item
    else:
        return Fault("bad-shape", "an entity has an unknown structure")
    if not isinstance(span, str):
        return Fault("empty-span" if span is None else "bad-shape", "an entity has no text")
    if not span or span.isspace():
        return Fault("empty-span", "an entity's text is empty")
    if not isinstance(label, str) or not label:
        return Fault("bad-shape", f"the entity {shown(span)} has no label")
    known = labels.read(label)
    if isinstance(known, Fault):
        return known
    if score is not None:
        score = read_score(score)
        if isinstance(score, Fault):
            return score
    if start is None and end is None:
        return (span, known, None, None, score) if span in text else _absent(span)
    if type(start) is int and type(end) is int and start >= 0 and text[start:end] == span and end <= len(text):
        return span, known, start, end, score
    place = _checked(start, end, span, text)
    return place if isinstance(place, Fault) else (span, known, *place, score)


def _absent(span: str) -> Fault:
    return Fault("span-not-in-text", f"the span {shown(span)} is not in the text")


def _checked(start: Any, end: Any, span: str, text: str) -> tuple[int, int] | Fault:
    """The offsets of `span` in code points, if the given ones match it in some unit of length."""
    if span not in text:
        return _absent(span)
    wrong = Fault("offsets-wrong", f"the given offsets don't match {shown(span)}")
    for unit in ("code points", "utf-16-le", "utf-8"):
        place = _in_unit(start, end, span, text, unit)
        if place is not None:
            return place
        if text.isascii():
            break
    return wrong


def _in_unit(start: Any, end: Any, span: str, text: str, unit: str) -> tuple[int, int] | None:
    """Offsets given in `unit`, in code points; a missing one is computed from the span's length."""
    width = 2 if unit == "utf-16-le" else 1
    long = len(span) if unit == "code points" else len(span.encode(unit)) // width
    if start is None and type(end) is int:
        start = end - long
    elif end is None and type(start) is int:
        end = start + long
    if type(start) is not int or type(end) is not int or start < 0 or end - start != long:
        return None
    if unit == "code points":
        return (start, end) if text[start:end] == span else None
    raw = text.encode(unit)
    if raw[start * width : end * width] != span.encode(unit):
        return None
    try:
        first = len(raw[: start * width].decode(unit))
    except UnicodeDecodeError:
        return None
    return (first, first + len(span)) if text[first : first + len(span)] == span else None


def _place(mentions: list[_Mention], text: str) -> list[_Mention]:
    """`mentions`, with offsets added if there is only one possibility."""
    by_span: dict[str, list[_Mention]] = {}
    for mention in mentions:
        by_span.setdefault(mention[0], []).append(mention)
    out: list[_Mention] = []
    for span, alike in by_span.items():
        if all(mention[2] is not None for mention in alike):
            out += alike
            continue
        # one occurrence more than mentions is enough to know: no need to find all
        places = _occurrences(span, text, len(alike) + 1)
        if len(places) == 1:
            out += [_at(mention, places[0]) for mention in alike]
        elif len(places) == len(alike) and len(set(alike)) == 1:
            out += map(_at, alike, places)
        else:
            out += alike
    return out


def _at(mention: _Mention, start: int) -> _Mention:
    span, label, _, _, score = mention
    return span, label, start, start + len(span), score


def _occurrences(span: str, text: str, most: int) -> list[int]:
    places: list[int] = []
    at = text.find(span)
    while at >= 0 and len(places) < max(most, 2):
        places.append(at)
        at = text.find(span, at + 1)
    return places


def _sorted_entities(mentions: list[_Mention]) -> list[Entity]:
    """Entities in normal form; the same span with the same label counts once, with its highest score."""
    if len(mentions) > 1 and not _in_order(mentions):
        mentions.sort(key=_order)
    entities: list[Entity] = []
    last: tuple[int | None, int | None, str] | None = None
    for span, label, start, end, score in mentions:
        if start is None:
            entity: Entity = {"text": span, "label": label}
            if score is not None:
                entity["score"] = score
            entity["ambiguous"] = True
        else:
            if last == (start, end, label):
                continue
            last = (start, end, label)
            entity = {"text": span, "label": label, "start": start, "end": end}
            if score is not None:
                entity["score"] = score
        entities.append(entity)
    return entities


def _in_order(mentions: list[_Mention]) -> bool:
    """Whether each mention starts after the previous one, as in most services' lists."""
    last = -1
    for mention in mentions:
        start = mention[2]
        if start is None or start <= last:
            return False
        last = start
    return True


def _order(mention: _Mention) -> tuple[bool, int, int, str, str, float]:
    """By offsets, then label, the highest score first; ambiguous ones last, by span."""
    span, label, start, end, score = mention
    best_first = 1.0 if score is None else -score
    if start is None or end is None:
        return True, 0, 0, span, label, best_first
    return False, start, end, label, span, best_first

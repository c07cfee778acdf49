"""A text as a service repeats it beside its annotation: perhaps without white space at its ends, or in another Unicode
normal form. Offsets in it are mapped to the author's text.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pioneer_build.rows.causes import Fault
from pioneer_build.rows.normal_form import shown
from pioneer_build.spec.unicode_form import is_mark, nfc

if TYPE_CHECKING:
    from collections.abc import Callable

    from pioneer_build.rows.entities import Entity

#: What programs of all languages take for white space when they trim; with the byte-order mark, as JavaScript does.
_WHITE = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)


#: Of a span that occurs more often, the first places decide.
_MOST_PLACES = 1000


def is_echo(said: str, text: str) -> bool:
    """Whether `said` is `text`, up to white space at the ends and Unicode normal form C."""
    return said == text or nfc(said).strip(_WHITE) == nfc(text).strip(_WHITE)


def read_in_echo(read: Callable[[str], list[Entity] | Fault], said: str, text: str) -> list[Entity] | Fault:
    """The entities of an item whose text is an echo of `text`: offsets and spans are those of `text`.

    Offsets belong to the text that they come with. But a service may also have made them in the text as it was sent;
    which of them it was is decided by the spans, and if both fit and are different places, the item has a fault.

    Args:
        read: reads the item's entities as those of the text that it is given.
        said: the echo.
        text: the author's text.
    """
    there, here = read(said), read(text)
    if isinstance(there, Fault):
        return there if isinstance(here, Fault) else here
    mapped = _mapped(there, said, text)
    if isinstance(mapped, Fault) or isinstance(here, Fault) or mapped == here:
        return mapped
    return Fault("offsets-wrong", "the offsets fit the text as it was sent and as the service repeated it, differently")


def _mapped(entities: list[Entity], said: str, text: str) -> list[Entity] | Fault:
    theirs, ours = _Places.of(said), _Places.of(text)
    if theirs is None or ours is None:
        return Fault(
            "offsets-wrong", "the service repeated the text in another normal form, and offsets can't be mapped"
        )
    plain = nfc(said) == said and nfc(text) == text  # they differ only in white space at the ends
    out: list[Entity] = []
    anywhere: dict[str, set[str]] = {}  # texts can have thousands of entities of few spans
    for entity in entities:
        span = entity["text"]
        if "start" in entity:
            place = _place(entity["start"], entity["start"] + len(span), theirs, ours)
            found = set() if place is None else {text[place[0] : place[1]]}
        else:
            place = None
            if span not in anywhere:
                anywhere[span] = (
                    {span} if plain and span == span.strip(_WHITE) else _counterparts(span, said, text, theirs, ours)
                )
            found = anywhere[span]
        if len(found) != 1:
            return Fault("offsets-wrong", f"the span {shown(span)} has no counterpart in the text as it was sent")
        (ours_of_it,) = found
        mapped = {**entity, "text": ours_of_it}
        if place is not None:
            mapped["start"], mapped["end"] = place
        out.append(mapped)
    return out


def _counterparts(span: str, said: str, text: str, theirs: _Places, ours: _Places) -> set[str]:
    """The author's forms of a span without offsets: none if one of the places where it occurs has no counterpart."""
    found: set[str] = set()
    at = said.find(span)
    for _ in range(_MOST_PLACES):
        if at < 0:
            break
        place = _place(at, at + len(span), theirs, ours)
        if place is None:
            return set()
        found.add(text[place[0] : place[1]])
        at = said.find(span, at + 1)
    return found


def _place(start: int, end: int, theirs: _Places, ours: _Places) -> tuple[int, int] | None:
    """Where a span of the echo is in the author's text; `None` if it isn't there as a whole."""
    first, last = ours.outside(theirs.inside(start)), ours.outside(theirs.inside(end))
    return None if first is None or last is None or first >= last else (first, last)


@dataclass(frozen=True, slots=True)
class _Places:
    """The offsets in a text at which it can be cut without changing its normal form C, and the same places in that,
    counted from the first character that isn't white space at its start. Both ascend.
    """

    raw: list[int]
    normal: list[int]

    @classmethod
    def of(cls, text: str) -> _Places | None:
        normal = nfc(text)
        lead = len(normal) - len(normal.lstrip(_WHITE))
        if normal == text:  # as nearly all texts are; any cut between two of its characters is one
            return cls(list(range(len(text) + 1)), list(range(-lead, len(text) + 1 - lead)))
        raw, places, parts = [0], [-lead], ""
        done, begun = -lead, 0
        for at in range(1, len(text) + 1):
            if at < len(text) and (is_mark(text[at]) or not _parts(text[begun:at], text[at])):
                continue
            part = nfc(text[begun:at])
            parts += part
            done += len(part)
            raw.append(at)
            places.append(done)
            begun = at
        return cls(raw, places) if parts == normal else None

    def inside(self, offset: int) -> int | None:
        """The place in the normal form of an offset in the text."""
        at = bisect_left(self.raw, offset)
        return self.normal[at] if at < len(self.raw) and self.raw[at] == offset else None

    def outside(self, place: int | None) -> int | None:
        """The offset in the text of a place in the normal form."""
        if place is None:
            return None
        at = bisect_left(self.normal, place)
        return self.raw[at] if at < len(self.normal) and self.normal[at] == place else None


def _parts(before: str, after: str) -> bool:
    """Whether a character that is no mark begins something new after others, and isn't composed with them."""
    return nfc(before + after) == nfc(before) + nfc(after)

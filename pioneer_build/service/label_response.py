"""The response to a label request: one annotation per text, in the order of the texts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pioneer_build.ports import Labelled
from pioneer_build.rows.echo import is_echo
from pioneer_build.service.responses import InvalidResponse, names_in, tokens_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pioneer_build.web.redaction import Words


def labelled(answer: object, texts: Sequence[str], headers: Mapping[str, str], words: Words) -> Labelled:
    """The items of a label response, one per text, in the order of the texts.

    Args:
        answer: the JSON value.
        texts: as they were sent.
        headers: of the response, case-insensitive; one may list labels that the service doesn't support.
        words: removes the key from these labels.

    Raises:
        InvalidResponse: there is no list of items, or it has more or fewer items than there are texts.
    """
    items = _items(answer)
    if items is None:
        raise InvalidResponse("has no list of annotations")
    if len(items) != len(texts):
        raise InvalidResponse(f"can't be aligned: {len(items)} annotations for {len(texts)} texts")
    tokens = tokens_in(answer.get("token_usage")) if isinstance(answer, dict) else None
    return Labelled(tuple(items), _unsupported(answer, headers, words), _unaligned(items, texts), tokens)


def _unaligned(items: Sequence[Any], texts: Sequence[str]) -> frozenset[int]:
    """The positions of items that repeat another text than theirs. Then the order is in doubt, so those that repeat no
    text don't count either.
    """
    others: set[int] = set()
    silent: set[int] = set()
    for position, (item, text) in enumerate(zip(items, texts, strict=True)):
        said = item.get("text") if isinstance(item, dict) else None
        if not isinstance(said, str):
            silent.add(position)
        elif said != text and not is_echo(said, text):
            others.add(position)
    return frozenset(others | silent if others else ())


def _items(answer: object) -> list[Any] | None:
    if isinstance(answer, list):
        return answer
    if not isinstance(answer, dict):
        return None
    result = answer.get("result")
    places = (
        answer.get("results"),
        answer.get("data"),
        result.get("data") if isinstance(result, dict) else None,
    )
    return next((place for place in places if isinstance(place, list)), None)


def _unsupported(answer: object, headers: Mapping[str, str], words: Words) -> tuple[str, ...]:
    named = names_in(answer.get("unsupported_labels")) if isinstance(answer, dict) else None
    if named is None:
        header = headers.get("x-unsupported-labels", "")
        try:
            # A JSON list if labels may contain commas or aren't ASCII; otherwise a plain list.
            named = names_in(json.loads(header)) if header.lstrip().startswith("[") else None
        except (ValueError, RecursionError):
            named = None
        if named is None:
            named = tuple(part.strip() for part in header.split(","))
    return tuple(dict.fromkeys(words.hide(name) for name in named if name.strip()))

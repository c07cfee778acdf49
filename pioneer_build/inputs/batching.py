"""Texts in batches, as a label request takes them: full, across files, within a bound of bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pioneer_build.inputs.reading import InputText

#: The API document: "Accepts between 1 and 1,000 strings per request."
MAX_ITEMS = 1_000
#: Of the texts in a request's body, as JSON. Below the megabyte at which servers and proxies begin to
#: refuse bodies.
MAX_BYTES = 900_000


def batches(
    texts: Iterable[InputText], max_items: int = MAX_ITEMS, max_bytes: int = MAX_BYTES
) -> Iterator[list[InputText]]:
    """`texts` in order, in lists of `max_items`; only the last, and those that reach `max_bytes`, are
    shorter.

    `max_bytes` counts each text as JSON in UTF-8, with its comma. A text longer than that goes alone.
    """
    import orjson  # only where something is to be sent

    batch: list[InputText] = []
    size = 0
    for one in texts:
        cost = len(orjson.dumps(one.text)) + 1
        if batch and (len(batch) >= max_items or size + cost > max_bytes):
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += cost
    if batch:
        yield batch

"""`conll`: one token, a tab and its IOB2 tag per line; an empty line after each row.

Tokens are runs of word characters, and any other visible character by itself. They are also split where an entity
begins or ends, so that every entity has whole tokens. Of overlapping entities, the longest is kept.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO

from pioneer_build.errors import UsageError
from pioneer_build.exports.base import apart, binary, only_for
from pioneer_build.exports.losses import CountedRows, Ledger, Loss

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pioneer_build.exports.base import RowStream
    from pioneer_build.rows import Row

_TOKEN = re.compile(r"\w+|[^\w\s]")


def write(source: RowStream, target: BinaryIO | Path) -> Ledger:
    """`Exporter.write`."""
    only_for(source.task_type, ("ner",), "conll")
    out, rows = binary(target), CountedRows(source.rows)
    names = _Names(source.labels)
    for row in rows:
        out.write(_sentence(row, names, rows.lost).encode("utf-8"))
    return rows.ledger()


class _Names:
    """Labels as tags: readers split a line at white space, so white space in a label is replaced by '_'."""

    def __init__(self, labels: Sequence[str]) -> None:
        self._tags: dict[str, str] = {}
        self._owners: dict[str, str] = {}
        for label in labels:
            self.tag(label)

    def tag(self, label: str) -> str:
        tag = self._tags.get(label)
        if tag is None:
            tag = "_".join(label.split())
            owner = self._owners.setdefault(tag, label)
            if owner != label:
                raise UsageError(f"in conll, the labels '{owner}' and '{label}' would be the same")
            self._tags[label] = tag
        return tag


def _sentence(row: Row, names: _Names, lost: Counter[Loss]) -> str:
    text: str = row["text"]
    entities, overlapping = apart(row["entities"])
    lost["overlaps"] += overlapping
    lost["ambiguous"] += sum(1 for entity in row["entities"] if "ambiguous" in entity)
    cuts = {entity["start"] for entity in entities} | {entity["end"] for entity in entities}
    tokens = list(tokens_of(text, cuts))
    tags = ["O"] * len(tokens)
    at = 0
    for entity in entities:
        tag = names.tag(entity["label"])
        lost["label-names"] += tag != entity["label"]
        lost["edges"] += entity["text"] != entity["text"].strip()
        while at < len(tokens) and tokens[at][0] < entity["start"]:
            at += 1
        first = at
        while at < len(tokens) and tokens[at][1] <= entity["end"]:
            tags[at] = f"{'B' if at == first else 'I'}-{tag}"
            at += 1
    words = [text[start:end] for start, end in tokens]
    lost["white-space"] += " ".join(words) != text
    return "".join(f"{word}\t{tag}\n" for word, tag in zip(words, tags, strict=True)) + "\n"


def tokens_of(text: str, cuts: set[int]) -> Iterable[tuple[int, int]]:
    """Start and end of each token of `text`, which is also split at each of `cuts`."""
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        for cut in range(start + 1, end) if cuts else ():
            if cut in cuts:
                yield start, cut
                start = cut
        yield start, end

"""`spacy`: a DocBin for spaCy's `train`, tokenised by spaCy's language-neutral tokenizer.

    ner             doc.ents without overlaps, the longest of each group; doc.spans["sc"] with all that have offsets
    classification  doc.cats, 1.0 for a row's labels and 0.0 for the other declared ones

A token is split where an entity begins or ends inside it, so that every entity has whole tokens. If the first row has
an id or a score, each row's id is in `doc.user_data["id"]`, and the score of a classification in
`doc.user_data["score"]`: user data take more time than everything else. A DocBin is built in memory.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any, BinaryIO

import spacy
from spacy.tokens import Doc, DocBin

from pioneer_build.exports.base import apart, binary, only_for
from pioneer_build.exports.losses import Ledger, Loss, count_id, count_scores, ledger

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pioneer_build.exports.base import RowStream
    from pioneer_build.rows import Row
    from pioneer_build.rows.entities import Entity

#: The default key under which spaCy's span categorizer looks for spans.
SPANS_KEY = "sc"


def write(source: RowStream, target: BinaryIO | Path) -> Ledger:
    """`Exporter.write`."""
    only_for(source.task_type, ("ner", "classification"), "spacy")
    out, count = binary(target), 0
    lost: Counter[Loss] = Counter()
    tokenizer = _tokenizer()
    rest = iter(source.rows)
    first = next(rest, None)
    user_data = first is not None and ("id" in first or "score" in first)
    docs = DocBin(attrs=["ORTH", "ENT_IOB", "ENT_TYPE"], store_user_data=user_data)
    for row in chain(() if first is None else (first,), rest):
        count += 1
        doc = (
            _with_entities(row, tokenizer, lost)
            if source.task_type == "ner"
            else _with_cats(row, tokenizer, source.labels)
        )
        if user_data:
            doc.user_data.update({key: row[key] for key in ("id", "score") if key in row})
        else:
            count_id(row, lost)
            lost["scores"] += "score" in row
        docs.add(doc)
    out.write(docs.to_bytes())
    return ledger(count, lost)


@cache
def _tokenizer() -> Any:
    """The language-neutral one; creating it takes a quarter of a second."""
    return spacy.blank("xx").tokenizer


def _with_cats(row: Row, tokenizer: Any, labels: Sequence[str]) -> Any:
    doc = tokenizer(row["text"])
    true = row["labels"] if "labels" in row else [row["label"]]
    doc.cats = dict.fromkeys(labels, 0.0) | dict.fromkeys(true, 1.0)
    return doc


def _with_entities(row: Row, tokenizer: Any, lost: Counter[Loss]) -> Any:
    entities = [entity for entity in row["entities"] if "start" in entity]
    lost["ambiguous"] += len(row["entities"]) - len(entities)
    count_scores(row, lost)
    doc = _cut(tokenizer(row["text"]), {entity[side] for entity in entities for side in ("start", "end")})
    kept, overlapping = apart(entities)
    lost["overlaps"] += overlapping
    spans = [(entity, _span(doc, entity)) for entity in entities]
    lost["edges"] += sum(1 for entity, span in spans if span is None or span.text != entity["text"])
    doc.spans[SPANS_KEY] = [span for _, span in spans if span is not None]
    chosen = {id(entity) for entity in kept}
    ents = [span for entity, span in spans if span is not None and id(entity) in chosen]
    doc.set_ents(ents, default="outside")
    return doc


def _span(doc: Any, entity: Entity) -> Any:
    return doc.char_span(entity["start"], entity["end"], label=entity["label"], alignment_mode="contract")


def _cut(doc: Any, cuts: set[int]) -> Any:
    """`doc` with its tokens split at `cuts`."""
    edges = {token.idx for token in doc} | {token.idx + len(token) for token in doc}
    if cuts <= edges:
        return doc
    ordered = sorted(cuts)
    words: list[str] = []
    spaces: list[bool] = []
    for token in doc:
        first, behind = bisect_right(ordered, token.idx), bisect_left(ordered, token.idx + len(token))
        inside = [cut - token.idx for cut in ordered[first:behind]]
        for start, end in zip([0, *inside], [*inside, len(token)], strict=True):
            words.append(token.text[start:end])
            spaces.append(bool(token.whitespace_) and end == len(token))
    return Doc(doc.vocab, words=words, spaces=spaces)

"""`hf`: a folder that `datasets.load_from_disk` opens, with labels as `ClassLabel`.

    ner             id, text, entities: [{text, label, start, end, score, ambiguous}]
    classification  id, text, label or labels, score
    decoder         messages: [{role, content}]

Values that a row doesn't have are null. The names of `ClassLabel` are the declared labels in the author's order.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import datasets
from datasets.arrow_writer import ArrowWriter

from pioneer_build.exports.losses import Ledger, Loss, id_text, ledger

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pioneer_build.exports.base import RowStream
    from pioneer_build.rows import Row
    from pioneer_build.spec.model import TaskType


def write(source: RowStream, target: BinaryIO | Path) -> Ledger:
    """`Exporter.write`; `target` is the path of a new folder."""
    if not isinstance(target, Path):
        raise TypeError("this format writes a folder")
    lost: Counter[Loss] = Counter()
    rest = iter(source.rows)
    first = next(rest, None)
    features = _features(source.task_type, source.labels, many=first is not None and "labels" in first)
    count = 0
    work = target.with_name(f"{target.name}.arrow")
    with ArrowWriter(features=features, path=str(work)) as writer:
        for row in chain(() if first is None else (first,), rest):
            count += 1
            writer.write(_record(row, features, lost))
        writer.finalize()
    with _quiet():
        # a file without any record batch can't be opened
        empty = datasets.Dataset.from_dict({column: [] for column in features}, features=features)
        (datasets.Dataset.from_file(str(work)) if count else empty).save_to_disk(
            str(target), num_shards=None if count else 1
        )
    work.unlink()
    return ledger(count, lost)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without progress bars: only the command line prints."""
    shown = not datasets.utils.are_progress_bars_disabled()
    datasets.utils.disable_progress_bars()
    try:
        yield
    finally:
        if shown:
            datasets.utils.enable_progress_bars()


def _features(task_type: TaskType, labels: Sequence[str], *, many: bool) -> Any:
    text = datasets.Value("string")
    score = datasets.Value("float64")
    label = datasets.ClassLabel(names=list(labels)) if labels else text
    if task_type == "decoder":
        return datasets.Features({"messages": [{"role": text, "content": text}]})
    if task_type == "ner":
        place = datasets.Value("int64")
        entity = {"text": text, "label": label, "start": place, "end": place, "score": score}
        return datasets.Features(
            {"id": text, "text": text, "entities": [entity | {"ambiguous": datasets.Value("bool")}]}
        )
    labelled = {"labels": [label]} if many else {"label": label}
    return datasets.Features({"id": text, "text": text, **labelled, "score": score})


def _record(row: Row, features: Any, lost: Counter[Loss]) -> dict[str, Any]:
    """`row` with every column of `features`."""
    record = {column: row.get(column) for column in features}
    if "id" in features:
        record["id"] = id_text(row, lost)
    if "entities" in features:
        keys = ("text", "label", "start", "end", "score", "ambiguous")
        record["entities"] = [{key: entity.get(key) for key in keys} for entity in row["entities"]]
    return record

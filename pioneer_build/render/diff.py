"""What changed between two states of the lock, as text."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from pioneer_build.diff.json import sample_kind
from pioneer_build.escaping import Lines, lines_text, visible
from pioneer_build.render.colours import SYMBOL_COLOURS, Colour, coloured
from pioneer_build.rows import task_of
from pioneer_build.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pioneer_build.diff.locks import DatasetDiff, FieldChange, JobChange, LockDiff
    from pioneer_build.diff.rows import RowsDiff, Sample
    from pioneer_build.results.diff import DiffResult
    from pioneer_build.rows import Row


CHANGE_SYMBOLS = {"added": "+", "removed": "-", "renamed": "→", "forgotten": "-", "returned": "↺", "changed": "~"}
_COLOURS: dict[str, Colour] = {**SYMBOL_COLOURS, "→": "cyan"}
_LONG = 160
#: Number of labels in the text: those whose share changed most.
_LABELS = 12
#: The smallest change of a label's share that the text shows.
_SHIFT = 0.005
#: What is counted under a key of a label spec's entry, where the key alone doesn't say it.
_COUNTED = {"distinct": "distinct texts", "annotated": "annotated texts", "quarantined": "quarantined texts"}


def diff_text(result: DiffResult, *, colour: bool = False) -> Lines:
    """The differences for people: a block for each dataset, then a summary."""
    diff = result.changes
    with_backend = several_backends(diff)
    lines = [f"pioneer.lock: {visible(result.old.title)} → {visible(result.new.title)}"]
    lines += [*(f"  {visible(note)}" for note in state_notes(result)), ""]
    for item in diff.datasets:
        symbol = CHANGE_SYMBOLS[item.kind]
        mark = coloured(symbol, _COLOURS.get(symbol), on=colour)
        lines.append(f"{mark} {visible(dataset_title(item, with_backend=with_backend))}  {_headline(item)}")
        lines += [f"    {visible(line)}" for line in change_facts(item)]
    if diff.datasets:
        lines.append("")
    lines.append(diff_summary(diff))
    return lines_text(lines, colour=colour)


def diff_summary(diff: LockDiff) -> str:
    """The differences in one sentence."""
    if not diff.datasets:
        return f"No changes in {count(diff.unchanged, 'dataset')}." if diff.unchanged else "No datasets."
    kinds = Counter(item.kind for item in diff.datasets)
    (first, number), *others = kinds.items()
    parts = [f"{count(number, 'dataset')} {first}", *(f"{number:,} {kind}" for kind, number in others)]
    if diff.unchanged:
        parts.append(f"{diff.unchanged:,} unchanged")
    return f"{', '.join(parts)}."


def state_notes(result: DiffResult) -> Iterator[str]:
    """Notes about the two locks that were compared."""
    for state in (result.old, result.new):
        if state.found == "absent":
            yield f"{state.title} has no pioneer.lock: treated as empty"
        elif state.found == "conflicted":
            yield f"{state.title} has a pioneer.lock with conflict markers: both sides are merged"


def several_backends(diff: LockDiff) -> bool:
    """Whether the changes are on more than one backend, so that the backend has to be shown."""
    return len({item.backend for item in diff.datasets}) > 1


def dataset_title(item: DatasetDiff, *, with_backend: bool) -> str:
    """A dataset's name, with its old name if it was renamed."""
    name = f"{item.renamed_from} → {item.dataset_name}" if item.renamed_from else item.dataset_name
    return f"{name} ({item.backend})" if with_backend else name


def _headline(item: DatasetDiff) -> str:
    old, new = item.examples
    rows = count(new, "row")
    if item.kind == "removed":
        rows = f"had {count(old, 'row')}"
    elif item.kind != "added" and old != new:
        rows = f"{old:,} → {rows}"
    return rows if item.kind == "changed" else f"{item.kind}, {rows}"


def change_facts(item: DatasetDiff) -> Iterator[str]:
    """The changes of a dataset, one per line; sample rows are indented by two spaces."""
    yield from (_field(one) for one in item.fields)
    yield from (_job(one) for one in item.jobs)
    if item.rows is not None:
        yield f"rows: {_rows(item.rows)}"
        if item.kind not in ("added", "removed") and (shift := _shift(item.rows)):
            yield f"label shares: {shift}"
        for sample in item.rows.samples if item.kind not in ("added", "removed") else ():
            yield from _sample(sample)
    elif item.unseen is not None:
        yield f"rows: can't be compared ({item.unseen})"


def _field(one: FieldChange) -> str:
    name = _COUNTED.get(one.field, one.field)
    if isinstance(one.old, list) and isinstance(one.new, list):
        gone = [f"- {_short(item)}" for item in one.old if item not in one.new]
        come = [f"+ {_short(item)}" for item in one.new if item not in one.old]
        return f"{name}: {', '.join([*come, *gone]) or 'reordered'}"
    return f"{name}: {_short(one.old)} → {_short(one.new)}"


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) if value is not None else "none"
    return text if len(text) <= _LONG else f"{text[:_LONG]}… ({count(len(text) - _LONG, 'more character')})"


def _job(one: JobChange) -> str:
    job = one.job
    name = f"job {job.job_id}" if job.job_id else f"version {job.version}" if job.version else "a submission"
    if one.was is None:
        head = f"+ {name}, {one.now}"
    elif one.now is None:
        head = f"- {name}, was {one.was}"
    else:
        head = f"{name}, {one.was} → {one.now}" if one.was != one.now else f"{name}, {one.now}"
    asked = count(job.asked, "row")
    got = f", {job.got:,} of {asked}" if job.got is not None else f", {asked} requested"
    version = f", version {job.version}" if job.version and job.job_id else ""
    return f"{head}{got}{version}"


def _rows(rows: RowsDiff) -> str:
    parts = [f"{rows.added:,} added", f"{rows.removed:,} removed", f"{rows.relabelled:,} relabelled"]
    if rows.rescored:
        parts.append(f"{rows.rescored:,} with changed scores or ids")
    if rows.moved:
        parts.append("reordered")
    return ", ".join(parts)


def _shift(rows: RowsDiff) -> str:
    """The labels whose share changed by half a percentage point or more, largest change first."""
    old, new = (max(1, number) for number in rows.labelled)
    shifts = [(one.new / new - one.old / old, one) for one in rows.labels if one.old != one.new]
    shifts = [pair for pair in shifts if abs(pair[0]) >= _SHIFT]
    shifts.sort(key=lambda pair: (-abs(pair[0]), pair[1].label))
    shown = [f"{one.label} {one.old / old:.1%} → {one.new / new:.1%}" for _, one in shifts[:_LABELS]]
    if len(shifts) > _LABELS:
        shown.append(f"and {len(shifts) - _LABELS:,} more")
    return ", ".join(shown)


def _sample(sample: Sample) -> Iterator[str]:
    row = sample.new or sample.old
    assert row is not None
    symbol = {"added": "+", "removed": "-", "relabelled": "~"}[sample_kind(sample)]
    if sample.old is not None and sample.new is not None:
        yield f"  {symbol} {_text(row)}: {_annotation_text(sample.old)} → {_annotation_text(sample.new)}"
    else:
        yield f"  {symbol} {_text(row)}: {_annotation_text(row)}"


def _text(row: Row) -> str:
    if task_of(row) == "decoder":
        text = next((message["content"] for message in row["messages"] if message["role"] == "user"), "")
    else:
        text = row["text"]
    return json.dumps(_cut(text, 80), ensure_ascii=False)


def _annotation_text(row: Row) -> str:
    task = task_of(row)
    if task == "ner":
        return _cut(", ".join(f"{one['text']} = {one['label']}" for one in row["entities"]) or "no entities", 120)
    if task == "decoder":
        return json.dumps(_cut(row["messages"][-1]["content"], 80), ensure_ascii=False)
    return _cut(str(row["label"]), 80) if "label" in row else _cut(", ".join(row["labels"]), 120)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}…"

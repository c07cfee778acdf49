"""What changed between two states of the lock, as text, JSON and Markdown. Values in, text out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pioneer_build.diff.json import sample_kind
from pioneer_build.render.markdown import cell, code, list_item
from pioneer_build.render.plan import MARKDOWN_LIMIT
from pioneer_build.wording import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pioneer_build.diff.locks import DatasetDiff, FieldChange, JobChange, LockDiff
    from pioneer_build.diff.rows import RowsDiff, Sample
    from pioneer_build.diff.state import State
    from pioneer_build.rows import Row


SYMBOLS = {"added": "+", "removed": "-", "renamed": "→", "forgotten": "-", "returned": "↺", "changed": "~"}
_COLOURS = {"+": "32", "-": "31", "~": "33", "→": "36", "↺": "36"}
_LONG = 160
#: How many labels a text lists: the ones that shifted most.
_LABELS = 12
#: The least change of a label's share that a text tells.
_SHIFT = 0.005


# -- JSON ----------------------------------------------------------------------------------------------------------


# -- text ----------------------------------------------------------------------------------------------------------


def diff_text(diff: LockDiff, old: State, new: State, *, colour: bool = False) -> str:
    """The difference for people: a block a dataset, then a count."""
    lines = [f"pioneer.lock: {visible(old.title)} → {visible(new.title)}", *_notes(old, new), ""]
    for item in diff.datasets:
        symbol = SYMBOLS[item.kind]
        code_of = _COLOURS.get(symbol)
        mark = f"\x1b[{code_of}m{symbol}\x1b[0m" if colour and code_of else symbol
        lines.append(f"{mark} {visible(_title(item, _backends(diff)))}  {_headline(item)}")
        lines += [f"    {visible(line)}" for line in _facts(item)]
    if diff.datasets:
        lines.append("")
    lines.append(summary(diff))
    return "\n".join(lines)


def summary(diff: LockDiff) -> str:
    """The difference in a sentence."""
    if not diff.datasets:
        return f"No change: {_number(diff.unchanged, 'dataset')} as before." if diff.unchanged else "No datasets."
    counts: dict[str, int] = {}
    for item in diff.datasets:
        counts[item.kind] = counts.get(item.kind, 0) + 1
    parts = [f"{count:,} {kind}" for kind, count in counts.items()]
    if diff.unchanged:
        parts.append(f"{diff.unchanged:,} unchanged")
    return f"{', '.join(parts)}.".capitalize()


def _notes(old: State, new: State) -> list[str]:
    notes = []
    for state in (old, new):
        if state.found == "absent":
            notes.append(f"  {visible(state.title)} has no pioneer.lock: counted as empty")
        elif state.found == "conflicted":
            notes.append(f"  {visible(state.title)} has a pioneer.lock with conflict markers: both sides are joined")
    return notes


def _backends(diff: LockDiff) -> bool:
    return len({item.backend for item in diff.datasets}) > 1


def _title(item: DatasetDiff, with_backend: bool) -> str:  # noqa: FBT001
    name = f"{item.renamed_from} → {item.dataset_name}" if item.renamed_from else item.dataset_name
    return f"{name} ({item.backend})" if with_backend else name


def _headline(item: DatasetDiff) -> str:
    old, new = item.examples
    rows = f"{new:,} rows" if item.kind == "added" or old == new else f"{old:,} → {new:,} rows"
    if item.kind == "removed":
        rows = f"had {old:,} rows"
    return rows if item.kind == "changed" else f"{item.kind}, {rows}"


def _facts(item: DatasetDiff) -> Iterator[str]:
    yield from (_field(one) for one in item.fields)
    yield from (_job(one) for one in item.jobs)
    if item.rows is not None:
        yield f"rows: {_rows(item.rows)}"
        if item.kind not in ("added", "removed") and (shift := _shift(item.rows)):
            yield f"labels now: {shift}"
        for sample in item.rows.samples if item.kind not in ("added", "removed") else ():
            yield from _sample(sample)
    elif item.unseen is not None:
        yield f"rows: can't be compared here ({item.unseen})"


def _field(one: FieldChange) -> str:
    if isinstance(one.old, list) and isinstance(one.new, list):
        gone = [f"- {_short(item)}" for item in one.old if item not in one.new]
        come = [f"+ {_short(item)}" for item in one.new if item not in one.old]
        return f"{one.field}: {', '.join([*come, *gone]) or 'in another order'}"
    return f"{one.field}: {_short(one.old)} → {_short(one.new)}"


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) if value is not None else "none"
    return text if len(text) <= _LONG else f"{text[:_LONG]}… ({len(text) - _LONG:,} more characters)"


def _job(one: JobChange) -> str:
    job = one.job
    name = f"job {job.job_id}" if job.job_id else f"version {job.version}" if job.version else "a submission"
    if one.was is None:
        head = f"+ {name}, {one.now}"
    elif one.now is None:
        head = f"- {name}, was {one.was}"
    else:
        head = f"{name}, {one.was} → {one.now}" if one.was != one.now else f"{name}, {one.now}"
    got = f", {job.got:,} of {job.asked:,} rows" if job.got is not None else f", {job.asked:,} rows asked for"
    version = f", version {job.version}" if job.version and job.job_id else ""
    return f"{head}{got}{version}"


def _rows(rows: RowsDiff) -> str:
    parts = [f"{rows.added:,} added", f"{rows.removed:,} removed", f"{rows.relabelled:,} relabelled"]
    if rows.rescored:
        parts.append(f"{rows.rescored:,} with other scores or ids")
    if rows.moved:
        parts.append("in another order")
    return ", ".join(parts)


def _shift(rows: RowsDiff) -> str:
    """The labels whose share changed by half a point or more, those that changed most first."""
    old, new = (max(1, count) for count in rows.labelled)
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
        yield f"  {symbol} {_text(row)}: {_said(sample.old)} → {_said(sample.new)}"
    else:
        yield f"  {symbol} {_text(row)}: {_said(row)}"


def _text(row: Row) -> str:
    text = row.get("text")
    if text is None:
        text = next((message["content"] for message in row["messages"] if message["role"] == "user"), "")
    return json.dumps(_cut(text, 80), ensure_ascii=False)


def _said(row: Row) -> str:
    if "entities" in row:
        return _cut(", ".join(f"{one['text']} = {one['label']}" for one in row["entities"]) or "nothing", 120)
    if "label" in row:
        return _cut(str(row["label"]), 80)
    if "labels" in row:
        return _cut(", ".join(row["labels"]), 120)
    return json.dumps(_cut(row["messages"][-1]["content"], 80), ensure_ascii=False)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}…"


def _number(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


# -- Markdown ------------------------------------------------------------------------------------------------------


def diff_markdown(diff: LockDiff, old: State, new: State) -> str:
    """The difference for a pull request: a table, details folded; below 60,000 characters."""
    head = ["### pioneer-build diff", "", f"{cell(old.title)} → {cell(new.title)}: {cell(summary(diff))}", ""]
    if notes := _notes(old, new):
        head += [f"- {cell(note.strip())}" for note in notes] + [""]
    if not diff.datasets:
        return "\n".join(head)
    table = ["| | dataset | change | rows | added | removed | relabelled |", "|---|---|---|---:|---:|---:|---:|"]
    with_backend = _backends(diff)
    rows, left_out = _fitting([[_table_row(item, with_backend)] for item in diff.datasets], _length([*head, *table]))
    parts = [*head, *table, *rows]
    if left_out:
        parts += ["", f"… and {left_out:,} more datasets: run `pioneer-build diff` to see them."]
    blocks = [_details(item, with_backend) for item in diff.datasets[: len(rows)]]
    folded, left_out = _fitting(blocks, _length(parts))
    if folded:
        parts += ["", "<details><summary>Details</summary>", "", *folded, "</details>"]
    if left_out:
        parts += ["", f"… the details of {left_out:,} datasets are left out: run `pioneer-build diff`."]
    return "\n".join(parts) + "\n"


def _length(lines: list[str]) -> int:
    return sum(len(line) + 1 for line in lines) + 400  # room for the sentences that say what is left out


def _fitting(blocks: list[list[str]], used: int) -> tuple[list[str], int]:
    """The lines of the first blocks that fit into a comment, and how many blocks don't."""
    kept: list[str] = []
    for number, block in enumerate(blocks):
        used += sum(len(line) + 1 for line in block)
        if used > MARKDOWN_LIMIT:
            return kept, len(blocks) - number
        kept += block
    return kept, 0


def _table_row(item: DatasetDiff, with_backend: bool) -> str:  # noqa: FBT001
    old, new = item.examples
    rows = f"{new:,}" if old == new else f"{old:,} → {new:,}"
    if item.rows is not None:
        counts = [f"{item.rows.added:,}", f"{item.rows.removed:,}", f"{item.rows.relabelled:,}"]
    else:
        counts = ["?"] * 3 if item.content_changed else ["0"] * 3
    cells = [SYMBOLS[item.kind], cell(_title(item, with_backend)), item.kind, rows, *counts]
    return f"| {' | '.join(cells)} |"


def _details(item: DatasetDiff, with_backend: bool) -> list[str]:  # noqa: FBT001
    lines = [f"**{cell(_title(item, with_backend))}** {item.kind}", ""]
    lines += [f"  - {code(fact.strip())}" if fact.startswith("  ") else f"- {list_item(fact)}" for fact in _facts(item)]
    return [*lines, ""]

"""One dataset as text: what it is, where it came from, what its rows hold, and a few of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pioneer_build.render.plan import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

#: How many rejected rows the text form shows; the JSON form has all.
_MOST_REJECTED = 20


def show_text(value: Mapping[str, Any], *, width: int = 80, colour: bool = False) -> str:
    """A dataset (`render.dataset.dataset_value`, with `definition`, `rows`, …) for people."""
    lines = [f"{value['dataset_name']}: {value['task_type']}, {value['state']} on {value['backend']}"]
    seen = "looked at" if value["verified"] else "never looked at"
    if value["examples"]:
        lines.append(f"  {value['examples']:,} rows, {seen}; content {value['content'] or 'unknown'}")
    lines.append(f"  fingerprint {value['fingerprint']}, remote name {value['remote_name']}")
    if inputs := value.get("inputs"):
        texts = f"{inputs['texts']:,} texts, {inputs['distinct']:,} distinct, {inputs['annotated']:,} annotated"
        lines.append(f"  {texts}, {inputs['quarantined']:,} in quarantine")
    if training := value.get("training"):
        lines.append(f"  for a training job: {json.dumps(training)}")
    if value.get("reason"):
        lines.append(f"  {visible(value['reason'])}")
    if value.get("command"):
        lines.append(f"  help: {value['command']}")
    lines += ["", "definition", *_definition(value["definition"], width)]
    if value["jobs"]:
        lines += ["", "jobs", *_table(_job_cells(job) for job in value["jobs"])]
        lines += [f"  {job['job_id']}: {visible(job['reason'])}" for job in value["jobs"] if job["reason"]]
    if summary := value.get("content_summary"):
        lines += ["", "rows", *_summary(summary)]
    if rows := value.get("rows"):
        lines += ["", f"the first {len(rows):,}"]
        lines += [line for row in rows for line in _row(row, colour=colour)]
    if "rejected" in value:
        lines += ["", *_rejected(value["rejected"])]
    return "\n".join(lines)


def _definition(definition: Mapping[str, Any], width: int) -> list[str]:
    lines = []
    for key, item in definition.items():
        if isinstance(item, list) and item and isinstance(item[0], dict):
            lines.append(f"  {key}:")
            lines += [f"    {visible(shot['text'])} → {visible(shot['label'])}" for shot in item]
        else:
            text = ", ".join(item) if isinstance(item, list) else str(item)
            lines += [f"  {key}: {_cut(text, max(40, width - len(key) - 4))}"]
    return lines


def _job_cells(job: Mapping[str, Any]) -> list[str]:
    accepted = "" if job["accepted"] is None else f"{job['accepted']:,} of "
    version = f"version {job['version']}{' (counted)' if job['inferred'] else ''}" if job["version"] else "no version"
    return [
        job["job_id"] or "(no id)",
        job["state"],
        f"{accepted}{job['examples']:,} rows",
        version,
        job["remote_name"],
    ]


def _table(rows: Iterable[Sequence[str]]) -> list[str]:
    cells = [list(row) for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    return ["  " + "  ".join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True)).rstrip() for row in cells]


def _summary(summary: Mapping[str, Any]) -> list[str]:
    lines = []
    total = summary["rows"] or 1
    counts = summary["mentions"] or summary["by_label"]
    if counts:
        what = "mentions" if summary["mentions"] else "rows"
        label_width = min(30, max(len(label) for label in counts))
        most = max(counts.values()) or 1
        for label, count in counts.items():
            bar = "█" * round(20 * count / most)
            lines.append(f"  {visible(label):<{label_width}}  {count:>8,} {what}  {bar}".rstrip())
    if length := summary["length"]:
        lines.append(f"  lengths {length['min']:,} to {length['max']:,} characters, median {length['median']:,}")
    if summary["empty"]:
        lines.append(f"  {summary['empty']:,} rows without an entity ({summary['empty'] / total:.0%})")
    lines.append(f"  {summary['duplicates']:,} duplicates")
    if confidence := summary["confidence"]:
        lines.append(f"  confidence {confidence['min']:.2f} to {confidence['max']:.2f}, mean {confidence['mean']:.2f}")
    return lines


def _row(row: Mapping[str, Any], *, colour: bool) -> list[str]:
    head = f"  [{visible(str(row['id']))}] " if "id" in row else "  "
    if "messages" in row:
        return [f"  {message['role']:>9}: {visible(message['content'])}" for message in row["messages"]] + [""]
    if "entities" in row:
        lines = [head + marked(row["text"], row["entities"], colour=colour)]
        lines += [
            f"    {visible(entity['text'])} ({visible(entity['label'])}), ambiguous: it occurs more than once"
            for entity in row["entities"]
            if entity.get("ambiguous")
        ]
        return lines
    label = row["label"] if "label" in row else ", ".join(row["labels"])
    score = f" {row['score']:.2f}" if row.get("score") is not None else ""
    return [f"{head}{visible(row['text'])} → {visible(label)}{score}"]


def marked(text: str, entities: Sequence[Mapping[str, Any]], *, colour: bool = False) -> str:
    """The text with its spans in brackets: `[Ada](person) spoke`. Of overlapping ones the first."""
    parts: list[str] = []
    at = 0
    for entity in entities:
        start, end = entity.get("start"), entity.get("end")
        if start is None or end is None or start < at:
            continue
        label = visible(entity["label"])
        span = f"[{visible(text[start:end])}]({label})"
        parts += [visible(text[at:start]), f"\x1b[36m{span}\x1b[0m" if colour else span]
        at = end
    return "".join([*parts, visible(text[at:])])


def _rejected(rejected: Sequence[Mapping[str, Any]]) -> list[str]:
    if not rejected:
        return ["Nothing was set aside."]
    causes: dict[str, int] = {}
    for bad in rejected:
        causes[bad["cause"]] = causes.get(bad["cause"], 0) + 1
    lines = [f"set aside: {', '.join(f'{count:,} {cause}' for cause, count in sorted(causes.items()))}"]
    for bad in rejected[:_MOST_REJECTED]:
        where = f"{bad['job_id']} row {bad['number']}" if "job_id" in bad else f"text {bad['text_digest'][:12]}"
        lines.append(f"  {where}: {visible(bad['message'])}")
        if "raw" in bad:
            lines.append(f"    {_cut(json.dumps(bad['raw'], ensure_ascii=False), 160)}")
    if len(rejected) > _MOST_REJECTED:
        lines.append(f"  … and {len(rejected) - _MOST_REJECTED:,} more: --format json has all")
    return lines


def _cut(text: str, most: int) -> str:
    shown = visible(text)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"

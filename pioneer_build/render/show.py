"""One dataset as text: its definition, its jobs, statistics of its rows, and some sample rows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pioneer_build.escaping import Lines, lines_text, visible
from pioneer_build.render.colours import coloured
from pioneer_build.render.line_wrapping import wrapped
from pioneer_build.render.status import rows_of_wanted
from pioneer_build.rows import task_of
from pioneer_build.spec.label_descriptions import DESCRIPTIONS, as_written
from pioneer_build.wording import count, noun_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

#: Number of quarantined rows in the text; the JSON has all.
_MOST_REJECTED = 20
#: Columns for the names of facts.
_FACTS = 13


def show_text(value: Mapping[str, Any], *, width: int = 80, colour: bool = False) -> Lines:
    """A dataset for people.

    Args:
        value: the JSON values of `show NAME --format json`.
        width: of the terminal, in columns.
        colour: whether to colour spans (ANSI).
    """
    title = f"{value['dataset_name']}: {value['task_type']}, {value['state']} on {value['backend']}"
    lines = [visible(title), ""]
    for name, fact in _facts(value, width - _FACTS - 2):
        lines += wrapped(f"{name:<{_FACTS}}{visible(fact)}", width, first=2, rest=2 + _FACTS)
    lines += ["", "definition", *_definition(value["definition"], width)]
    if value["jobs"]:
        lines += ["", "jobs", *_table(_jobs(value))]
        for job in value["jobs"]:
            if job["reason"]:
                lines += wrapped(visible(f"{job['job_id'] or '(no id)'}: {job['reason']}"), width, first=2, rest=4)
    if summary := value.get("content_summary"):
        lines += ["", "rows", *_summary(summary, width)]
    if rows := value.get("rows"):
        lines += ["", f"first {count(len(rows), 'row')}" if len(rows) > 1 else "first row"]
        lines += [line for row in rows for line in _row(row, width, colour=colour)]
    if "rejected" in value:
        lines += ["", *(_rejected(value["rejected"], width) if value["rejected"] else wrapped(_nothing(value), width))]
    while not lines[-1]:
        lines.pop()
    return lines_text(lines, colour=colour)


def _facts(value: Mapping[str, Any], room: int) -> Iterator[tuple[str, str]]:
    if value["examples"]:
        seen = "verified" if value["verified"] else "not verified"
        version = f", version {value['version']}" if value["version"] else ""
        stale = "; of an earlier definition, which the spec no longer has" if value["stale"] else ""
        yield "rows", f"{rows_of_wanted(value)}, {seen}{version}{stale}"
    if inputs := value.get("inputs"):
        quarantined = f", {inputs['quarantined']:,} quarantined" if inputs["quarantined"] else ""
        texts = f"{inputs['texts']:,}, {inputs['distinct']:,} distinct, {inputs['annotated']:,} annotated"
        yield "texts", texts + quarantined
        if missing := value.get("unsupported_labels"):
            yield "unsupported", f"{', '.join(missing)}: the service does not support these labels"
    else:
        yield "remote name", value["remote_name"]
    yield "fingerprint", _digest(value["fingerprint"], room)
    if value["content"]:
        yield "content", _digest(value["content"], room)
    if training := value.get("training"):
        yield "for training", json.dumps(training)
    if value.get("reason"):
        yield "reason", value["reason"]
    if value.get("command"):
        yield "help", value["command"]


def _digest(digest: str, room: int) -> str:
    """A digest, shortened if there is not enough room; the JSON always has all of it."""
    return digest if len(digest) <= room else f"{digest[:24]}…"


def _definition(definition: Mapping[str, Any], width: int) -> list[str]:
    lines = []
    for key, item in as_written(definition).items():
        if key == DESCRIPTIONS:
            lines.append(f"  {key.replace('_', ' ')}:")
            for label, text in item.items():
                lines += wrapped(f"{visible(label)}: {visible(text)}", width, first=4, rest=6)
        elif isinstance(item, list) and item and isinstance(item[0], dict):
            lines.append(f"  {visible(key)}:")
            for shot in item:
                meant = (
                    shot["label"] if "label" in shot else ", ".join(map(" = ".join, shot["entities"])) or "no entities"
                )
                lines += wrapped(f"{visible(shot['text'])} → {visible(meant)}", width, first=4, rest=6)
        elif isinstance(item, str) and "\n" in item:
            lines.append(f"  {visible(key)}:")
            for line in item.split("\n"):
                lines += wrapped(visible(line), width, first=4, rest=4)
        else:
            text = ", ".join(map(visible, item)) if isinstance(item, list) else visible(str(item))
            lines += wrapped(f"{visible(key)}: {text}", width, first=2, rest=4)
    return lines


def _jobs(value: Mapping[str, Any]) -> list[list[str]]:
    """A row for each job; with remote names only if they differ from the dataset's."""
    jobs = value["jobs"]
    cells = [_job_cells(job) for job in jobs]
    if any(job["remote_name"] != value["remote_name"] for job in jobs):
        for row, job in zip(cells, jobs, strict=True):
            row.append(job["remote_name"])
    return cells


def _job_cells(job: Mapping[str, Any]) -> list[str]:
    accepted = "" if job["accepted"] is None else f"{job['accepted']:,} of "
    version = f"version {job['version']}{' (inferred)' if job['inferred'] else ''}" if job["version"] else "no version"
    return [job["job_id"] or "(no id)", job["state"], f"{accepted}{count(job['examples'], 'row')}", version]


def _table(rows: Iterable[Sequence[str]]) -> list[str]:
    cells = [list(map(visible, row)) for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    return ["  " + "  ".join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True)).rstrip() for row in cells]


def _summary(summary: Mapping[str, Any], width: int) -> list[str]:
    lines = []
    total = summary["rows"] or 1
    counts = summary["mentions"] or summary["by_label"]
    if counts:
        what = "mention" if summary["mentions"] else "row"
        label_width = min(30, max(len(label) for label in counts))
        longest = max(5, min(20, width - label_width - 23))
        most = max(counts.values()) or 1
        for label, number in counts.items():
            bar = "█" * round(longest * number / most)
            noun = f"{noun_for(number, what):<{len(what) + 1}}"
            lines.append(f"  {visible(label):<{label_width}}  {number:>8,} {noun}  {bar}".rstrip())
    if length := summary["length"]:
        lines.append(f"  lengths {length['min']:,} to {count(length['max'], 'character')}, median {length['median']:,}")
    if summary["empty"]:
        lines.append(f"  {count(summary['empty'], 'row')} without an entity ({summary['empty'] / total:.0%})")
    lines.append(f"  {count(summary['duplicates'], 'duplicate')}")
    if confidence := summary["confidence"]:
        lines.append(f"  confidence {confidence['min']:.2f} to {confidence['max']:.2f}, mean {confidence['mean']:.2f}")
    return lines


def _row(row: Mapping[str, Any], width: int, *, colour: bool) -> list[str]:
    head = f"[{visible(str(row['id']))}] " if "id" in row else ""
    task = task_of(row)
    if task == "decoder":
        lines = []
        for message in row["messages"]:
            for number, line in enumerate(message["content"].split("\n")):
                role = f"{message['role']:>9}: " if not number else " " * 11
                lines += wrapped(f"{role}{visible(line)}", width, first=2, rest=13)
        return [*lines, ""]
    if task == "ner":
        lines = wrapped(head + marked(row["text"], row["entities"], colour=colour), width, first=2, rest=4)
        lines += [
            f"    {visible(entity['text'])} ({visible(entity['label'])}), ambiguous: it occurs more than once"
            for entity in row["entities"]
            if entity.get("ambiguous")
        ]
        return lines
    label = row["label"] if "label" in row else ", ".join(row["labels"])
    score = f" {row['score']:.2f}" if row.get("score") is not None else ""
    return wrapped(f"{head}{visible(row['text'])} → {visible(label)}{score}", width, first=2, rest=4)


def marked(text: str, entities: Sequence[Mapping[str, Any]], *, colour: bool = False) -> str:
    """The text with its spans in brackets: `[Ada](person) spoke`. Of overlapping spans only the first is marked.

    Args:
        text: of a row.
        entities: of the row; `start` and `end` count code points. An entity without them isn't marked.
        colour: whether to colour spans (ANSI).
    """
    parts: list[str] = []
    at = 0
    for entity in entities:
        start, end = entity.get("start"), entity.get("end")
        if start is None or end is None or start < at:
            continue
        label = visible(entity["label"])
        span = f"[{visible(text[start:end])}]({label})"
        parts += [visible(text[at:start]), coloured(span, "cyan", on=colour)]
        at = end
    return "".join([*parts, visible(text[at:])])


def _nothing(value: Mapping[str, Any]) -> str:
    """Why no row or text is shown: none was quarantined, or the texts of a label spec were rejected all at once."""
    if not value.get("reason"):
        return "Nothing was quarantined."
    what = "request was refused" if value["state"] == "failed" else "response was rejected as a whole"
    return f"No single text was quarantined: the {what}, for the reason above."


def _rejected(rejected: Sequence[Mapping[str, Any]], width: int) -> list[str]:
    causes: dict[str, int] = {}
    for bad in rejected:
        causes[bad["cause"]] = causes.get(bad["cause"], 0) + 1
    lines = [f"quarantined: {', '.join(f'{number:,} {cause}' for cause, number in sorted(causes.items()))}"]
    for bad in rejected[:_MOST_REJECTED]:
        where = f"{bad['job_id']} row {bad['number']}" if "job_id" in bad else f"text {bad['text_digest'][:12]}"
        lines += wrapped(visible(f"{where}: {bad['message']}"), width, first=2, rest=4)
        if "raw" in bad:
            lines.append(f"    {_cut(json.dumps(bad['raw'], ensure_ascii=False), min(2 * width, 400))}")
    if len(rejected) > _MOST_REJECTED:
        lines.append(f"  … and {len(rejected) - _MOST_REJECTED:,} more: --format json lists all")
    return lines


def _cut(text: str, most: int) -> str:
    shown = visible(text)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"

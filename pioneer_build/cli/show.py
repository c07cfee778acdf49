"""`show`: one dataset, or a saved plan."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pioneer_build.cli.options import Globals, dataset_names, format_option
from pioneer_build.cli.output import as_json, out, room, wants_colour, width
from pioneer_build.errors import PioneerError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pioneer_build.lock.model import Entry
    from pioneer_build.store import Store


@click.command("show")
@click.argument("name", required=False, shell_complete=dataset_names)
@click.option("--rows", type=click.IntRange(0), default=3, show_default=True, metavar="N", help="Sample rows to show.")
@click.option("--rejected", is_flag=True, help="Show what was set aside, and why.")
@click.option("--plan", "planfile", type=click.Path(path_type=Path), metavar="FILE", help="Show a saved plan.")
@format_option("markdown")
@click.pass_obj
def command(
    options: Globals,
    name: str | None,
    rows: int,
    rejected: bool,  # noqa: FBT001
    planfile: Path | None,
    form: str,
) -> None:
    """Show one dataset: its definition, jobs and versions, what its rows hold, and a few of them.

    \b
    Examples:
      pioneer-build show people --rows 10
      pioneer-build show people --rejected
      pioneer-build show --plan plan.json
    """
    if (name is None) == (planfile is None):
        raise UsageError("give the name of a dataset, or --plan FILE")
    if planfile is not None:
        _show_plan(planfile, form)
        return
    if form == "markdown":
        raise UsageError("--format markdown is for --plan")
    assert name is not None
    from pioneer_build.operations.project_state import look
    from pioneer_build.render.show import show_text
    from pioneer_build.results.dataset import dataset_value

    found = look(options.project())
    entry = found.lock.get(name, found.backend)
    declared = found.declared.get(name)
    if entry is None and declared is None:
        from pioneer_build.wording import nearest

        near = nearest(name, sorted({*found.declared, *(e.dataset_name for e in found.lock.on(found.backend))}))
        hint = f"did you mean '{near}'?" if near else "`pioneer-build status` lists the datasets"
        raise PioneerError(f"there is no dataset '{name}'", hint=hint)
    step = next((step for step in found.plan.steps if step.dataset_name == name), None)
    value = dataset_value(name, found.backend, entry, declared, step)
    value["definition"] = entry.definition if entry is not None else declared.definition if declared else {}
    if rejected:
        value["rejected"] = list(_rejected(entry, found.store)) if entry is not None else []
    else:
        value["content_summary"], value["rows"] = _content(entry, found.store, rows)
    if form == "json":
        out(as_json(value))
    else:
        out(show_text(value, width=room(sys.stdout), colour=wants_colour(sys.stdout)))


def _show_plan(path: Path, form: str) -> None:
    from pioneer_build.operations.saved_plan import read_plan
    from pioneer_build.plan.json import plan_value
    from pioneer_build.render.plan import plan_markdown, plan_text

    plan = read_plan(path)
    if form == "json":
        out(as_json(plan_value(plan)))
    elif form == "markdown":
        out(plan_markdown(plan))
    else:
        out(plan_text(plan, width=width(), colour=wants_colour(sys.stdout)))


def _content(entry: Entry | None, store: Store, count: int) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """What the rows hold, and the first few; nothing where they are not here."""
    from pioneer_build.operations.locked_rows import locked_lines
    from pioneer_build.rows import Tally, parse_line

    if entry is None:
        return None, []
    try:
        lines = locked_lines(entry, store)
    except PioneerError:
        return None, []
    tally = Tally(entry.definition.get("labels", ()))
    first: list[dict[str, Any]] = []
    for line in lines:
        row = parse_line(line)
        tally.add(row)
        if len(first) < count:
            first.append(row)
    return tally.summary().as_dict(), first


def _rejected(entry: Entry, store: Store) -> Iterator[dict[str, Any]]:
    """What was set aside: rows of jobs, and texts of label specs."""
    from pioneer_build.checks.quarantine import parse_quarantined

    for job in entry.jobs:
        if job.quarantined is None or not store.has(job.quarantined):
            continue
        for line in store.lines(job.quarantined):
            bad = parse_quarantined(line)
            yield {
                "job_id": job.job_id,
                "number": bad.number,
                "cause": bad.cause,
                "message": bad.message,
                "raw": bad.raw,
            }
    if entry.num_examples is None:
        annotations = store.annotations(entry.backend, entry.fingerprint)
        for digest, found in annotations.quarantined().items():
            yield {"text_digest": digest.hex(), "cause": found.reason.partition(":")[0], "message": found.reason}

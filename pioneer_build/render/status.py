"""Where every dataset stands, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pioneer_build.render.text import Colour, coloured, wrapped
from pioneer_build.wording import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

_WORST_FIRST = ("unknown", "open", "failed", "rejected", "changed", "new", "ready", "forgotten")
_COLOURS: dict[str, Colour] = {
    "unknown": "magenta", "open": "cyan", "failed": "red", "rejected": "red", "changed": "yellow", "new": "yellow",
    "ready": "green",
}  # fmt: skip


def status_text(values: Sequence[dict[str, Any]], *, width: int = 80, colour: bool = False) -> str:
    """A line a dataset, the worst first, each with what helps.

    Args:
        values: the datasets, as `results.dataset.dataset_status` tells them.
        width: of the terminal, in columns.
        colour: whether to colour states (ANSI).
    """
    if not values:
        return "No datasets. `pioneer-build init` writes a first one."
    ordered = sorted(values, key=lambda value: (_WORST_FIRST.index(value["state"]), value["dataset_name"]))
    name_width = min(max(len(value["dataset_name"]) for value in values), max(12, width // 3))
    lines = []
    for value in ordered:
        state = coloured(f"{value['state']:<9}", _COLOURS.get(value["state"]), on=colour)
        lines.append(f"{state} {value['dataset_name']:<{name_width}}  {_facts(value)}".rstrip())
        troubled = [job for job in value["jobs"] if job["state"] != "ready"]
        if value["state"] in ("unknown", "open", "failed", "rejected"):
            lines += [line for job in troubled[-3:] for line in wrapped(_job_line(job), width, first=10, rest=12)]
        if value.get("reason"):
            lines += wrapped(visible(value["reason"]), width, first=10, rest=12)
        if value.get("command"):
            lines.append(f"          help: {value['command']}")
    counts = {state: sum(1 for value in values if value["state"] == state) for state in _WORST_FIRST}
    lines += ["", ", ".join(f"{count:,} {state}" for state, count in counts.items() if count)]
    return "\n".join(lines)


def _facts(value: dict[str, Any]) -> str:
    parts = [f"{value['examples']:,} rows"]
    if value["version"]:
        parts.append(f"version {value['version']}")
    if value["examples"] and not value["verified"]:
        parts.append("not verified")
    if (inputs := value.get("inputs")) and inputs["quarantined"]:
        parts.append(f"{inputs['quarantined']:,} texts in quarantine")
    return ", ".join(parts)


def _job_line(job: dict[str, Any]) -> str:
    name = f"job {job['job_id']}" if job["job_id"] else "a submission without an answer"
    now = f", the service says {job['now']}" if job.get("now") else ""
    reason = f": {job['reason']}" if job["reason"] else ""
    return visible(f"{name}, {job['examples']:,} examples, {job['state']}{now}{reason}")

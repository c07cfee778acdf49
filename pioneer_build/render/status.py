"""One dataset as JSON values and as text. Values in, text out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pioneer_build.render.text import wrapped
from pioneer_build.wording import visible

if TYPE_CHECKING:
    from collections.abc import Sequence


# -- text ----------------------------------------------------------------------------------------------------------

_WORST_FIRST = ("unknown", "open", "failed", "rejected", "changed", "new", "ready", "forgotten")
_COLOURS = {
    "unknown": "35", "open": "36", "failed": "31", "rejected": "31", "changed": "33", "new": "33", "ready": "32",
}  # fmt: skip


def status_text(values: Sequence[dict[str, Any]], *, width: int = 80, colour: bool = False) -> str:
    """A line a dataset, the worst first, each with what helps."""
    if not values:
        return "No datasets. `pioneer-build init` writes a first one."
    ordered = sorted(values, key=lambda value: (_WORST_FIRST.index(value["state"]), value["dataset_name"]))
    name_width = min(max(len(value["dataset_name"]) for value in values), max(12, width // 3))
    lines = []
    for value in ordered:
        state = f"{value['state']:<9}"
        if colour and value["state"] in _COLOURS:
            state = f"\x1b[{_COLOURS[value['state']]}m{state}\x1b[0m"
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

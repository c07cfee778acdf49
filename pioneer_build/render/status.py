"""The state of every dataset as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pioneer_build.escaping import Lines, lines_text, visible
from pioneer_build.render.colours import Colour, coloured
from pioneer_build.render.line_wrapping import wrapped
from pioneer_build.wording import count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_WORST_FIRST = ("unknown", "open", "failed", "rejected", "changed", "new", "ready", "forgotten")
_COLOURS: dict[str, Colour] = {
    "unknown": "magenta", "open": "cyan", "failed": "red", "rejected": "red", "changed": "yellow", "new": "yellow",
    "ready": "green",
}  # fmt: skip


def status_text(
    values: Sequence[dict[str, Any]], remarks: Sequence[str] = (), *, width: int = 80, colour: bool = False
) -> Lines:
    """A line for each dataset with the command that fixes it, the worst first.

    Args:
        values: the datasets, as `operations.dataset_status` returns them.
        remarks: sentences about the project.
        width: of the terminal, in columns.
        colour: whether to colour states (ANSI).
    """
    if not values:
        return lines_text(["No datasets. `pioneer-build init` creates some."])
    ordered = sorted(values, key=lambda value: (_WORST_FIRST.index(value["state"]), value["dataset_name"]))
    name_width = min(max(len(value["dataset_name"]) for value in values), max(12, width // 3))
    lines = []
    for value in ordered:
        state = coloured(f"{value['state']:<9}", _COLOURS.get(value["state"]), on=colour)
        lines.append(f"{state} {visible(value['dataset_name']):<{name_width}}  {_facts(value)}".rstrip())
        troubled = [job for job in value["jobs"] if job["state"] != "ready"]
        if value["state"] in ("unknown", "open", "failed", "rejected"):
            lines += [line for job in troubled[-3:] for line in wrapped(_job_line(job), width, first=10, rest=12)]
        if value.get("reason"):
            lines += wrapped(visible(value["reason"]), width, first=10, rest=12)
        if value.get("command"):
            lines.append(f"          help: {visible(value['command'])}")
    counts = {state: sum(1 for value in values if value["state"] == state) for state in _WORST_FIRST}
    found = ", ".join(f"{number:,} {state}" for state, number in counts.items() if number)
    lines += ["", f"{count(len(values), 'dataset')}: {found}"]
    lines += [line for remark in remarks for line in wrapped(visible(remark), width)]
    return lines_text(lines, colour=colour)


def _facts(value: dict[str, Any]) -> str:
    parts = [rows_of_wanted(value)]
    if value["version"]:
        parts.append(f"version {visible(value['version'])}")
    if value.get("action") in ("forget", "delete"):
        parts.append("spec removed")
    if value["stale"]:
        parts.append("of an earlier definition")
    if value["examples"] and not value["verified"]:
        parts.append("not verified")
    if value.get("action") == "fetch" and not value.get("reason"):
        parts.append("to be fetched to this machine")
    if (inputs := value.get("inputs")) and inputs["quarantined"]:
        parts.append(f"{count(inputs['quarantined'], 'text')} quarantined")
    return ", ".join(parts)


def _job_line(job: dict[str, Any]) -> str:
    name = f"job {job['job_id']}" if job["job_id"] else "an unanswered submission"
    now = f", on the service: {job['now']}" if job.get("now") else ""
    reason = f": {job['reason']}" if job["reason"] else ""
    return visible(f"{name}, {count(job['examples'], 'example')}, {job['state']}{now}{reason}")


def rows_of_wanted(value: Mapping[str, Any]) -> str:
    """The rows of a dataset as `operations.dataset_status` describes it: `60 rows`; `53 of 60 rows` if some lack.

    If the dataset isn't built as its spec says, the size of the spec is no matter of missing rows.
    """
    wanted = value["num_examples"]
    built = value["state"] == "ready" and wanted is not None and 0 < value["examples"] < wanted
    return f"{value['examples']:,} of {count(wanted, 'row')}" if built else count(value["examples"], "row")

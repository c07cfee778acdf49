"""A plan as text, JSON and Markdown. Values in, text out: nothing here prints, colours by itself, or reads a clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.wording import _number, duration, visible

if TYPE_CHECKING:
    from collections.abc import Callable

    from pioneer_build.plan import Plan, Step


#: One symbol an action, so that colour never carries meaning alone.
SYMBOLS = {
    "create": "+",
    "extend": "↑",
    "shrink": "↓",
    "replace": "±",
    "restore": "↺",
    "label": "+",
    "rename": "→",
    "forget": "-",
    "delete": "×",
    "resume": "…",
    "reconcile": "?",
    "blocked": "!",
    "fetch": "⇣",
    "update": "~",
    "none": "=",
}
_COLOURS = {"+": "32", "↑": "32", "±": "33", "↺": "36", "-": "31", "×": "31", "?": "35", "!": "31", "~": "33"}


# -- text ----------------------------------------------------------------------------------------------------------


def plan_text(plan: Plan, *, width: int = 80, colour: bool = False, all_steps: bool = False) -> str:
    """The plan for people: an aligned line a dataset, its reasons below, and a summary.

    Args:
        plan: what to show.
        width: columns there are.
        colour: whether to colour symbols (ANSI).
        all_steps: show unchanged datasets too, which are a number otherwise.
    """
    shown = [step for step in plan.steps if all_steps or step.action != "none"]
    paint = _painter(colour)
    lines: list[str] = []
    if shown:
        name_width = min(max(len(step.dataset_name) for step in shown), max(12, width // 3))
        action_width = max(len(step.action) for step in shown)
        for step in shown:
            symbol = SYMBOLS[step.action]
            head = f"{paint(symbol)} {step.dataset_name:<{name_width}}  {step.action:<{action_width}}  {_cost(step)}"
            lines.append(head.rstrip())
            for reason in step.reasons:
                lines += _wrapped(f"{reason.field}: {reason.text}", width, "    ")
            if step.remote_name and step.remote_name != step.dataset_name and step.requests and step.action != "label":
                lines += _wrapped(f"goes to the remote name {step.remote_name}", width, "    ")
            if step.refused is not None:
                lines += _wrapped(f"will not be done: {step.refused}", width, "    ")
            if step.command is not None:
                lines += _wrapped(f"help: {step.command}", width, "    ")
        lines.append("")
    lines += _wrapped(summary_text(plan), width, "")
    return "\n".join(lines)


def nothing_text(datasets: int) -> str:
    """The plan in a sentence where there is nothing to do."""
    return f"Nothing to do: {_number(datasets, 'dataset')} as declared." if datasets else "No datasets."


def summary_text(plan: Plan) -> str:
    """The plan in a sentence or two."""
    counts = plan.counts()
    unchanged = counts.pop("none", 0)
    if not counts:
        return nothing_text(unchanged)
    parts = ", ".join(f"{count:,} to {action}" for action, count in counts.items())
    if unchanged:
        parts += f", {unchanged:,} unchanged"
    text = f"Plan ({plan.backend}): {parts}."
    if plan.requests:
        text += f" {_number(plan.requests, 'request')} for {_number(plan.examples, 'example')}"
        if plan.seconds_at_least:
            text += (
                f", at least {duration(plan.seconds_at_least)} under the limit of {plan.requests_per_minute:,} a minute"
            )
        return text + "."
    return text + " Nothing is submitted."


def _cost(step: Step) -> str:
    if step.action == "none":
        return f"{step.total:,} rows"
    if step.requests:
        rows = f"{_number(step.examples, 'text' if step.action == 'label' else 'example')}"
        of = f" of {step.total:,}" if step.total != step.examples else ""
        return f"{rows}{of}, {_number(step.requests, 'request')}"
    return f"{step.total:,} rows, no request" if step.total else "no request"


def _painter(colour: bool) -> Callable[[str], str]:  # noqa: FBT001
    def paint(symbol: str) -> str:
        code = _COLOURS.get(symbol)
        return f"\x1b[{code}m{symbol}\x1b[0m" if colour and code else symbol

    return paint


def _wrapped(text: str, width: int, indent: str) -> list[str]:
    import textwrap

    return textwrap.wrap(
        visible(text), max(width, 20), initial_indent=indent, subsequent_indent=indent + "  " if indent else "",
        break_on_hyphens=False, break_long_words=False,
    ) or [indent]  # fmt: skip


# -- Markdown ------------------------------------------------------------------------------------------------------

#: GitHub takes comments of up to 65,536 characters; the rest is room for what posts it.
MARKDOWN_LIMIT = 60_000


def plan_markdown(plan: Plan) -> str:
    """The plan for a pull request: summary first, a table, details folded; below 60,000 characters."""
    # rows that are not on a CI machine are no news
    from pioneer_build.plan import SETTLED  # not on the way of a plan with nothing to do
    from pioneer_build.render.markdown import cell

    shown = [step for step in plan.steps if step.action not in SETTLED]
    head = ["### pioneer-build plan", "", cell(summary_text(plan)), ""]
    if not shown:
        return "\n".join(head)
    table = ["| | dataset | action | requests | examples | rows |", "|---|---|---|---:|---:|---:|"]
    foot = "\n"
    details: list[list[str]] = [_details(step) for step in shown]
    rows = [_row(step) for step in shown]
    text = "\n".join([*head, *table])
    used = len(text) + 400
    kept_rows = 0
    for row in rows:
        if used + len(row) + 1 > MARKDOWN_LIMIT:
            break
        used += len(row) + 1
        kept_rows += 1
    parts = [*head, *table, *rows[:kept_rows]]
    if kept_rows < len(rows):
        parts += ["", f"… and {len(rows) - kept_rows:,} more datasets: run `pioneer-build plan` to see them."]
    kept = 0
    folded: list[str] = []
    for block in details[:kept_rows]:
        size = sum(len(line) + 1 for line in block)
        if used + size > MARKDOWN_LIMIT:
            break
        used += size
        kept += 1
        folded += block
    if folded:
        parts += ["", "<details><summary>Details</summary>", "", *folded, "</details>"]
    if kept < kept_rows:
        parts += ["", f"… the details of {kept_rows - kept:,} datasets are left out: run `pioneer-build plan`."]
    return "\n".join(parts) + foot


def _row(step: Step) -> str:
    from pioneer_build.render.markdown import code

    action = step.action if step.refused is None else f"{step.action} (refused)"
    cells = [SYMBOLS[step.action], code(step.dataset_name), action, f"{step.requests:,}", f"{step.examples:,}"]
    return f"| {' | '.join([*cells, f'{step.total:,}'])} |"


def _details(step: Step) -> list[str]:
    from pioneer_build.render.markdown import cell, code

    lines = [f"**{code(step.dataset_name)}** {step.action}", ""]
    lines += [f"- {code(reason.field)}: {cell(_short(reason.text))}" for reason in step.reasons]
    if step.refused is not None:
        lines.append(f"- will not be done: {cell(step.refused)}")
    if step.command is not None:
        lines.append(f"- help: {code(step.command)}")
    return [*lines, ""]


def _short(text: str, limit: int = 1500) -> str:
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text) - limit:,} more characters)"

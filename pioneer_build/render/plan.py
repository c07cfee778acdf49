"""A plan as text. A plan with nothing to do comes by here: nothing is imported that it doesn't need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.wording import count, duration, visible

if TYPE_CHECKING:
    from pioneer_build.plan import Plan, Step


#: One symbol an action, so that colour never carries meaning alone.
ACTION_SYMBOLS = {
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


def plan_text(plan: Plan, *, width: int = 80, colour: bool = False, all_steps: bool = False) -> str:
    """The plan for people: an aligned line a dataset, its reasons below, and a summary.

    Args:
        plan: what to show.
        width: columns there are.
        colour: whether to colour symbols (ANSI).
        all_steps: show unchanged datasets too, which are a number otherwise.
    """
    from pioneer_build.render.text import SYMBOL_COLOURS, coloured, wrapped  # a plan with nothing to do needs none

    def reason(text: str) -> list[str]:
        return wrapped(visible(text), width, first=4, rest=6)

    shown = [step for step in plan.steps if all_steps or step.action != "none"]
    lines: list[str] = []
    if shown:
        name_width = min(max(len(step.dataset_name) for step in shown), max(12, width // 3))
        action_width = max(len(step.action) for step in shown)
        for step in shown:
            symbol = ACTION_SYMBOLS[step.action]
            mark = coloured(symbol, SYMBOL_COLOURS.get(symbol), on=colour)
            head = f"{mark} {step.dataset_name:<{name_width}}  {step.action:<{action_width}}  {_cost(step)}"
            lines.append(head.rstrip())
            for one in step.reasons:
                lines += reason(f"{one.field}: {one.text}")
            if step.remote_name and step.remote_name != step.dataset_name and step.requests and step.action != "label":
                lines += reason(f"goes to the remote name {step.remote_name}")
            if step.refused is not None:
                lines += reason(f"will not be done: {step.refused}")
            if step.command is not None:
                lines += reason(f"help: {step.command}")
        lines.append("")
    return "\n".join([*lines, *wrapped(visible(summary_text(plan)), width)])


def nothing_text(datasets: int) -> str:
    """The plan in a sentence where there is nothing to do."""
    return f"Nothing to do: {count(datasets, 'dataset')} as declared." if datasets else "No datasets."


def summary_text(plan: Plan) -> str:
    """The plan in a sentence or two."""
    actions = plan.counts()
    unchanged = actions.pop("none", 0)
    if not actions:
        return nothing_text(unchanged)
    parts = ", ".join(f"{number:,} to {action}" for action, number in actions.items())
    if unchanged:
        parts += f", {unchanged:,} unchanged"
    text = f"Plan ({plan.backend}): {parts}."
    if plan.requests:
        text += f" {count(plan.requests, 'request')} for {count(plan.examples, 'example')}"
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
        rows = count(step.examples, "text" if step.action == "label" else "example")
        of = f" of {step.total:,}" if step.total != step.examples else ""
        return f"{rows}{of}, {count(step.requests, 'request')}"
    return f"{step.total:,} rows, no request" if step.total else "no request"

"""A plan as text. A plan with nothing to do must start fast: nothing is imported that it doesn't need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.escaping import Lines, lines_text, visible
from pioneer_build.wording import STATE_OF_ACTION, count, duration, few

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pioneer_build.plan import Plan, Skipped, Step


def plan_text(plan: Plan, *, width: int = 80, colour: bool = False, all_steps: bool = False) -> Lines:
    """The plan for people: a line for each dataset with its reasons below, and a summary.

    Args:
        plan: the plan to show.
        width: of the terminal, in columns.
        colour: whether to colour symbols (ANSI).
        all_steps: show unchanged datasets too, which are only counted otherwise.
    """
    from pioneer_build.render import colours, cost_text, line_wrapping  # not needed for a plan with nothing to do

    wrapped = line_wrapping.wrapped

    def reason(text: str) -> list[str]:
        return wrapped(visible(text), width, first=4, rest=6)

    shown = [step for step in plan.steps if all_steps or step.action != "none"]
    lines: list[str] = []
    if shown:
        name_width = min(max(len(step.dataset_name) for step in shown), max(12, width // 3))
        action_width = max(len(step.action) for step in shown)
        for step in shown:
            symbol = colours.ACTION_SYMBOLS[step.action]
            mark = colours.coloured(symbol, colours.SYMBOL_COLOURS.get(symbol), on=colour)
            head = f"{mark} {visible(step.dataset_name):<{name_width}}  {step.action:<{action_width}}  {_cost(step)}"
            lines.append(head.rstrip())
            for one in step.reasons:
                lines += reason(one.line)
            if step.remote_name and step.remote_name != step.dataset_name and step.requests and step.action != "label":
                lines += reason(f"remote name: {step.remote_name}")
            if step.deletes:
                lines += reason(deletes_text(step))
            if step.refused is not None:
                lines += reason(f"will be refused: {step.refused}")
            if step.command is not None:
                lines += reason(f"help: {step.command}")
        lines.append("")
    said = [
        line
        for sentence in skipped_texts(plan.skipped, (*plan.ignored, *plan.remarks))
        for line in wrapped(visible(sentence), width)
    ]
    return lines_text(
        [*lines, *wrapped(visible(summary_text(plan) + cost_text.plan_sentence(plan)), width), *said], colour=colour
    )


def skipped_texts(skipped: Sequence[Skipped], ignored: Sequence[str]) -> list[str]:
    """A sentence for each spec that isn't here, with its datasets; and what else is to be said.

    Args:
        skipped: the datasets whose specs are not here.
        ignored: sentences about what else is not read, and other remarks.
    """
    by_spec: dict[str, list[str]] = {}
    for one in skipped:
        by_spec.setdefault(one.why, []).append(one.dataset_name)
    return [*(f"Skipped: {few(names)} ({why})." for why, names in by_spec.items()), *(f"{one}." for one in ignored)]


def deletes_text(step: Step) -> str:
    """What a step deletes on the service, for people."""
    return f"deletes on the service, with all versions: {', '.join(step.deletes)}"


def nothing_text(datasets: int) -> str:
    """The summary of a plan with nothing to do."""
    return f"Nothing to do: {count(datasets, 'dataset')} up to date." if datasets else "No datasets."


def summary_text(plan: Plan) -> str:
    """The summary of a plan in one or two sentences."""
    actions: dict[str, int] = {}
    for action in sorted(step.action for step in plan.steps if step.refused is None):
        actions[action] = actions.get(action, 0) + 1
    refused = len(plan.steps) - sum(actions.values())
    unchanged = actions.pop("none", 0)
    if not actions and not refused:
        return nothing_text(unchanged)
    parts = [f"{number:,} {STATE_OF_ACTION.get(action, f'to {action}')}" for action, number in actions.items()]
    parts += [f"{number:,} {word}" for number, word in ((refused, "refused"), (unchanged, "unchanged")) if number]
    text = f"Plan ({plan.backend}): {', '.join(parts)}."
    if plan.requests:
        text += f" {count(plan.requests, 'request')} for {count(plan.examples, 'example')}"
        if plan.seconds_at_least:
            text += f", at least {duration(plan.seconds_at_least)} at {plan.requests_per_minute:,} requests per minute"
        text += "."
        if plan.examples_at_most > plan.examples:
            worst = f"{count(plan.requests_at_most, 'request')} for {count(plan.examples_at_most, 'example')}"
            text += f" Texts whose response is missing are sent again: {worst} at most."
        return text
    return text + " Nothing will be submitted."


def _cost(step: Step) -> str:
    if step.action == "none":
        return _rows(step)
    if step.requests:
        noun = "text" if step.action == "label" else "example"
        some = f"{step.examples:,} of " if step.total != step.examples else ""
        return f"{some}{count(step.total, noun)}, {count(step.requests, 'request')}"
    return f"{_rows(step)}, no requests" if step.total else "no requests"


def _rows(step: Step) -> str:
    """`60 rows`; `53 of 60 rows` if fewer were accepted than requested."""
    rows = count(step.total, "row")
    return f"{step.total - step.missing:,} of {rows}" if step.missing else rows

"""A plan as Markdown, for a comment on a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.escaping import Lines, lines_text
from pioneer_build.plan import SETTLED
from pioneer_build.render.colours import ACTION_SYMBOLS
from pioneer_build.render.cost import plan_sentence
from pioneer_build.render.markdown import cell, code
from pioneer_build.render.markdown_limit import RESERVED, fitting, folded, rows_left_out, size_of
from pioneer_build.render.plan import skipped_texts, summary_text
from pioneer_build.wording import count

if TYPE_CHECKING:
    from pioneer_build.plan import Plan, Reason, Step

_COMMAND = "pioneer-build plan"


def plan_markdown(plan: Plan) -> Lines:
    """The plan for a pull request: summary, table and collapsed details, below `MARKDOWN_LIMIT` characters."""
    # it is normal that a CI machine does not have the rows
    shown = [step for step in plan.steps if step.action not in SETTLED]
    head = ["### pioneer-build plan", "", cell(summary_text(plan) + plan_sentence(plan)), ""]
    if said := skipped_texts(plan.skipped, (*plan.remarks, *plan.ignored)):
        most = 20  # a comment has only so much room
        more = [f"- {count(len(said) - most, 'more spec')} skipped"] if len(said) > most else []
        head += [*(f"- {cell(text)}" for text in said[:most]), *more, ""]
    if not shown:
        return lines_text(head)
    head += ["| | dataset | action | requests | examples | rows |", "|---|---|---|---:|---:|---:|"]
    used = size_of(head) - 1 + RESERVED
    rows, rows_lacking = fitting([[_row(step)] for step in shown], used)
    details = [_details(step) for step in shown[: len(rows)]]
    lines, details_lacking = fitting(details, used + size_of(rows))
    parts = [*head, *rows, *rows_left_out(rows_lacking, _COMMAND), *folded(lines, details_lacking, _COMMAND)]
    return lines_text(parts, end="\n")


def _row(step: Step) -> str:
    action = step.action if step.refused is None else f"{step.action} (refused)"
    cells = [ACTION_SYMBOLS[step.action], code(step.dataset_name), action, f"{step.requests:,}", f"{step.examples:,}"]
    return f"| {' | '.join([*cells, f'{step.total:,}'])} |"


def _details(step: Step) -> list[str]:
    lines = [f"**{code(step.dataset_name)}** {step.action}", ""]
    lines += [_reason(reason) for reason in step.reasons]
    if step.deletes:
        lines.append(f"- deletes on the service, with all versions: {', '.join(map(code, step.deletes))}")
    if step.refused is not None:
        lines.append(f"- will be refused: {cell(step.refused)}")
    if step.command is not None:
        is_command = step.command.startswith("pioneer-build ")
        lines.append(f"- help: {code(step.command) if is_command else cell(step.command)}")
    return [*lines, ""]


def _reason(reason: Reason) -> str:
    text = cell(_short(reason.text))
    return f"- {text}" if reason.key is None else f"- {code(reason.key)}: {text}"


def _short(text: str, limit: int = 1500) -> str:
    return text if len(text) <= limit else f"{text[:limit]}… ({count(len(text) - limit, 'more character')})"

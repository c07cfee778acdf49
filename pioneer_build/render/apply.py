"""The result of an apply as text and JSON. Values in, text out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pioneer_build.escaping import Lines, lines_text, visible
from pioneer_build.plan.json import recipients_value
from pioneer_build.render.colours import coloured
from pioneer_build.render.line_wrapping import wrapped
from pioneer_build.render.shared_causes import shared_causes
from pioneer_build.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pioneer_build.apply import Outcome, Report
    from pioneer_build.plan import Plan
    from pioneer_build.render.colours import Colour
    from pioneer_build.render.shared_causes import SharedCause


def outcome_value(report: Report, plan: Plan) -> dict[str, Any]:
    """The report as JSON values."""
    stopped: dict[str, Any] | None = None
    if report.stopped is not None:
        error = report.stopped
        stopped = {"message": str(error), "hint": getattr(error, "hint", None), "link": getattr(error, "link", None)}
    return {
        "format": 1,
        "backend": plan.backend,
        **recipients_value(plan.recipients),
        "good": report.good and not report.interrupted,
        "interrupted": report.interrupted,
        "requests": report.requests,
        "examples": report.examples,
        "resent": {"requests": report.resent_requests, "examples": report.resent_examples},
        "refused": {"requests": report.refused_requests, "examples": report.refused_examples},
        "lock_changed": report.lock_changed,
        "stopped": stopped,
        "datasets": [
            {
                "dataset_name": outcome.dataset_name,
                "action": outcome.action,
                "result": outcome.result,
                "message": outcome.message,
                "command": outcome.command,
                "details": list(outcome.details),
                **({"deleted": list(outcome.deleted)} if outcome.deleted else {}),
            }
            for outcome in report.outcomes
        ],
    }


def outcome_text(
    report: Report,
    *,
    unchanged: int = 0,
    width: int = 80,
    colour: bool = False,
    split: bool = False,
    here: bool = False,
) -> Lines:
    """A line for each dataset, with a help line if something is wrong, and a summary.

    Args:
        report: the result of the apply.
        unchanged: the number of datasets that are up to date, for an apply with nothing to do.
        width: of the terminal, in columns.
        colour: whether to colour marks (ANSI).
        split: whether the lock is split.
        here: whether the jobs are work of this process.
    """
    lines: list[str] = []
    causes = shared_causes([outcome for outcome in report.outcomes if _mark(outcome)[0] == "✗"])
    if report.outcomes:
        name_width = min(40, max(len(outcome.dataset_name) for outcome in report.outcomes))
        word_width = max(len(outcome.result) for outcome in report.outcomes)
        for outcome in report.outcomes:
            mark, its_colour = _mark(outcome)
            shown = coloured(mark, its_colour, on=colour)
            head = f"{shown} {visible(outcome.dataset_name):<{name_width}}  {outcome.result:<{word_width}}  "
            cause = causes.get(outcome.dataset_name)
            message = cause.without(outcome.message) if cause is not None else outcome.message
            # a long message is printed below its dataset, with the whole width
            beside = 6 + name_width + word_width + len(message) <= width
            lines.append(f"{head}{visible(message) if beside else ''}".rstrip())
            if not beside:
                lines += wrapped(visible(message), width, first=4, rest=4)
            lines += [line for detail in outcome.details for line in wrapped(visible(detail), width, first=4, rest=6)]
            if outcome.deleted and outcome.result != "done":
                text = f"deleted on the service: {', '.join(outcome.deleted)}"
                lines += wrapped(visible(text), width, first=4, rest=6)
            if outcome.command is not None:
                lines.append(f"    help: {outcome.command}")
        lines.append("")
    ended = _said_of(report.stopped, causes.values())
    for cause in dict.fromkeys(causes.values()):
        if cause != ended:
            lines += [*wrapped(visible(f"cause for {cause.datasets}: {cause.text}"), width, rest=2), ""]
    lines += wrapped(_summary(report, unchanged, split=split, here=here), width)
    if report.stopped is not None:
        lines += ["", *_stopped(report.stopped, ended, width)]
    return lines_text(lines, colour=colour)


def _mark(outcome: Outcome) -> tuple[str, Colour]:
    if outcome.result == "done":
        return "✓", "green"
    return ("…", "yellow") if outcome.result in ("open", "pending") else ("✗", "red")


def _said_of(error: Exception | None, causes: Iterable[SharedCause]) -> SharedCause | None:
    """The cause that ended the whole run, if it is one of those that several datasets share."""
    message = f"{error}; {getattr(error, 'hint', None)}"
    return next((cause for cause in causes if message == cause.text or message.endswith(f": {cause.text}")), None)


def _stopped(error: Exception, cause: SharedCause | None, width: int) -> list[str]:
    """The error that ended the run; if several datasets share it, with their names and without one's request."""
    said = f"stopped: {error}"
    if cause is not None:
        text = cause.text.removesuffix(f"; {getattr(error, 'hint', None)}")
        said = f"stopped for {cause.datasets}: {text}"
    lines = wrapped(visible(said), width, rest=2)
    if hint := getattr(error, "hint", None):
        lines.append(f"  help: {visible(hint)}")
    if link := getattr(error, "link", None):
        lines.append(f"  see:  {visible(link)}")
    return lines


def _summary(report: Report, unchanged: int, *, split: bool, here: bool) -> str:
    if report.interrupted:
        jobs = "the work ended with this process" if here else "submitted jobs continue on the service"
        head = f"Interrupted: {jobs}, and the next apply resumes {'it' if here else 'them'}."
    elif not report.outcomes:
        if not report.lock_changed and report.stopped is None:
            which = f": {count(unchanged, 'dataset')} up to date" if unchanged else ""
            return f"Nothing to do{which}."
        head = "Nothing to do."
    else:
        done = sum(1 for outcome in report.outcomes if outcome.result == "done")
        head = f"Apply: {done:,} of {len(report.outcomes):,} done."
    written = "pioneer.lock was written: commit it with the specs."
    if split:
        written = "pioneer.lock.d/ was written: `git add pioneer.lock pioneer.lock.d` and commit them with the specs."
    lock = written if report.lock_changed else "pioneer.lock is unchanged."
    requests = count(report.requests, "request") if report.requests else "no requests"
    examples = f" for {count(report.examples, 'example')}" if report.examples else ""
    return f"{head} Sent {requests}{examples}{_resent(report)}{_refused(report)}. {lock}"


def _refused(report: Report) -> str:
    if not report.refused_requests:
        return ""
    if report.refused_requests == report.requests:
        return ", refused by the service"
    was = "was" if report.refused_requests == 1 else "were"
    return f"; {count(report.refused_requests, 'request')} of these {was} refused by the service"


def _resent(report: Report) -> str:
    if not report.resent_requests:
        return ""
    requests = count(report.resent_requests, "request")
    were, texts = "was" if report.resent_requests == 1 else "were", count(report.resent_examples, "text")
    return f"; {requests} of these {were} sent again because a response was missing, so {texts} may be paid for twice"

"""Finds the broken bounds on all rows of a job, and describes them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pioneer_build.checks.bounds import CheckFailure
from pioneer_build.checks.phrases import are, counted, phrase, repeated
from pioneer_build.rows.normal_form import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pioneer_build.checks.measures import Measures
    from pioneer_build.checks.quarantined_rows import QuarantinedRow
    from pioneer_build.rows import Cause
    from pioneer_build.spec.model import Checks, TaskType


def broken_bounds(
    measures: Measures, checks: Checks, task_type: TaskType, quarantined: Sequence[QuarantinedRow]
) -> tuple[CheckFailure, ...]:
    """The broken bounds for the rows of one job.

    Args:
        measures: what was counted in them.
        checks: the bounds in force.
        task_type: the task that the rows are for.
        quarantined: the rejected rows, in order: messages quote the first one of each cause.
    """
    found = [_too_few(measures, checks, quarantined), _too_alike(measures, checks)]
    if measures.accepted:
        if task_type == "ner":
            found.append(too_empty(measures, checks))
        if task_type != "decoder":
            found += unbalanced(measures, checks)
    return tuple(failure for failure in found if failure is not None)


def _too_few(measures: Measures, checks: Checks, quarantined: Sequence[QuarantinedRow]) -> CheckFailure | None:
    due = measures.received if measures.asked is None else measures.asked
    if checks.min_accepted is None:
        return None
    # in binary, 0.8 * 20 is slightly more than 16
    need = math.ceil(due * checks.min_accepted - 1e-9)
    if measures.accepted >= need and (measures.accepted or not due):
        return None
    why = []
    if not measures.received:
        why.append("no rows were received")
    elif measures.asked is not None and measures.received < measures.asked:
        why.append(f"only {measures.received} received")
    first: dict[Cause, QuarantinedRow] = {}
    for item in quarantined:
        first.setdefault(item.cause, item)
    for cause, count in measures.causes:
        said = f"{count} {phrase(cause, count)}"
        why.append(f"{said} (row {first[cause].number}: {first[cause].message})" if cause in _TELLING else said)
    rows = counted(due, "row" if measures.asked is None else "requested row")
    message = f"{measures.accepted} of {rows} {are(due)} usable (at least {max(need, 1)} required): {'; '.join(why)}"
    return CheckFailure("min_accepted", round(measures.accepted_ratio, 6), float(checks.min_accepted), message)


#: Causes whose message says more than their name.
_TELLING = frozenset(
    {
        "span-not-in-text",
        "offsets-wrong",
        "undeclared-label",
        "bad-score",
        "bad-shape",
        "overlap",
        "role-order",
    }
)


def _too_alike(measures: Measures, checks: Checks) -> CheckFailure | None:
    bound, ratio = checks.max_duplicate_ratio, measures.duplicate_ratio
    if bound is None or ratio <= bound + 1e-9:
        return None
    repeats = repeated(measures.duplicates, measures.received)
    alike = f"{measures.most_alike} rows have the text {shown(measures.alike_text)}"
    message = f"{repeats} ({ratio:.2f}; at most {bound:.2f} allowed): {alike}"
    return CheckFailure("max_duplicate_ratio", round(ratio, 6), float(bound), message)


def too_empty(measures: Measures, checks: Checks) -> CheckFailure | None:
    """The broken `max_empty_ratio` bound, if it is broken: too many ner rows without an entity."""
    bound, ratio = checks.max_empty_ratio, measures.empty_ratio
    if bound is None:
        if measures.content.entities:
            return None
        message = f"none of {counted(measures.accepted, 'row')} has an entity; to allow this, set `max_empty_ratio: 1`"
        return CheckFailure("max_empty_ratio", 1.0, 1.0, message)
    if ratio <= bound + 1e-9:
        return None
    empty = measures.content.empty
    lacking = f"{empty} of {counted(measures.accepted, 'row')} {'has' if empty == 1 else 'have'} no entity"
    message = f"{lacking} ({ratio:.2f}; at most {bound:.2f} allowed)"
    return CheckFailure("max_empty_ratio", round(ratio, 6), float(bound), message)


def unbalanced(measures: Measures, checks: Checks) -> list[CheckFailure]:
    """The broken bounds among `min_examples_per_label` and `max_label_share`."""
    found: list[CheckFailure] = []
    least = checks.min_examples_per_label
    if least is not None:
        short = [(label, count) for label, count in measures.content.by_label if count < least]
        if short:
            named = ", ".join(f"{shown(label)} has {count}" for label, count in short[:5])
            more = f" and {len(short) - 5} more" if len(short) > 5 else ""
            message = f"each label needs at least {counted(least, 'row')}: {named}{more}"
            found.append(
                CheckFailure("min_examples_per_label", min(count for _, count in short), float(least), message)
            )
    label, share = measures.largest_label
    if checks.max_label_share is not None and share > checks.max_label_share + 1e-9:
        message = f"{shown(label)} has a share of {share:.2f} (at most {checks.max_label_share:.2f} allowed)"
        found.append(CheckFailure("max_label_share", round(share, 6), float(checks.max_label_share), message))
    return found

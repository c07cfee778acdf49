"""Bounds on what a job brought. A job is ready only if its rows are within them.

`judge` takes the rows of one job as the service gave them, sets the bad ones aside with their cause, and
measures the rest against the bounds of a spec or project. Values in, values out.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pioneer_build.checks.bounds import CheckFailure
from pioneer_build.checks.quarantine import Quarantined
from pioneer_build.rows import (
    CAUSES,
    Cause,
    Fault,
    Normaliser,
    Row,
    RowsSummary,
    Tally,
    confidence_of,
    length_of,
    text_digest,
)
from pioneer_build.rows.normal_form import shown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from pioneer_build.spec.model import Checks, TaskType


@dataclass(frozen=True, slots=True)
class Measures:
    """What was counted. `asked` is `None` where nobody knows; `content` is of the accepted rows.

    `duplicates` are rows that repeat one of the same job; `most_alike` is the largest number of rows with one
    text, `alike_text` the text of those. `causes` counts the rows set aside, the most frequent first.
    """

    asked: int | None
    received: int
    accepted: int
    duplicates: int
    most_alike: int
    alike_text: str
    causes: tuple[tuple[Cause, int], ...]
    content: RowsSummary

    @property
    def accepted_ratio(self) -> float:
        """Accepted rows to rows asked for, or to those that came where nobody knows what was asked."""
        due = self.received if self.asked is None else self.asked
        return self.accepted / due if due else 0.0

    @property
    def duplicate_ratio(self) -> float:
        """Duplicates to rows that came."""
        return self.duplicates / self.received if self.received else 0.0

    @property
    def empty_ratio(self) -> float:
        """Accepted ner rows without an entity to accepted rows."""
        return self.content.empty / self.accepted if self.accepted else 0.0

    @property
    def largest_label(self) -> tuple[str, float]:
        """The most frequent label and its share: of all entities in ner, else of all labels given."""
        counts = self.content.mentions or self.content.by_label
        total = sum(count for _, count in counts)
        if not total:
            return "", 0.0
        label, count = max(counts, key=lambda item: item[1])
        return label, count / total

    def as_dict(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {
            "asked": self.asked,
            "received": self.received,
            "accepted": self.accepted,
            "duplicates": self.duplicates,
            "quarantined": dict(self.causes),
            "content": self.content.as_dict(),
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one job: accepted rows in normal form and in order, the others, and bounds that don't hold."""

    accepted: tuple[Row, ...]
    quarantined: tuple[Quarantined, ...]
    measures: Measures
    failures: tuple[CheckFailure, ...]

    @property
    def ok(self) -> bool:
        """Whether every bound holds."""
        return not self.failures


@dataclass(frozen=True, slots=True)
class LabelReport:
    """What a label dataset holds. `warnings` are explicit bounds that don't hold; none rejects."""

    content: RowsSummary
    warnings: tuple[CheckFailure, ...]


# -- bounds ----------------------------------------------------------------------------------------


# -- one job ---------------------------------------------------------------------------------------


def judge(
    raws: Iterable[Any],
    *,
    asked: int | None,
    checks: Checks,
    task_type: TaskType,
    labels: Sequence[str] = (),
    earlier: Collection[bytes] = (),
    others: Mapping[str, Collection[bytes]] | None = None,
) -> Verdict:
    """Looks at the rows of one job.

    Args:
        raws: the rows as the service gave them, or in normal form; any JSON values.
        asked: how many the job was asked for; `None` where nobody knows (an adopted version).
        checks: the bounds in force (`effective_checks`).
        task_type: what the rows are for.
        labels: the declared labels.
        earlier: `text_digest`s of rows of the dataset's earlier jobs: a row among them is `known`.
        others: `text_digest`s by dataset of those that `no_overlap_with` names.
    """
    screen = _Screen(checks, earlier, others or {})
    normalise = Normaliser(task_type, labels)
    accepted: list[tuple[int, Any, Row]] = []
    aside: list[Quarantined] = []
    received = 0
    for received, raw in enumerate(raws, 1):
        row = normalise(raw)
        fault = row if isinstance(row, Fault) else screen.fault_of(row)
        if fault is not None:
            aside.append(Quarantined(received, raw, fault.cause, fault.message))
        elif not isinstance(row, Fault):
            accepted.append((received, raw, row))
    if task_type == "classification":
        accepted = _unmixed(accepted, aside)
    tally = Tally(labels, find_duplicates=False)
    for _, _, row in accepted:
        tally.add(row)
    aside.sort(key=lambda item: item.number)
    causes = Counter(item.cause for item in aside)
    measures = Measures(
        asked=asked,
        received=received,
        accepted=len(accepted),
        duplicates=screen.duplicates,
        most_alike=screen.most_alike,
        alike_text=screen.alike_text,
        causes=tuple(sorted(causes.items(), key=lambda item: (-item[1], item[0]))),
        content=tally.summary(),
    )
    failures = _failures(measures, checks, task_type, aside)
    return Verdict(tuple(row for _, _, row in accepted), tuple(aside), measures, failures)


class _Screen:
    """What sets a well-formed row aside: other rows, and the bounds on a single row."""

    def __init__(self, checks: Checks, earlier: Collection[bytes], others: Mapping[str, Collection[bytes]]) -> None:
        self._checks = checks
        self._earlier = earlier if isinstance(earlier, set | frozenset) else frozenset(earlier)
        self._others = {
            name: found if isinstance(found, set | frozenset | dict) else frozenset(found)
            for name, found in sorted(others.items())
        }
        self._alike: dict[bytes, int] = {}
        self._bounded = any(bound is not None for bound in (checks.min_chars, checks.max_chars, checks.min_confidence))
        self.duplicates = 0
        self.most_alike = 0
        self.alike_text = ""

    def fault_of(self, row: Row) -> Fault | None:
        digest = text_digest(row)
        if digest in self._earlier:
            return Fault("known", "an earlier job of this dataset has a row with this text")
        count = self._alike.get(digest, 0) + 1
        self._alike[digest] = count
        if count > 1:
            self.duplicates += 1
            if count > self.most_alike:
                self.most_alike, self.alike_text = count, _text_of(row)
            return Fault("duplicate", "an earlier row of this job has the same text")
        for name, found in self._others.items():
            if digest in found:
                return Fault("overlap", f"'{name}' has a row with this text")
        return self._own_fault(row) if self._bounded else None

    def _own_fault(self, row: Row) -> Fault | None:
        checks = self._checks
        if checks.min_chars is not None or checks.max_chars is not None:
            length = length_of(row)
            if checks.min_chars is not None and length < checks.min_chars:
                return Fault("too-short", f"{_count(length, 'character')}, at least {checks.min_chars} are asked for")
            if checks.max_chars is not None and length > checks.max_chars:
                return Fault("too-long", f"{_count(length, 'character')}, at most {checks.max_chars} are allowed")
        if checks.min_confidence is not None:
            score = confidence_of(row)
            if score is not None and score < checks.min_confidence:
                return Fault(
                    "low-confidence",
                    f"confidence {score:.2f}, at least {checks.min_confidence:.2f} is needed",
                )
        return None


def _unmixed(accepted: list[tuple[int, Any, Row]], aside: list[Quarantined]) -> list[tuple[int, Any, Row]]:
    """`accepted` without the rarer form, which goes `aside`: a dataset has `label` or `labels`, never both."""
    many = sum(1 for _, _, row in accepted if "labels" in row)
    if not many or many == len(accepted):
        return accepted
    kept, other = ("labels", "label") if 2 * many > len(accepted) else ("label", "labels")
    message = f"the row has `{other}` where most rows of the job have `{kept}`"
    aside += [Quarantined(number, raw, "mixed-labels", message) for number, raw, row in accepted if other in row]
    return [item for item in accepted if kept in item[2]]


# -- the bounds of a whole job ---------------------------------------------------------------------


def _failures(
    measures: Measures, checks: Checks, task_type: TaskType, aside: Sequence[Quarantined]
) -> tuple[CheckFailure, ...]:
    found = [_too_few(measures, checks, aside), _too_alike(measures, checks)]
    if measures.accepted:
        if task_type == "ner":
            found.append(_too_empty(measures, checks))
        if task_type != "decoder":
            found += _unbalanced(measures, checks)
    return tuple(failure for failure in found if failure is not None)


def _too_few(measures: Measures, checks: Checks, aside: Sequence[Quarantined]) -> CheckFailure | None:
    due = measures.received if measures.asked is None else measures.asked
    if checks.min_accepted is None:
        return None
    # 0.8 * 20 is a little more than 16 in binary
    need = math.ceil(due * checks.min_accepted - 1e-9)
    if measures.accepted >= need and (measures.accepted or not due):
        return None
    why = []
    if not measures.received:
        why.append("no rows came")
    elif measures.asked is not None and measures.received < measures.asked:
        why.append(f"only {measures.received} came")
    first: dict[Cause, Quarantined] = {}
    for item in aside:
        first.setdefault(item.cause, item)
    for cause, count in measures.causes:
        said = f"{count} {_phrase(cause, count)}"
        why.append(f"{said} (row {first[cause].number}: {first[cause].message})" if cause in _TELLING else said)
    were = "rows asked for are" if measures.asked is not None else "rows are"
    message = f"{measures.accepted} of {due} {were} usable, at least {max(need, 1)} must be: {'; '.join(why)}"
    return CheckFailure("min_accepted", round(measures.accepted_ratio, 6), float(checks.min_accepted), message)


#: Causes whose sentence says more than their name.
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
    message = (
        f"{measures.duplicates} of {measures.received} rows repeat another"
        f" ({ratio:.2f}, at most {bound:.2f}): {measures.most_alike} rows are alike,"
        f" with the text {shown(measures.alike_text)}"
    )
    return CheckFailure("max_duplicate_ratio", round(ratio, 6), float(bound), message)


def _too_empty(measures: Measures, checks: Checks) -> CheckFailure | None:
    bound, ratio = checks.max_empty_ratio, measures.empty_ratio
    if bound is None:
        if measures.content.entities:
            return None
        message = f"none of {_count(measures.accepted, 'row')} has an entity; max_empty_ratio: 1 allows that"
        return CheckFailure("max_empty_ratio", 1.0, 1.0, message)
    if ratio <= bound + 1e-9:
        return None
    empty = measures.content.empty
    message = f"{empty} of {measures.accepted} rows have no entity ({ratio:.2f}, at most {bound:.2f})"
    return CheckFailure("max_empty_ratio", round(ratio, 6), float(bound), message)


def _unbalanced(measures: Measures, checks: Checks) -> list[CheckFailure | None]:
    found: list[CheckFailure | None] = []
    least = checks.min_examples_per_label
    if least is not None:
        short = [(label, count) for label, count in measures.content.by_label if count < least]
        if short:
            named = ", ".join(f"{shown(label)} has {count}" for label, count in short[:5])
            more = f" and {len(short) - 5} more" if len(short) > 5 else ""
            message = f"a label needs at least {_count(least, 'row')}: {named}{more}"
            found.append(
                CheckFailure("min_examples_per_label", min(count for _, count in short), float(least), message)
            )
    label, share = measures.largest_label
    if checks.max_label_share is not None and share > checks.max_label_share + 1e-9:
        message = f"{shown(label)} has a share of {share:.2f}, at most {checks.max_label_share:.2f} is allowed"
        found.append(CheckFailure("max_label_share", round(share, 6), float(checks.max_label_share), message))
    return found


# -- label specs -----------------------------------------------------------------------------------


def judge_annotations(annotated: int, faults: Mapping[Cause, int], checks: Checks) -> CheckFailure | None:
    """Whether enough of the author's texts were annotated: `{}` for every text is no dataset.

    Args:
        annotated: distinct texts with an annotation.
        faults: distinct texts without one, by the cause that `normalise_annotation` gave.
        checks: the bounds in force; `min_accepted` is to all these texts.
    """
    missing = sum(faults.values())
    due = annotated + missing
    if checks.min_accepted is None or not missing:
        return None
    need = math.ceil(due * checks.min_accepted - 1e-9)
    if annotated >= need and annotated:
        return None
    why = "; ".join(
        f"{count} {_phrase(cause, count)}"
        for cause, count in sorted(faults.items(), key=lambda item: (-item[1], item[0]))
        if count
    )
    message = f"{annotated} of {_count(due, 'text')} were annotated, at least {max(need, 1)} must be: {why}"
    return CheckFailure("min_accepted", round(annotated / due, 6), float(checks.min_accepted), message)


def measure_label_rows(rows: Iterable[Row], checks: Checks, labels: Sequence[str] = ()) -> LabelReport:
    """What the rows of a label dataset hold, in one pass, and which bounds don't hold.

    The texts are the author's, so nothing here rejects. Give the explicit bounds (the spec's, else the
    project's), not the defaults, lest a corpus without entities be warned about.
    """
    tally = Tally(labels)
    low = short = long = 0
    for row in rows:
        tally.add(row)
        if checks.min_confidence is not None:
            score = confidence_of(row)
            low += score is not None and score < checks.min_confidence
        if checks.min_chars is not None:
            short += length_of(row) < checks.min_chars
        if checks.max_chars is not None:
            long += length_of(row) > checks.max_chars
    content = tally.summary()
    measures = Measures(None, content.rows, content.rows, content.duplicates, 0, "", (), content)
    found: list[CheckFailure | None] = []
    if content.rows:
        if content.entities_per_row is not None and checks.max_empty_ratio is not None:
            found.append(_too_empty(measures, checks))
        found += _unbalanced(measures, checks)
    for check, count, bound in (
        ("min_confidence", low, checks.min_confidence),
        ("min_chars", short, checks.min_chars),
        ("max_chars", long, checks.max_chars),
    ):
        if count and bound is not None:
            side = "above" if check == "max_chars" else "below"
            message = f"{count} of {_count(content.rows, 'row')} {_is(count)} {side} {check}: {bound}"
            found.append(CheckFailure(check, float(count), float(bound), message))
    return LabelReport(content, tuple(failure for failure in found if failure is not None))


# -- quarantine ------------------------------------------------------------------------------------


def _text_of(row: Row) -> str:
    text = row.get("text")
    return text if isinstance(text, str) else str(row["messages"][-1]["content"])


def _phrase(cause: Cause, count: int) -> str:
    phrase = CAUSES[cause]
    if count != 1:
        return phrase
    verb, _, rest = phrase.partition(" ")
    return f"{ {'have': 'has', 'are': 'is'}.get(verb, verb + ('es' if verb.endswith('x') else 's')) } {rest}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"

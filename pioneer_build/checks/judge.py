"""Judges the rows of a job. A job is ready only if its rows are within the bounds.

`judge` takes the rows of one job as the service sent them, quarantines the bad ones with their cause, and checks the
rest against the bounds of the spec or project. Values in, values out.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pioneer_build.checks.job_bounds import broken_bounds
from pioneer_build.checks.measures import Measures
from pioneer_build.checks.phrases import counted
from pioneer_build.checks.quarantined_rows import QuarantinedRow
from pioneer_build.rows import (
    Fault,
    Normaliser,
    Row,
    Tally,
    confidence_of,
    length_of,
    row_line,
    row_text_digest,
    task_of,
)
from pioneer_build.spec.request_limits import LONGEST_ROW

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from pioneer_build.checks.bounds import CheckFailure
    from pioneer_build.spec.model import Checks, TaskType


@dataclass(frozen=True, slots=True)
class JobTerms:
    """What a job was requested for: rows of a task with these declared labels.

    `rows` is how many; `None` if that is unknown (an adopted version).
    """

    task_type: TaskType
    labels: Sequence[str] = ()
    rows: int | None = None

    @classmethod
    def of(cls, definition: Mapping[str, Any], rows: int | None) -> JobTerms:
        """The terms of a job that `rows` of this definition were requested with."""
        return cls(definition["task_type"], tuple(definition.get("labels", ())), rows)


@dataclass(frozen=True, slots=True)
class TakenTexts:
    """Texts that a job's rows must not have, by their `row_text_digest`s.

    `earlier` are the texts of earlier jobs of the dataset, `others` those of the datasets in `no_overlap_with`.
    """

    earlier: Collection[bytes] = ()
    others: Mapping[str, Collection[bytes]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The result for one job: accepted rows in normal form and in order, quarantined rows, and broken bounds."""

    accepted: tuple[Row, ...]
    quarantined: tuple[QuarantinedRow, ...]
    measures: Measures
    failures: tuple[CheckFailure, ...]


def judge(raws: Iterable[Any], terms: JobTerms, checks: Checks, taken: TakenTexts | None = None) -> Judgement:
    """Judges the rows of one job.

    Args:
        raws: the rows as the service sent them, or in normal form; any JSON values.
        terms: what the job was requested for.
        checks: the bounds in force (`effective_checks`).
        taken: texts that other rows already have; a row with one of them is `known`, or an `overlap`.
    """
    screen = _Screen(checks, taken or TakenTexts())
    normalise = Normaliser(terms.task_type, terms.labels)
    accepted: list[tuple[int, Any, Row]] = []
    aside: list[QuarantinedRow] = []
    received = 0
    for received, raw in enumerate(raws, 1):
        row = normalise(raw)
        fault = row if isinstance(row, Fault) else _too_large(row) or screen.fault_of(row)
        if fault is not None:
            aside.append(QuarantinedRow(received, raw, fault.cause, fault.message))
        elif not isinstance(row, Fault):
            accepted.append((received, raw, row))
    if terms.task_type == "classification":
        accepted = _unmixed(accepted, aside)
    tally = Tally(terms.labels, find_duplicates=False)
    for _, _, row in accepted:
        tally.add(row)
    aside.sort(key=lambda item: item.number)
    causes = Counter(item.cause for item in aside)
    measures = Measures(
        asked=terms.rows,
        received=received,
        accepted=len(accepted),
        duplicates=screen.duplicates,
        most_alike=screen.most_alike,
        alike_text=screen.alike_text,
        causes=tuple(sorted(causes.items(), key=lambda item: (-item[1], item[0]))),
        content=tally.summary(),
    )
    failures = broken_bounds(measures, checks, terms.task_type, aside)
    return Judgement(tuple(row for _, _, row in accepted), tuple(aside), measures, failures)


def _too_large(row: Row) -> Fault | None:
    """The fault of a row that the store wouldn't read again. Few are long enough to be measured exactly."""
    if length_of(row) <= 30_000 and len(row.get("entities", ())) <= 30:
        return None
    if len(row_line(row)) <= LONGEST_ROW:
        return None
    return Fault("bad-shape", f"the row takes more than {LONGEST_ROW >> 20} MiB")


class _Screen:
    """Finds why a well-formed row is quarantined: because of other rows, or of bounds on a single row."""

    def __init__(self, checks: Checks, taken: TakenTexts) -> None:
        self._checks = checks
        self._earlier = quickly_searched(taken.earlier)
        self._others = {name: quickly_searched(found) for name, found in sorted(taken.others.items())}
        self._alike: dict[bytes, int] = {}
        self._bounded = any(bound is not None for bound in (checks.min_chars, checks.max_chars, checks.min_confidence))
        self.duplicates = 0
        self.most_alike = 0
        self.alike_text = ""

    def fault_of(self, row: Row) -> Fault | None:
        digest = row_text_digest(row)
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
                return Fault("too-short", f"{counted(length, 'character')} (at least {checks.min_chars} required)")
            if checks.max_chars is not None and length > checks.max_chars:
                return Fault("too-long", f"{counted(length, 'character')} (at most {checks.max_chars} allowed)")
        if checks.min_confidence is not None:
            score = confidence_of(row)
            if score is not None and score < checks.min_confidence:
                return Fault(
                    "low-confidence", f"confidence {score:.2f} (at least {checks.min_confidence:.2f} required)"
                )
        return None


def _unmixed(accepted: list[tuple[int, Any, Row]], aside: list[QuarantinedRow]) -> list[tuple[int, Any, Row]]:
    """`accepted` without the rarer form, which is added to `aside`: a dataset has `label` or `labels`, never both."""
    many = sum(1 for _, _, row in accepted if "labels" in row)
    if not many or many == len(accepted):
        return accepted
    kept, other = ("labels", "label") if 2 * many > len(accepted) else ("label", "labels")
    message = f"the row has `{other}`, but most rows of the job have `{kept}`"
    aside += [QuarantinedRow(number, raw, "mixed-labels", message) for number, raw, row in accepted if other in row]
    return [item for item in accepted if kept in item[2]]


def quickly_searched(digests: Collection[bytes]) -> Collection[bytes]:
    """`digests` as a collection that is fast to search."""
    return digests if isinstance(digests, set | frozenset | dict) else frozenset(digests)


def _text_of(row: Row) -> str:
    return str(row["messages"][-1]["content"] if task_of(row) == "decoder" else row["text"])

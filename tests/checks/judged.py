"""Rows to be judged, and what is said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pioneer_build.checks.bounds import DEFAULTS, effective_checks
from pioneer_build.checks.judge import JobTerms, Judgement, TakenTexts, judge
from pioneer_build.spec.model import Checks, TaskType

if TYPE_CHECKING:
    from collections.abc import Sequence

NER = ("person", "city")


def ner_rows(count: int) -> list[dict[str, Any]]:
    return [{"text": f"Ada{n} is here", "entities": [[f"Ada{n}", "person"]]} for n in range(count)]


def class_rows(count: int, label: str = "a") -> list[dict[str, Any]]:
    return [{"text": f"text {label} {n}", "label": label} for n in range(count)]


def look(
    raws: Sequence[Any],
    asked: int | None = None,
    task: TaskType = "ner",
    labels: Sequence[str] = NER,
    checks: Checks = DEFAULTS,
    **known: Any,
) -> Judgement:
    terms = JobTerms(task, labels, len(raws) if asked is None else asked)
    return judge(raws, terms, effective_checks(Checks(), checks, "x"), TakenTexts(**known))


def told(verdict: Judgement) -> list[tuple[str, str]]:
    return [(failure.check, failure.message) for failure in verdict.failures]

"""The bounds in force, and a bound that is broken."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from pioneer_build.spec.model import Checks

#: The bounds if neither spec nor project sets any. In addition, a job of ner rows must have at least one entity, unless
#: `max_empty_ratio` is set.
DEFAULTS = Checks(min_accepted=0.8, max_duplicate_ratio=0.2)


@dataclass(frozen=True, slots=True)
class CheckFailure:
    """A broken bound: the name of the check, the measured value, the bound, a sentence."""

    check: str
    measured: float
    bound: float
    message: str


def effective_checks(project: Checks, spec: Checks, dataset_name: str) -> Checks:
    """The bounds in force: the spec's, else the project's, else `DEFAULTS`; for `no_overlap_with` the union.

    Args:
        project: the bounds in `pioneer.yaml`.
        spec: those in the spec.
        dataset_name: of the spec. It is not in the union: a dataset isn't compared with itself.
    """
    return _first_said(dataset_name, spec, project, DEFAULTS)


def explicit_checks(project: Checks, spec: Checks, dataset_name: str) -> Checks:
    """The bounds that are set explicitly: the spec's, else the project's. The lock stores these.

    Args:
        project: the bounds in `pioneer.yaml`.
        spec: those in the spec.
        dataset_name: of the spec, see `effective_checks`.
    """
    return _first_said(dataset_name, spec, project)


def _first_said(dataset_name: str, *said: Checks) -> Checks:
    merged: dict[str, Any] = {}
    for entry in fields(Checks):
        values = [getattr(checks, entry.name) for checks in said]
        merged[entry.name] = next((value for value in values if value is not None), None)
    named = {name for checks in said for name in checks.no_overlap_with}
    merged["no_overlap_with"] = tuple(sorted(named - {dataset_name}))
    return Checks(**merged)


def checks_key(checks: Checks) -> dict[str, Any]:
    """The bounds that are set, as a small JSON object with sorted keys, which the lock stores; see `checks_from`."""
    key: dict[str, Any] = {}
    for entry in sorted(fields(Checks), key=lambda f: f.name):
        value = getattr(checks, entry.name)
        if entry.name == "no_overlap_with":
            value = sorted(set(value)) or None
        elif value is not None and entry.name in _RATIOS:
            value = float(value)
        if value is not None:
            key[entry.name] = value
    return key


_RATIOS = frozenset({"min_accepted", "max_duplicate_ratio", "max_label_share", "max_empty_ratio", "min_confidence"})

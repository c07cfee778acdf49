"""Which bounds are in force."""

from __future__ import annotations

import json

from pioneer_build.checks.bounds import DEFAULTS, checks_key, effective_checks, explicit_checks
from pioneer_build.spec.model import Checks


def test_bounds_are_the_specs_then_the_projects_then_the_defaults() -> None:
    project = Checks(min_accepted=0.5, max_chars=100, no_overlap_with=("test",))
    merged = effective_checks(project, Checks(max_chars=50, no_overlap_with=("dev",)), "a")
    assert merged == Checks(min_accepted=0.5, max_duplicate_ratio=0.2, max_chars=50, no_overlap_with=("dev", "test"))
    assert checks_key(merged) == {
        "max_chars": 50,
        "max_duplicate_ratio": 0.2,
        "min_accepted": 0.5,
        "no_overlap_with": ["dev", "test"],
    }
    assert json.dumps(checks_key(Checks(min_accepted=1))) == '{"min_accepted": 1.0}'
    assert effective_checks(Checks(), Checks(min_accepted=0.0), "a").min_accepted == 0.0


def test_what_nobody_set_is_not_explicit() -> None:
    project, spec = Checks(max_chars=100, no_overlap_with=("b",)), Checks(min_chars=2, no_overlap_with=("a",))
    assert explicit_checks(project, spec, "c") == Checks(min_chars=2, max_chars=100, no_overlap_with=("a", "b"))
    assert checks_key(explicit_checks(Checks(), Checks(), "a")) == {}
    assert Checks(min_accepted=0.8, max_duplicate_ratio=0.2) == DEFAULTS


def test_a_dataset_that_the_project_names_is_not_compared_with_itself() -> None:
    project = Checks(no_overlap_with=("gold", "test"))
    for combined in (effective_checks, explicit_checks):
        assert combined(project, Checks(), "gold").no_overlap_with == ("test",)
        assert combined(project, Checks(), "other").no_overlap_with == ("gold", "test")
    assert checks_key(explicit_checks(Checks(no_overlap_with=("gold",)), Checks(), "gold")) == {}

"""Whether the rows of datasets in `no_overlap_with` come by their own steps; a step that lacks them is blocked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pioneer_build.plan import Choices, Facts, InputFacts, KeptRows, Step, make_plan
from tests.plan.steps import labelling
from tests.planning import BACKEND, declared, digest, entry, generate_spec, job, label_spec, lock_of

CHECKS = {"no_overlap_with": ["b"]}
A = declared(generate_spec("a", num_examples=4), CHECKS)
MORE = declared(generate_spec("a", num_examples=6), CHECKS)
B, TEXTS = declared(generate_spec("b")), declared(label_spec("b"))
MINE = replace(entry(A, job(A)), checks=CHECKS)
HERE = {digest("a", 1)}
#: `b` was labelled on another machine, and its texts have changed since.
ELSEWHERE = entry(
    TEXTS,
    labelling=labelling("d", TEXTS, content=digest("b", 9)),
    num_examples=None,
    paid=((TEXTS.fingerprint, 5),),
)
UNLABELLED = {"b": InputFacts("d2", 5, 5, 5)}


def steps(b: Any, other: Any, item: Any = MORE, *choices: str, **facts: Any) -> dict[str, Step]:
    known = Facts(BACKEND, **{"present": HERE, "elsewhere": {"b"}, **facts})
    plan = make_plan([item, b], lock_of(MINE, other), known, Choices(relabel=frozenset(choices)))
    return {step.dataset_name: step for step in plan.steps}


def test_rows_that_a_step_fetches_come_first() -> None:
    found = steps(B, entry(B, job(B)))
    assert (found["b"].action, found["a"].action, found["a"].requests) == ("fetch", "extend", 1)
    assert found["a"].awaits == ("b",)


def test_nothing_is_awaited_where_they_are_here() -> None:
    assert steps(B, entry(B, job(B)), elsewhere=())["a"].awaits == ()


def test_without_annotations_it_is_blocked_unless_they_are_paid_for() -> None:
    found = steps(TEXTS, ELSEWHERE, inputs=UNLABELLED)["a"]
    assert (found.action, found.requests, found.examples, found.total) == ("blocked", 0, 0, 6)
    assert found.reasons[0].line == (
        "checks: rows are compared with those of 'b' (`no_overlap_with`), which are not on this machine, and neither"
        " are its annotations"
    )
    assert found.command == (
        "set `store:` in pioneer.yaml to a folder shared by the team, or: pioneer-build apply --relabel b  (pays for"
        " its annotations again)"
    )
    assert steps(TEXTS, ELSEWHERE, MORE, "b", inputs=UNLABELLED)["a"].requests == 1
    assert steps(TEXTS, ELSEWHERE, A, inputs=UNLABELLED)["a"].action == "none", "it needs no rows"


@pytest.mark.parametrize("state", ["open", "unknown"])
def test_what_was_paid_for_is_taken_in_all_the_same(state: Any) -> None:
    known = Facts(BACKEND, present=HERE, elsewhere={"b"}, inputs=UNLABELLED)
    mine = replace(MINE, jobs=(*MINE.jobs, job(MORE, 2, state=state, rows=None, got=None)))
    plan = make_plan([MORE, TEXTS], lock_of(mine, ELSEWHERE), known)
    assert plan.steps[0].action == {"open": "resume", "unknown": "reconcile"}[state]


def test_rows_to_judge_wait_too() -> None:
    protected = replace(B, spec=replace(B.spec, labels=("x",)))
    item = declared(protected.spec)
    other = replace(entry(B, job(B)), protect=True)
    kept = {"a": KeptRows("not here", here=False, awaits=("b",))}
    found = steps(item, other, declared(A.spec, {**CHECKS, "min_chars": 3}), kept=kept)
    assert found["b"].refused is not None
    assert found["a"].action == "blocked"
    assert found["a"].command == found["b"].command
    assert found["b"].refused in found["a"].reasons[0].text


def test_a_spec_that_is_not_here_brings_nothing() -> None:
    known = Facts(BACKEND, present=HERE, elsewhere={"b"}, left_out={"b": "its spec is not here"})
    found = make_plan([MORE], lock_of(MINE, entry(B, job(B))), known).steps[0]
    assert (found.action, found.reasons[0].text.endswith("and its spec is not here")) == ("blocked", True)


def test_a_part_of_a_plan_lacks_what_its_other_steps_bring() -> None:
    known = Facts(BACKEND, present=HERE, elsewhere={"b"})
    plan = make_plan([MORE, B], lock_of(MINE, entry(B, job(B))), known)
    (alone,) = plan.only({"a"}).steps
    assert (alone.action, alone.requests, alone.command) == ("blocked", 0, "pioneer-build apply --select b")
    assert plan.only({"a", "b"}).steps == plan.steps


def test_who_asks_for_new_rows_does_not_wait_for_rows_that_nobody_has() -> None:
    """Otherwise two datasets that name each other, and have both lost their rows, would wait for each other."""
    lost = replace(entry(B, job(B)), jobs=(replace(job(B), owed=True),))
    facts = Facts(BACKEND, present=HERE, elsewhere={"b"})
    waiting, b = make_plan([MORE, B], lock_of(MINE, lost), facts).steps
    assert (waiting.action, b.action) == ("extend", "fetch")
    assert waiting.awaits == ("b",)
    asking = make_plan([MORE, B], lock_of(MINE, lost), facts, Choices(retry=frozenset({"a"}))).steps[0]
    assert (asking.action, asking.awaits, asking.requests) == ("extend", (), 1)
    others = replace(facts, elsewhere_but_lost={"b"})
    asking = make_plan([MORE, B], lock_of(MINE, lost), others, Choices(retry=frozenset({"a"}))).steps[0]
    assert asking.awaits == ("b",)

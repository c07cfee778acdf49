"""A plan as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema

from pioneer_build.lock.model import Tokens
from pioneer_build.plan import Choices, Plan, Reason, Step
from pioneer_build.plan.cost import Estimate, Rates
from pioneer_build.plan.json import plan_value, step_value
from tests.plan.steps import ITEM, OTHER, plan
from tests.planning import entry, generate_spec, job, lock_of

SCHEMA = json.loads((Path(__file__).parent.parent.parent / "docs/plan.schema.json").read_text("utf-8"))


def test_a_plan() -> None:
    known = entry(ITEM, job(ITEM))
    value = plan_value(plan(OTHER, lock=lock_of(known)))
    assert value == {
        "format": 1,
        "changes": True,
        "backend": "pioneer",
        "steps": [
            {
                "dataset_name": "a", "action": "replace", "requests": 1, "examples": 10, "total": 10,
                "remote_name": f"a-{OTHER.fingerprint[4:12]}",
                "reasons": [{"field": "labels", "text": '+ "z", - "y"', "old": ["y"], "new": ["z"]}],
            }
        ],
        "summary": {"replace": 1, "requests": 1, "examples": 10, "seconds_at_least": 0},
    }  # fmt: skip
    assert plan_value(Plan("local", ())) == {
        "format": 1, "changes": False, "backend": "local", "steps": [],
        "summary": {"requests": 0, "examples": 0, "seconds_at_least": 0},
    }  # fmt: skip


def test_what_says_nothing_is_left_out() -> None:
    plain = step_value(Step("a", "none"))
    assert plain.keys() == set(SCHEMA["$defs"]["step"]["required"])
    full = Step(
        "a", "rename", (Reason("renamed_from", "was 'b'", None, "a"), Reason("protect", "x")), renamed_from="b",
        protected=True, fetch=True, refused="protected", command="pioneer-build apply", requests_at_most=3,
        examples_at_most=6, deletes=("a",), stays=("b",), missing=3,
    )  # fmt: skip
    value = step_value(full)
    assert value.keys() == SCHEMA["$defs"]["step"]["properties"].keys() - {"tokens", "cost"}  # what the plan adds
    assert value["reasons"] == [
        {"field": "renamed_from", "text": "was 'b'", "old": None, "new": "a"},
        {"field": "protect", "text": "x"},
    ]


def test_what_a_language_model_will_take() -> None:
    steps = (
        Step("a", "create", requests=1, examples=10),
        Step("b", "create", requests=1, examples=5),
        Step("c", "none"),
    )
    costs = {"a": Estimate(12, Tokens(2000, 300), "history"), "b": Estimate(6, Tokens(1000, 100), "estimate")}
    value = plan_value(Plan("model/m", steps, costs=costs, rates=Rates(1.0, 10.0, "EUR")))
    assert [step.get("cost") for step in value["steps"]] == [
        {"amount": 0.005, "currency": "EUR", "basis": "history"},
        {"amount": 0.002, "currency": "EUR", "basis": "estimate"},
        None,
    ]
    assert value["steps"][0]["tokens"] == {"calls": 12, "input": 2000, "output": 300, "basis": "history"}
    assert "tokens" not in value["steps"][2]
    assert value["summary"]["tokens"] == {"calls": 18, "input": 3000, "output": 400, "basis": "estimate"}
    assert value["summary"]["cost"] == {"amount": 0.007, "currency": "EUR", "basis": "estimate"}
    unpriced = plan_value(Plan("model/m", steps, costs=costs))
    assert unpriced["summary"]["cost"] is None
    for one in (value, unpriced):
        jsonschema.Draft202012Validator(SCHEMA).validate(one)


def test_a_step_that_is_refused_costs_nothing() -> None:
    steps = (Step("a", "create", requests=1, examples=10, refused="protected"),)
    plan = Plan("model/m", steps, costs={"a": Estimate(12, Tokens(2000, 300), "history")})
    assert plan.cost is None
    assert "tokens" not in plan_value(plan)["steps"][0]


def test_the_worst_case_is_in_the_summary() -> None:
    steps = [
        Step("a", "label", requests=1, examples=5, requests_at_most=3, examples_at_most=30),
        Step("b", "create", requests=1, examples=10),
    ]
    summary = plan_value(Plan("pioneer", tuple(steps)))["summary"]
    assert (summary["requests_at_most"], summary["examples_at_most"]) == (4, 40)


def test_what_is_refused_is_no_request() -> None:
    kept = entry(ITEM, job(ITEM), protect=True)
    refused = plan_value(plan(OTHER, lock=lock_of(kept), choices=Choices()))
    assert refused["steps"][0]["requests"] == 1
    assert refused["summary"]["requests"] == refused["summary"]["examples"] == 0
    assert generate_spec("a").num_examples == refused["steps"][0]["examples"]

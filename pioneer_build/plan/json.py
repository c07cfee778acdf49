"""A plan as the JSON of `plan --format json`: docs/plan.schema.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pioneer_build.plan import Plan, Reason, Recipient, Step
    from pioneer_build.plan.cost import Estimate, Rates


FORMAT = 1


def plan_value(plan: Plan) -> dict[str, Any]:
    """The plan as the JSON of `plan --format json` (docs/plan.schema.json)."""
    at_most = {"requests_at_most": plan.requests_at_most, "examples_at_most": plan.examples_at_most}
    value: dict[str, Any] = {
        "format": FORMAT,
        "changes": plan.changes,
        "backend": plan.backend,
        **recipients_value(plan.recipients),
        "steps": [
            step_value(step) | _cost_value(plan.costs.get(step.dataset_name) if step.submits else None, plan.rates)
            for step in plan.steps
        ],
        "summary": {
            **plan.counts(),
            "requests": plan.requests,
            "examples": plan.examples,
            **(at_most if plan.examples_at_most > plan.examples else {}),
            "seconds_at_least": plan.seconds_at_least,
            **_cost_value(plan.cost, plan.rates),
        },
    }
    if plan.skipped:
        value["skipped"] = [{"dataset_name": one.dataset_name, "why": one.why} for one in plan.skipped]
    if plan.ignored:
        value["ignored"] = list(plan.ignored)
    if plan.remarks:
        value["remarks"] = list(plan.remarks)
    return value


def recipients_value(recipients: Iterable[Recipient]) -> dict[str, Any]:
    """Who gets what is sent to a language model, as the key `sends_to`; nothing if nobody does."""
    found = [{"address": one.address, "key_variable": one.key_variable} for one in recipients]
    return {"sends_to": found} if found else {}


def _cost_value(cost: Estimate | None, rates: Rates | None) -> dict[str, Any]:
    """Calls, tokens and money; the last is null without prices, and all is absent if nothing is known."""
    if cost is None:
        return {}
    tokens = {"calls": cost.calls, "input": cost.tokens.input, "output": cost.tokens.output, "basis": cost.basis}
    if rates is None:
        return {"tokens": tokens, "cost": None}
    amount = round(rates.price(cost.tokens), 6)
    return {"tokens": tokens, "cost": {"amount": amount, "currency": rates.currency, "basis": cost.basis}}


def step_value(step: Step) -> dict[str, Any]:
    """One step as JSON values."""
    value: dict[str, Any] = {
        "dataset_name": step.dataset_name,
        "action": step.action,
        "reasons": [_reason_value(reason) for reason in step.reasons],
        "requests": step.requests,
        "examples": step.examples,
        "total": step.total,
        "remote_name": step.remote_name,
    }
    if step.requests_at_most is not None:
        value["requests_at_most"], value["examples_at_most"] = step.requests_at_most, step.examples_at_most
    if step.deletes:
        value["deletes"] = list(step.deletes)
    if step.stays:
        value["stays"] = list(step.stays)
    if step.missing:
        value["missing"] = step.missing
    if step.renamed_from is not None:
        value["renamed_from"] = step.renamed_from
    if step.protected:
        value["protected"] = True
    if step.fetch:
        value["fetch"] = True
    if step.refused is not None:
        value["refused"] = step.refused
    if step.command is not None:
        value["command"] = step.command
    return value


def _reason_value(reason: Reason) -> dict[str, Any]:
    value: dict[str, Any] = {"field": reason.field, "text": reason.text}
    if reason.old is not None or reason.new is not None:
        value["old"], value["new"] = reason.old, reason.new
    return value

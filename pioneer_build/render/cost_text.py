"""Model calls, tokens and money as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.wording import count, spent_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pioneer_build.lock.model import Tokens
    from pioneer_build.plan import Plan, Recipient
    from pioneer_build.plan.cost import Estimate, Rates


def plan_sentence(plan: Plan) -> str:
    """What follows the summary of a plan with a language model, after a space: what it takes, and where it is sent."""
    cost = "" if plan.cost is None else f" {cost_sentence(plan.cost, plan.rates)}"
    return f"{cost} {recipients_sentence(plan.recipients)}" if plan.recipients else cost


def recipients_sentence(recipients: Iterable[Recipient]) -> str:
    """Who gets what is sent to a language model, and with the value of which variable."""
    return f"Sent to {', '.join(one.said for one in recipients)}."


def cost_sentence(cost: Estimate, rates: Rates | None) -> str:
    """What a plan will take, and how that is known, as a sentence.

    Args:
        cost: calls and tokens.
        rates: prices, if there are any.
    """
    basis = "this project's own jobs" if cost.basis == "history" else "the length of the prompts"
    calls = count(cost.calls, "model call")
    return f"About {calls}, {tokens_text(cost.tokens, rates)}, going by {basis}."


def tokens_text(tokens: Tokens, rates: Rates | None) -> str:
    """Tokens, and what they cost if there are prices: `1,200 tokens in and 300 out, 0.0012 EUR`.

    Args:
        tokens: read and written ones.
        rates: prices, if there are any.
    """
    if rates is None:
        return spent_text(tokens.input, tokens.output)
    return spent_text(tokens.input, tokens.output, rates.price(tokens), rates.currency)

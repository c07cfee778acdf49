"""Calls, tokens and money as text."""

from __future__ import annotations

import pytest

from pioneer_build.lock.model import Tokens
from pioneer_build.plan import Plan, Step
from pioneer_build.plan.cost import CostBasis, Estimate, Rates
from pioneer_build.render.cost_text import cost_sentence, tokens_text
from pioneer_build.render.plan import plan_text
from pioneer_build.render.plan_markdown import plan_markdown
from pioneer_build.wording import money_text

RATES = Rates(1.0, 10.0, "EUR")


@pytest.mark.parametrize(
    ("amount", "text"), [(0, "0.00 EUR"), (0.00123, "0.0012 EUR"), (1.239, "1.24 EUR"), (12345.6, "12,345.60 EUR")]
)
def test_money(amount: float, text: str) -> None:
    assert money_text(amount, "EUR") == text
    assert money_text(amount, None) == text.removesuffix(" EUR")


def test_tokens() -> None:
    assert tokens_text(Tokens(1200, 1), None) == "1,200 tokens in and 1 out"
    assert tokens_text(Tokens(1, 0), RATES) == "1 token in and 0 out, 0.0000 EUR"


@pytest.mark.parametrize(
    ("basis", "words"), [("history", "this project's own jobs"), ("estimate", "the length of the prompts")]
)
def test_a_plan_says_what_it_costs_and_how_that_is_known(basis: CostBasis, words: str) -> None:
    cost = Estimate(12, Tokens(200_000, 30_000), basis)
    sentence = f"About 12 model calls, 200,000 tokens in and 30,000 out, 0.5000 EUR, going by {words}."
    assert cost_sentence(cost, RATES) == sentence
    plan = Plan("model/m", (Step("a", "create", requests=1, examples=10),), costs={"a": cost}, rates=RATES)
    assert sentence in " ".join(plan_text(plan, width=80).split())
    assert sentence.replace("'", "&#39;") in plan_markdown(plan) or sentence in plan_markdown(plan)


def test_without_prices_there_are_tokens() -> None:
    assert "tokens in" in cost_sentence(Estimate(1, Tokens(2, 3), "history"), None)
    assert "EUR" not in cost_sentence(Estimate(1, Tokens(2, 3), "history"), None)

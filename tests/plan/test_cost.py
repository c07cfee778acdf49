"""What a plan will cost: from jobs there were, or from the length of prompts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.lock.model import Tokens
from pioneer_build.plan.cost import Estimate, PerRow, Rates, estimate, per_row, spent_on, spent_per_row
from pioneer_build.spec.settings import ModelSettings, Prices
from tests.planning import PROPERTY, declared, entry, generate_spec, job, label_spec

NER = declared(generate_spec("a"))
CLASSES = declared(generate_spec("b", task_type="classification"))
TEXTS = declared(label_spec("c", texts=("a" * 100, "b" * 300)))


def test_the_price_is_per_million() -> None:
    assert Rates(0.15, 0.6, "EUR").price(Tokens(2_000_000, 500_000)) == pytest.approx(0.6)
    assert Rates(0.0, 0.0).price(Tokens(5, 5)) == 0


def test_prices_are_those_of_the_model_in_the_settings() -> None:
    model = ModelSettings(("http://127.0.0.1:1/v1",), "m")
    assert Rates.of(None) is None
    assert Rates.of(model) is None
    assert Rates.of(replace(model, prices=Prices(0.15, 0.6), currency="USD")) == Rates(0.15, 0.6, "USD")


def test_jobs_of_the_same_task_say_what_a_row_takes() -> None:
    jobs = [job(NER, 1, tokens=Tokens(1000, 100), asked=10), job(NER, 2, tokens=Tokens(3000, 500), asked=10)]
    spent = spent_per_row([entry(NER, *jobs), entry(CLASSES, job(CLASSES))])
    assert spent == {("ner", False): (200.0, 30.0)}
    each = per_row(NER, spent)
    assert (each.input, each.output, each.basis) == (200.0, 30.0, "history")
    assert estimate(50, each) == Estimate(estimate(50, each).calls, Tokens(10_000, 1_500), "history")
    assert per_row(CLASSES, spent).basis == "estimate"
    assert per_row(TEXTS, spent).basis == "estimate", "labelling takes other prompts"


def test_jobs_that_say_nothing_of_a_row_do_not_count() -> None:
    jobs = [
        job(NER, 1),
        job(NER, 2, state="failed", tokens=Tokens(9, 9)),
        job(NER, 3, state="open", tokens=Tokens(9, 9)),
    ]
    assert spent_per_row([entry(NER, *jobs)]) == {}


def test_label_requests_count_by_text() -> None:
    one = replace(entry(TEXTS), paid=(("f", 4), ("g", 6)))
    one = replace(one, tokens=(("f", Tokens(40, 4)), ("g", Tokens(60, 16))))
    assert spent_per_row([one]) == {("ner", True): (10.0, 2.0)}
    assert spent_per_row([replace(one, paid=())]) == {}


def test_a_longer_prompt_takes_more() -> None:
    longer = declared(generate_spec("a", domain_description="word " * 400))
    assert per_row(longer, {}).input > per_row(NER, {}).input + 400
    assert per_row(CLASSES, {}).calls == 2 * per_row(NER, {}).calls, "a row is labelled again"


def test_each_vote_about_a_text_takes_a_call() -> None:
    classes = declared(label_spec("c", texts=("a" * 100,), task_type="classification"))
    one, three = estimate(160, per_row(classes, {})), estimate(160, per_row(classes, {}, votes=3))
    assert (one.calls, three.calls) == (10, 30)
    assert three.tokens.output == 3 * one.tokens.output
    assert three.tokens.input == pytest.approx(3 * one.tokens.input, abs=3)
    assert per_row(CLASSES, {}, votes=3) == per_row(CLASSES, {}), "a second look at a row is no vote"
    spent = {("classification", True): (10.0, 2.0)}
    assert per_row(classes, spent, votes=3).input == 10.0, "they are in what was spent"


def test_longer_texts_take_more() -> None:
    short, long = declared(label_spec("c", texts=("a" * 40,))), declared(label_spec("c", texts=("a" * 240,)))
    assert per_row(long, {}).input == pytest.approx(per_row(short, {}).input + 50)


@pytest.mark.parametrize(("characters", "calls"), [(20, 25), (1_000, 100), (3_000, 400), (9_000, 400)])
def test_as_many_texts_share_a_call_as_its_limits_allow(characters: int, calls: int) -> None:
    """A call has 16 texts or 4,000 characters (docs/model.md), and at least one text."""
    item = declared(label_spec("c", texts=("a" * characters,)))
    assert estimate(400, per_row(item, {})).calls == calls


def test_one_guess_makes_the_sum_a_guess() -> None:
    known, guessed = Estimate(1, Tokens(2, 3), "history"), Estimate(10, Tokens(20, 30), "estimate")
    assert known + known == Estimate(2, Tokens(4, 6), "history")
    assert known + guessed == guessed + known == Estimate(11, Tokens(22, 33), "estimate")


@PROPERTY
@given(st.integers(0, 10**7), st.floats(0, 1e5), st.floats(0, 1e5))
def test_more_rows_never_take_less(rows: int, read: float, written: float) -> None:
    each = PerRow(1.2, read, written, "estimate")
    fewer, more = estimate(rows, each), estimate(rows + 1, each)
    assert more.tokens.input >= fewer.tokens.input >= rows * read
    assert more.tokens.output >= fewer.tokens.output


def test_all_that_was_spent() -> None:
    jobs = [job(NER, 1, tokens=Tokens(1, 2)), job(NER, 2, state="failed", tokens=Tokens(10, 20)), job(NER, 3)]
    labelled = replace(entry(TEXTS), tokens=(("f", Tokens(100, 200)), ("g", Tokens(1000, 2000))))
    assert spent_on([entry(NER, *jobs), labelled]) == Tokens(1111, 2222)
    assert spent_on([entry(NER, job(NER))]) is None

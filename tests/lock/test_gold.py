"""Measures with gold: three decimals, made once."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.lock.gold import Drift, Gain, GoldMeasure, LabelCounts, rounded
from tests.planning import PROPERTY


def measure(**fields: Any) -> GoldMeasure:
    plain: dict[str, Any] = {
        "kind": "probe", "metric": "accuracy", "gold": "sha256:1", "n": 200, "content": "sha256:2", "rows": 800,
        "fingerprint": "fp1:3", "revision": "gold-1",
    }  # fmt: skip
    return GoldMeasure(**{**plain, **fields})


@PROPERTY
@given(st.floats(-1e6, 1e6))
def test_what_is_rounded_keeps_its_bytes(value: float) -> None:
    short = rounded(value)
    assert abs(short - value) <= 0.0005 + 1e-9
    assert rounded(short) == short
    text = json.dumps(short)
    assert json.loads(text) == short
    assert len(text.partition(".")[2]) <= 3
    assert text != "-0.0"


def test_whole_numbers_are_measures_too_and_others_are_none() -> None:
    assert json.dumps([rounded(1), rounded(-0.0), rounded(-0.0004), rounded(2 / 3)]) == "[1.0, 0.0, 0.0, 0.667]"
    for odd in (float("nan"), float("inf"), float("-inf")):
        with pytest.raises(ValueError, match="not a finite number"):
            rounded(odd)


def test_measures_are_rounded_as_they_are_made() -> None:
    third = 1 / 3
    made = measure(
        value=third, interval=(-third, third), kappa=third, zero_shot=third, gold_alone=third, template_share=third,
        last_doubling=Gain(third, (-third, third)), drift=Drift("sha256:4", third, third), more={"x": third},
    )  # fmt: skip
    again = measure(
        value=0.333, interval=(-0.333, 0.333), kappa=0.333, zero_shot=0.333, gold_alone=0.333, template_share=0.333,
        last_doubling=Gain(0.333, (-0.333, 0.333)), drift=Drift("sha256:4", 0.333, 0.333), more={"x": 0.333},
    )  # fmt: skip
    assert made == again
    assert replace(made, n=1).value == 0.333
    assert Drift("sha256:4", third).p is None
    assert measure().value is None


def test_bounds_are_kept_as_they_were_given() -> None:
    bounds = measure(bounds={"min_accuracy": 0.7504, "max_contamination": 0}).bounds
    assert json.dumps(bounds) == '{"min_accuracy": 0.7504, "max_contamination": 0.0}'


def test_labels_have_an_order() -> None:
    b, a = LabelCounts("b", n=3, predicted=0, right=0), LabelCounts("a", n=0, predicted=3, right=2)
    assert measure(per_label=(b, a)).per_label == (a, b)


@pytest.mark.parametrize("change", ["gold", "content", "fingerprint", "revision", "model"])
def test_what_makes_a_measure_another_one(change: str) -> None:
    assert measure().key == measure(value=0.5, interval=(0.4, 0.6), n=3).key
    assert measure(**{change: "other"}).key != measure().key

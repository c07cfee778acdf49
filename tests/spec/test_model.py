"""A spec as a value: what it is, and where its keys stand."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import get_args

import pytest

from pioneer_build.spec.model import TASK_TYPES, Checks, InlineTexts, InputFiles, Spec, TaskType, TopUp, checks_from

SPEC = Spec("a", "ner", labels=("x",), line=3, marks=(("version", 3, 10), ("labels", 5, 9), ("checks.b.0", 7, 4)))


def test_places_of_keys() -> None:
    assert SPEC.place("labels") == (5, 9)
    assert SPEC.place("checks.b.0") == (7, 4)
    assert SPEC.place("owner") == (3, 1), "a key that is absent is where the document begins"
    assert SPEC.place() == (3, 1)


def test_a_label_spec_has_inputs() -> None:
    assert not Spec("a", "ner", num_examples=1).is_label
    assert Spec("a", "ner", inputs=InlineTexts(("x",))).is_label
    assert Spec("a", "ner", inputs=InputFiles("x.csv")).is_label


def test_a_spec_is_a_value() -> None:
    assert Spec("a", "ner") == Spec("a", "ner", checks=Checks())
    assert hash(Spec("a", "ner")) == hash(Spec("a", "ner"))
    with pytest.raises(FrozenInstanceError):
        SPEC.line = 4  # type: ignore[misc]


def test_what_a_spec_says_where_it_says_nothing() -> None:
    spec = Spec("a", "ner")
    assert (spec.on_change, spec.protect, spec.top_up, spec.renamed_from) == ("new_name", False, None, None)
    assert TopUp().max_attempts == 3


def test_every_task_type_is_listed() -> None:
    assert get_args(TaskType) == TASK_TYPES


def test_checks_from_plain_data() -> None:
    assert checks_from({}) == Checks()
    assert checks_from({"min_chars": 2, "no_overlap_with": ["b"]}) == Checks(min_chars=2, no_overlap_with=("b",))

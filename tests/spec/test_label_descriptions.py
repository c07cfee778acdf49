"""Descriptions of labels that are a part of a definition's text are found again, to be shown."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.spec.fingerprint import definition_of
from pioneer_build.spec.label_descriptions import as_written
from pioneer_build.spec.model import Spec
from tests.planning import PROPERTY

_LINE = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=8).filter(
    lambda text: text == " ".join(text.split())
)


@PROPERTY
@given(st.dictionaries(_LINE, _LINE | st.just('Labels: {"a": 1'), min_size=1, max_size=4), st.none() | _LINE)
def test_what_an_author_wrote_is_found_again(labels: dict[str, str], domain: str | None) -> None:
    spec = Spec("a", "ner", tuple(labels), domain_description=domain, label_descriptions=tuple(labels.items()))
    found = as_written(definition_of(spec))
    assert found["label_descriptions"] == labels
    assert found.get("domain_description") == domain


@pytest.mark.parametrize(
    "text",
    [
        "Labels: none",
        'Labels: {"x": "first"} and more',
        'Labels: {"other": "first"}',
        'Labels: {"x": 1}',
        "Labels: {}",
        "Labels: {" * 100,
        "Labels: " + '{"x":' * 100_000,
    ],
)
def test_other_text_stays_text(text: str) -> None:
    definition: dict[str, Any] = {"task_type": "ner", "labels": ["x"], "domain_description": text}
    assert as_written(definition) == definition


def test_a_definition_without_text_stays() -> None:
    for definition in ({"task_type": "decoder"}, {"labels": ["x"], "domain_description": 3}):
        assert as_written(definition) == definition

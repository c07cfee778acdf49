"""The keys themselves: as many as the values have fields, each with its type and bounds."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from pioneer_build.parse.schema import (
    BELONGS,
    CHOICES,
    MAX_WHOLE,
    REQUIRED,
    SETTINGS_KEYS,
    SPEC_KEYS,
    SYNONYMS,
    ChecksShape,
    FilesShape,
    LimitsShape,
    ModelShape,
    ShotShape,
    TopUpShape,
    settings_adapter,
    spec_adapter,
)
from pioneer_build.spec.model import TASK_TYPES, Checks, FewShot, InputFiles, Spec, TopUp
from pioneer_build.spec.settings import Settings, SpendingLimits

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def wrong(adapter: TypeAdapter[Any], data: object) -> list[tuple[tuple[int | str, ...], str]]:
    """Where and what pydantic finds wrong in `data`."""
    try:
        adapter.validator.validate_python(data)
    except ValidationError as error:
        return [(one["loc"], one["type"]) for one in error.errors()]
    return []


@pytest.mark.parametrize(
    ("shape", "value"),
    [
        (ShotShape, FewShot),
        (FilesShape, InputFiles),
        (ChecksShape, Checks),
        (TopUpShape, TopUp),
        (LimitsShape, SpendingLimits),
    ],
)
def test_a_mapping_has_the_keys_that_its_value_has_fields(shape: Any, value: Any) -> None:
    assert list(shape.__annotations__) == [field.name for field in fields(value)]


def test_a_spec_and_the_settings_have_the_keys_that_their_values_have_fields() -> None:
    places = {"path", "line", "marks", "label_descriptions"}  # the last are a part of `labels`
    assert set(SPEC_KEYS) - {"version"} == {field.name for field in fields(Spec)} - places
    assert set(SETTINGS_KEYS) - {"version"} == {field.name for field in fields(Settings)}


def test_what_is_said_of_keys_is_said_of_keys_there_are() -> None:
    assert set(BELONGS) <= set(SPEC_KEYS)
    assert set(REQUIRED) <= set(SPEC_KEYS)
    assert set(CHOICES) <= {*SPEC_KEYS, *ModelShape.__annotations__}
    assert set(SYNONYMS.values()) <= set(SPEC_KEYS)
    assert not set(SYNONYMS) & set(SPEC_KEYS), "a word that is a key means itself"
    for belongs in BELONGS.values():
        assert set(belongs.tasks) <= set(TASK_TYPES)
        assert belongs.tasks
        assert belongs.kinds


SPEC: dict[str, Any] = {"dataset_name": "a", "task_type": "ner", "labels": ["x"], "num_examples": 1}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("dataset_name", "A-1.b_c"), ("dataset_name", "a" * 100), ("num_examples", MAX_WHOLE), ("labels", ["a b", "é"]),
        ("inputs", ["a"]), ("inputs", "x.csv"), ("inputs", {"path": "x", "field": "f", "id": "i"}), ("top_up", False),
        ("top_up", {}), ("top_up", {"max_attempts": 1}), ("checks", {"min_accepted": 0, "max_label_share": 1.0}),
        ("tags", []), ("tags", ["-a", "v1.2"]), ("prompt", "two\nlines"), ("version", 1),
    ],
)  # fmt: skip
def test_right(key: str, value: object) -> None:
    assert wrong(spec_adapter(), {**SPEC, key: value}) == []


@pytest.mark.parametrize(
    ("key", "value", "where", "what"),
    [
        ("dataset_name", "-a", (), "string_pattern_mismatch"),
        ("dataset_name", "a" * 101, (), "string_pattern_mismatch"),
        ("dataset_name", "a\n", (), "string_pattern_mismatch"),
        ("dataset_name", "é", (), "string_pattern_mismatch"),
        ("labels", ["a\x85b"], ("<list>", 0), "string_pattern_mismatch"),
        ("labels", [" "], ("<list>", 0), "string_pattern_mismatch"),
        ("labels", ("a",), ("<list>",), "list_type"),
        ("labels", [], ("<list>",), "too_short"),
        ("labels", {}, ("<mapping>",), "too_short"),
        ("labels", {"a": 1}, ("<mapping>", "a"), "string_type"),
        ("labels", {" ": "x"}, ("<mapping>", " ", "[key]"), "string_pattern_mismatch"),
        ("ner_examples", [{"text": "x", "entities": [["x"]]}], (0, "entities", 0), "too_short"),
        ("num_examples", MAX_WHOLE + 1, (), "less_than_equal"),
        ("num_examples", True, (), "int_type"),
        ("num_examples", 1.0, (), "int_type"),
        ("version", 1.0, (), "int_type"),
        ("version", True, (), "int_type"),
        ("prompt", " \n", (), "string_pattern_mismatch"),
        ("inputs", True, ("<text>",), "string_type"),
        ("inputs", {}, ("<mapping>", "path"), "missing"),
        ("inputs", [1], ("<list>", 0), "string_type"),
        ("top_up", 1, ("<bool>",), "bool_type"),
        ("top_up", {"max_attempts": 0}, ("<mapping>", "max_attempts"), "greater_than_equal"),
        ("checks", {"min_accepted": float("nan")}, ("min_accepted",), "finite_number"),
        ("checks", {"min_accepted": 1.01}, ("min_accepted",), "less_than_equal"),
        ("checks", {"max": 1}, ("max",), "extra_forbidden"),
        ("classified_examples", [{"text": "a"}], (0, "label"), "missing"),
        ("colour", 1, (), "extra_forbidden"),
    ],
)
def test_wrong(key: str, value: object, where: tuple[int | str, ...], what: str) -> None:
    assert wrong(spec_adapter(), {**SPEC, key: value}) == [((key, *where), what)]


@pytest.mark.parametrize(
    ("key", "value", "what"),
    [
        ("requests_per_minute", 0, "greater_than_equal"),
        ("max_open_jobs", 0, "greater_than_equal"),
        ("seed", -1, "greater_than_equal"),
        ("backend", "", "string_pattern_mismatch"),
        ("api_key", "x", "extra_forbidden"),
    ],
)
def test_settings(key: str, value: object, what: str) -> None:
    assert wrong(settings_adapter(), {"seed": 0, key: value}) == [((key,), what)]


def test_a_limit_may_be_nothing_at_all() -> None:
    assert wrong(settings_adapter(), {"limits": {"max_requests": 0, "max_examples": 0}}) == []


@pytest.mark.parametrize("name", ["a", "7", "A-1.b_c", "a" * 100, "a..b"])
def test_names_of_datasets(name: str) -> None:
    assert wrong(spec_adapter(), {**SPEC, "dataset_name": name}) == []


@pytest.mark.parametrize("name", ["", ".", "..", "-a", "_a", "a b", "a/b", "a\n", "é", "a" * 101])
def test_what_is_no_name(name: str) -> None:
    assert wrong(spec_adapter(), {**SPEC, "dataset_name": name}) == [(("dataset_name",), "string_pattern_mismatch")]

"""The schemas fit what the local engine answers, and what a language model does, which knows less."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import ValidationError, validate

from pioneer_build.engine.openapi_schemas import OpenApiSchema, job, text_with_class, text_with_entities

POLL: dict[str, Any] = {
    "job_id": "j", "status": "ready", "dataset_name": "d", "task_type": "ner", "count": 1, "data": [{"text": "a"}],
    "dataset": None, "token_usage": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (job("hosted"), POLL),
        (job("hosted"), POLL | {"token_usage": {"input": 1, "output": 2, "calls": 3}, "shortfall": "3 refused"}),
        (text_with_entities(), {"text": "a", "entities": [{"text": "a", "label": "x"}]}),
        (text_with_entities(), {"text": "a", "entities": [{"text": "a", "label": "x", "start": 0, "end": 1}]}),
        (text_with_class(), {"text": "a", "label": "x"}),
        (text_with_class(), {"text": "a", "label": "x", "score": 0.5, "margin": 0.1, "scores": {"x": 0.5}}),
    ],
)
def test_what_fits(schema: OpenApiSchema, value: Any) -> None:
    validate(value, schema)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (job("hosted"), POLL | {"token_usage": {"input": 1}}),
        (text_with_entities(), {"text": "a"}),
        (text_with_class(), {"text": "a", "label": "x", "score": 2}),
    ],
)
def test_what_does_not_fit(schema: OpenApiSchema, value: Any) -> None:
    with pytest.raises(ValidationError):
        validate(value, schema)

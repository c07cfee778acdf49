"""JSON schemas of the engine's responses, in both vocabularies, and their parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from pioneer_build.engine.responses import JOB_STATUS

if TYPE_CHECKING:
    from pioneer_build.engine.engine_config import Vocabulary

OpenApiSchema: TypeAlias = dict[str, Any]

TEXT: OpenApiSchema = {"type": "string"}
SHARE: OpenApiSchema = {"type": "number", "minimum": 0, "maximum": 1}
WHOLE: OpenApiSchema = {"type": "integer", "minimum": 0}
FLAG: OpenApiSchema = {"type": "boolean"}
#: The content of a row is described in docs/rows.md.
ROW: OpenApiSchema = {"type": "object"}


def object_of(properties: OpenApiSchema, *, optional: tuple[str, ...] = ()) -> OpenApiSchema:
    """An object with these properties, all of them required except the `optional` ones."""
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
    }


def list_of(items: OpenApiSchema) -> OpenApiSchema:
    """An array of `items`."""
    return {"type": "array", "items": items}


def or_null(schema: OpenApiSchema) -> OpenApiSchema:
    """`schema`, or null."""
    return {"oneOf": [schema, {"type": "null"}]}


TOKEN_USAGE = or_null(object_of({"input": WHOLE, "output": WHOLE, "calls": WHOLE}))


def version() -> OpenApiSchema:
    """One version of a dataset."""
    return object_of(
        {
            "id": TEXT,
            "dataset_name": TEXT,
            "version_number": TEXT,
            "dataset_type": TEXT,
            "labels": list_of(TEXT),
            "size": WHOLE,
            "sample_size": WHOLE,
            "status": TEXT,
            "created_at": {"type": "string", "format": "date-time"},
        }
    )


def accepted(vocabulary: Vocabulary) -> OpenApiSchema:
    """The response of `POST /generate`."""
    schema = object_of({"job_id": TEXT, "status": _status(vocabulary)})
    if vocabulary == "hosted":
        schema["properties"] |= {"dataset_name": TEXT, "task_type": TEXT, "is_seed": FLAG, "message": TEXT}
    return schema


def job(vocabulary: Vocabulary) -> OpenApiSchema:
    """The response of `GET /generate/jobs/:job_id`."""
    known = {"job_id": TEXT, "status": _status(vocabulary), "dataset_name": TEXT}
    if vocabulary == "seed":
        return object_of(known | {"num_examples": WHOLE})
    return object_of(
        known
        | {
            "task_type": TEXT,
            "count": WHOLE,
            "data": or_null(list_of(ROW)),
            "dataset": or_null(version()),
            "error": TEXT,
            "engine_revision": TEXT,
            "token_usage": TOKEN_USAGE,
            "shortfall": TEXT,
        },
        optional=("error", "engine_revision", "shortfall"),
    )


def text_with_entities() -> OpenApiSchema:
    """One item of a response with entities."""
    properties = {"text": TEXT, "label": TEXT, "start": WHOLE, "end": WHOLE, "score": SHARE}
    entity = object_of(properties, optional=("start", "end", "score"))
    return object_of({"text": TEXT, "entities": list_of(entity)})


def text_with_class() -> OpenApiSchema:
    """One item of a response with classes."""
    scores = {"type": "object", "additionalProperties": SHARE}
    properties = {"text": TEXT, "label": TEXT, "score": SHARE, "margin": SHARE, "scores": scores}
    return object_of(properties, optional=("score", "margin", "scores"))


def _status(vocabulary: Vocabulary) -> OpenApiSchema:
    return {"type": "string", "enum": sorted(set(JOB_STATUS[vocabulary].values()))}

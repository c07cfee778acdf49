"""The engine's own OpenAPI 3.1 document: what this server answers, in its vocabulary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pioneer_build._version import __version__
from pioneer_build.engine.requests import MAX_EXAMPLES, MAX_INPUTS, MAX_LABELS, GenerateRequest, LabelRequest
from pioneer_build.engine.responses import JOB_STATUS
from pioneer_build.engine.revision import REVISION

if TYPE_CHECKING:
    from pioneer_build.engine.config import EngineConfig

_TEXT: dict[str, Any] = {"type": "string"}
_SHARE: dict[str, Any] = {"type": "number", "minimum": 0, "maximum": 1}
_WHOLE: dict[str, Any] = {"type": "integer", "minimum": 0}


def _object(properties: dict[str, Any], *, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
    }


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _answer(description: str, schema: dict[str, Any], **headers: str) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": description, "content": {"application/json": {"schema": schema}}}
    if headers:
        answer["headers"] = {
            name.replace("_", "-"): {"schema": _TEXT, "description": what} for name, what in headers.items()
        }
    return answer


_DETAIL = _object({"detail": _TEXT})
_ERRORS: dict[str, dict[str, Any]] = {
    "401": _answer("No key, or one that isn't accepted", _DETAIL),
    "402": _answer("No credits left", _object({"code": _TEXT, "message": _TEXT, "resolution_url": _TEXT})),
    "404": _answer("No such job, dataset or version", _DETAIL),
    "409": _answer("The version isn't ready, or is in use", _DETAIL),
    "413": _answer("The body is too large", _DETAIL),
    "422": _answer(
        "The request is not as it must be",
        _object({"detail": _TEXT, "errors": _list(_object({"loc": _list({}), "msg": _TEXT, "type": _TEXT}))}),
    ),
    "429": _answer("Too many requests in a minute", _DETAIL, Retry_After="seconds", X_RateLimit_Scope="which limit"),
    "503": _answer("Not accepted now; waiting helps", _DETAIL, Retry_After="seconds"),
}


def _operation(summary: str, success: dict[str, Any], *errors: str, **more: Any) -> dict[str, Any]:
    responses = success | {code: _ERRORS[code] for code in ("401", *errors, "429", "503")}
    return {"summary": summary, "responses": responses, **more}


def _body(model: type[GenerateRequest] | type[LabelRequest]) -> dict[str, Any]:
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _path(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": _TEXT}


def document(config: EngineConfig) -> dict[str, Any]:
    """The document for a server with these settings."""
    hosted = config.vocabulary == "hosted"
    status = {"type": "string", "enum": sorted(set(JOB_STATUS[config.vocabulary].values()))}
    row = {"type": "object"}
    version = _object(
        {
            "id": _TEXT,
            "dataset_name": _TEXT,
            "version_number": _TEXT,
            "dataset_type": _TEXT,
            "labels": _list(_TEXT),
            "size": _WHOLE,
            "sample_size": _WHOLE,
            "status": _TEXT,
            "created_at": {"type": "string", "format": "date-time"},
        }
    )
    accepted = _object({"job_id": _TEXT, "status": status})
    job = _object({"job_id": _TEXT, "status": status, "dataset_name": _TEXT, "num_examples": _WHOLE})
    if hosted:
        accepted["properties"] |= {
            "dataset_name": _TEXT,
            "task_type": _TEXT,
            "is_seed": {"type": "boolean"},
            "message": _TEXT,
        }
        job = _object(
            {
                "job_id": _TEXT,
                "status": status,
                "dataset_name": _TEXT,
                "task_type": _TEXT,
                "count": _WHOLE,
                "data": {"oneOf": [_list(row), {"type": "null"}]},
                "dataset": {"oneOf": [version, {"type": "null"}]},
                "error": _TEXT,
                "engine_revision": _TEXT,
            },
            optional=("error", "engine_revision"),
        )
    entity = _object({"text": _TEXT, "label": _TEXT, "start": _WHOLE, "end": _WHOLE, "score": _SHARE})
    entities = _object({"text": _TEXT, "entities": _list(entity)})
    choice = _object(
        {
            "text": _TEXT,
            "label": _TEXT,
            "score": _SHARE,
            "margin": _SHARE,
            "scores": {"type": "object", "additionalProperties": _SHARE},
        }
    )

    def labelled(item: dict[str, Any], *, entities: bool) -> dict[str, Any]:
        if not hosted:
            headers = (
                {"X_Unsupported_Labels": "labels that can't be found, percent-encoded, by commas"} if entities else {}
            )
            return {"200": _answer("One item an input", _list(item), **headers)}
        notes = {
            "unsupported_labels": _list(_TEXT),
            "approximate_labels": {"type": "object", "additionalProperties": _TEXT},
        }
        schema = _object({"results": _list(item), **(notes if entities else {}), "engine_revision": _TEXT})
        return {"200": _answer("One item an input", schema)}

    paths: dict[str, Any] = {
        "/generate": {
            "post": _operation(
                f"Start a generation job of at most {MAX_EXAMPLES} examples",
                {"202": _answer("The job has been accepted", accepted)},
                "402", "413", "422",
                requestBody=_body(GenerateRequest),
            )
        },
        "/generate/jobs/{job_id}": {
            "get": _operation("Poll a job", {"200": _answer("The job", job)}, "404", parameters=[_path("job_id")])
        },
        "/generate/ner/label-existing": {
            "post": _operation(
                f"Find entities in at most {MAX_INPUTS} texts",
                labelled(entities, entities=True),
                "402", "413", "422",
                requestBody=_body(LabelRequest),
            )
        },
        "/generate/classification/label-existing": {
            "post": _operation(
                f"Classify at most {MAX_INPUTS} texts into at most {MAX_LABELS} classes",
                labelled(choice, entities=False),
                "402", "413", "422",
                requestBody=_body(LabelRequest),
            )
        },
    }  # fmt: skip
    if config.datasets:
        for prefix in ("/felix/datasets", "/datasets"):
            paths |= _dataset_paths(prefix, version, row)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "pioneer-build local engine",
            "version": __version__,
            "description": f"The data generation API, served by an engine on this machine ({REVISION}).",
        },
        "security": [{"key": []}, {"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": GenerateRequest.model_json_schema(ref_template="#/components/schemas/{model}").get("$defs", {}),
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _dataset_paths(prefix: str, version: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    name, number = _path("name"), _path("version")
    limit = {
        "name": "limit",
        "in": "query",
        "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 10},
    }
    form = {
        "name": "format",
        "in": "query",
        "schema": {"type": "string", "enum": ["jsonl", "csv", "parquet"], "default": "jsonl"},
    }
    removed = {"200": _answer("Removed", _object({"success": {"type": "boolean"}, "count": _WHOLE}))}
    listing = _object({"success": {"type": "boolean"}, "count": _WHOLE, "versions": _list(version)})
    binary = {
        "200": {
            "description": "The rows",
            "content": {
                kind: {"schema": {"type": "string"}}
                for kind in ("application/x-ndjson", "text/csv", "application/vnd.apache.parquet")
            },
        }
    }
    preview = {"200": _answer("The first rows", _object({"rows": _list(row), "total_rows": _WHOLE}))}
    return {
        f"{prefix}/{{name}}": {
            "get": _operation(
                "Versions of a dataset, newest first",
                {"200": _answer("Versions", listing)},
                "404",
                parameters=[name],
            ),
            "delete": _operation("Remove a dataset", removed, "404", "409", parameters=[name]),
        },
        f"{prefix}/{{name}}/{{version}}": {
            "get": _operation(
                "One version, by number or `latest`",
                {"200": _answer("Version", version)},
                "404",
                parameters=[name, number],
            ),
            "delete": _operation("Remove one version", removed, "404", "409", parameters=[name, number]),
        },
        f"{prefix}/{{name}}/{{version}}/preview": {
            "get": _operation("The first rows", preview, "404", "409", "422", parameters=[name, number, limit])
        },
        f"{prefix}/{{name}}/{{version}}/download": {
            "get": _operation(
                "All rows as of this version", binary, "404", "409", "422", parameters=[name, number, form]
            )
        },
    }

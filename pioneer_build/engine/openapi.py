"""The engine's own OpenAPI 3.1 document: what this server accepts and returns, in its vocabulary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pioneer_build._version import __version__
from pioneer_build.engine import downloads
from pioneer_build.engine.openapi_schemas import (
    FLAG,
    ROW,
    TEXT,
    TOKEN_USAGE,
    WHOLE,
    OpenApiSchema,
    accepted,
    job,
    list_of,
    object_of,
    text_with_class,
    text_with_entities,
    version,
)
from pioneer_build.engine.requests import MAX_EXAMPLES, MAX_LABELS, GenerateRequest, LabelRequest
from pioneer_build.engine.revision import REVISION
from pioneer_build.engine.routes.datasets import MAX_PREVIEW
from pioneer_build.spec.request_limits import TEXTS_PER_REQUEST

if TYPE_CHECKING:
    from pioneer_build.engine.engine_config import EngineConfig, Vocabulary


def document(config: EngineConfig, revision: str = REVISION) -> OpenApiSchema:
    """The document for a server with these settings, and makers of this revision."""
    paths = {
        "/generate": _generate(config.vocabulary),
        "/generate/jobs/{job_id}": _poll(config.vocabulary),
        "/generate/ner/label-existing": _find_entities(config.vocabulary),
        "/generate/classification/label-existing": _classify(config.vocabulary),
    }
    if config.datasets:
        for prefix in ("/felix/datasets", "/datasets"):
            paths |= _datasets(prefix)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "pioneer-build engine",
            "version": __version__,
            "description": f"The data generation API, served by an engine on this machine ({revision}).",
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


# ---- one function per path


def _generate(vocabulary: Vocabulary) -> OpenApiSchema:
    return {
        "post": _operation(
            f"Start a generation job of at most {MAX_EXAMPLES} examples",
            {"202": _answer("The job has been accepted", accepted(vocabulary))},
            "402", "413", "422",
            requestBody=_body(GenerateRequest),
        )
    }  # fmt: skip


def _poll(vocabulary: Vocabulary) -> OpenApiSchema:
    answer = {"200": _answer("The job", job(vocabulary))}
    return {"get": _operation("Poll a job", answer, "404", parameters=[_in_path("job_id")])}


def _find_entities(vocabulary: Vocabulary) -> OpenApiSchema:
    if vocabulary == "hosted":
        approximate = {"type": "object", "additionalProperties": TEXT}
        answer = _results(
            text_with_entities(), {"unsupported_labels": list_of(TEXT), "approximate_labels": approximate}
        )
    else:
        answer = _answer(
            "One item per input",
            list_of(text_with_entities()),
            X_Unsupported_Labels="unsupported labels, percent-encoded, separated by commas",
        )
    return _label(f"Find entities in at most {TEXTS_PER_REQUEST} texts", answer)


def _classify(vocabulary: Vocabulary) -> OpenApiSchema:
    item = text_with_class()
    answer = _results(item, {}) if vocabulary == "hosted" else _answer("One item per input", list_of(item))
    return _label(f"Classify at most {TEXTS_PER_REQUEST} texts into at most {MAX_LABELS} classes", answer)


def _label(summary: str, answer: OpenApiSchema) -> OpenApiSchema:
    return {
        "post": _operation(summary, {"200": answer}, "402", "413", "422", requestBody=_body(LabelRequest))
    }  # fmt: skip


def _results(item: OpenApiSchema, notes: OpenApiSchema) -> OpenApiSchema:
    more = {"engine_revision": TEXT, "token_usage": TOKEN_USAGE}
    return _answer("One item per input", object_of({"results": list_of(item), **notes, **more}))


def _datasets(prefix: str) -> OpenApiSchema:
    return {
        f"{prefix}/{{name}}": _dataset(),
        f"{prefix}/{{name}}/{{version}}": _version(),
        f"{prefix}/{{name}}/{{version}}/preview": _preview(),
        f"{prefix}/{{name}}/{{version}}/download": _download(),
    }


def _dataset() -> OpenApiSchema:
    name = [_in_path("name")]
    listing = object_of({"success": FLAG, "count": WHOLE, "versions": list_of(version())})
    return {
        "get": _operation(
            "Versions of a dataset, newest first", {"200": _answer("Versions", listing)}, "404", parameters=name
        ),
        "delete": _operation("Remove a dataset", _removed(), "404", "409", parameters=name),
    }


def _version() -> OpenApiSchema:
    name = [_in_path("name"), _in_path("version")]
    return {
        "get": _operation(
            "One version, by number or `latest`", {"200": _answer("Version", version())}, "404", parameters=name
        ),
        "delete": _operation("Remove one version", _removed(), "404", "409", parameters=name),
    }


def _removed() -> OpenApiSchema:
    return {"200": _answer("Removed", object_of({"success": FLAG, "count": WHOLE}))}


def _preview() -> OpenApiSchema:
    limit = _in_query("limit", {"type": "integer", "minimum": 1, "maximum": MAX_PREVIEW, "default": 10})
    rows = {"200": _answer("The first rows", object_of({"rows": list_of(ROW), "total_rows": WHOLE}))}
    return {
        "get": _operation(
            "The first rows", rows, "404", "409", "422", parameters=[_in_path("name"), _in_path("version"), limit]
        )
    }


def _download() -> OpenApiSchema:
    form = _in_query("format", {"type": "string", "enum": list(downloads.DOWNLOAD_FORMATS), "default": "jsonl"})
    rows = {
        "200": {
            "description": "The rows",
            "content": {kind: {"schema": {"type": "string"}} for kind in downloads.MEDIA_TYPES.values()},
        }
    }
    return {
        "get": _operation(
            "All rows as of this version",
            rows,
            "404", "409", "422",
            parameters=[_in_path("name"), _in_path("version"), form],
        )
    }  # fmt: skip


# ---- parts of paths


def _operation(summary: str, success: OpenApiSchema, *errors: str, **more: Any) -> OpenApiSchema:
    responses = success | {code: _ERRORS[code] for code in ("401", *errors, "429", "503")}
    return {"summary": summary, "responses": responses, **more}


def _answer(description: str, schema: OpenApiSchema, **headers: str) -> OpenApiSchema:
    answer: OpenApiSchema = {"description": description, "content": {"application/json": {"schema": schema}}}
    if headers:
        answer["headers"] = {
            name.replace("_", "-"): {"schema": TEXT, "description": what} for name, what in headers.items()
        }
    return answer


def _body(model: type[GenerateRequest] | type[LabelRequest]) -> OpenApiSchema:
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _in_path(name: str) -> OpenApiSchema:
    return {"name": name, "in": "path", "required": True, "schema": TEXT}


def _in_query(name: str, schema: OpenApiSchema) -> OpenApiSchema:
    return {"name": name, "in": "query", "schema": schema}


_DETAIL = object_of({"detail": TEXT})
_ERRORS: dict[str, OpenApiSchema] = {
    "401": _answer("Missing or invalid key", _DETAIL),
    "402": _answer("No credits left", object_of({"code": TEXT, "message": TEXT, "resolution_url": TEXT})),
    "404": _answer("No such job, dataset or version", _DETAIL),
    "409": _answer("The version isn't ready, or is in use", _DETAIL),
    "413": _answer("The body is too large", _DETAIL),
    "422": _answer(
        "Invalid request",
        object_of({"detail": TEXT, "errors": list_of(object_of({"loc": list_of({}), "msg": TEXT, "type": TEXT}))}),
    ),
    "429": _answer("Too many requests in a minute", _DETAIL, Retry_After="seconds", X_RateLimit_Scope="which limit"),
    "503": _answer("Temporarily unavailable; retry later", _DETAIL, Retry_After="seconds"),
}

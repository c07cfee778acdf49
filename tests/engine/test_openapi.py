"""The document that the server gives of itself: it covers the routes, and answers are as it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import jsonschema
import pytest

from pioneer_build.engine.engine_config import EngineConfig, Vocabulary
from pioneer_build.engine.openapi import document
from tests.engine.bodies import NER, TOPICS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

VOCABULARIES: list[Vocabulary] = ["seed", "hosted"]
METHODS = {"get", "post", "delete"}
LABEL = "/generate/{}/label-existing"


def schema_of(described: dict[str, Any], path: str, method: str, status: int) -> dict[str, Any]:
    """The schema of an answer; unknown properties are mistakes."""
    answer = described["paths"][path][method.lower()]["responses"][str(status)]
    return closed(answer["content"]["application/json"]["schema"])


def closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(part) for key, part in schema.items()}
    return inner | {"additionalProperties": False} if "properties" in schema and "required" in schema else inner


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"]
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)


def test_the_document_covers_the_routes(engine: Callable[..., Any]) -> None:
    document = engine().call("GET", "/openapi.json", headers={}).json()
    assert document["openapi"].startswith("3.1")
    assert "/felix/datasets/{name}/{version}/download" in document["paths"]
    assert httpx.codes.ACCEPTED in {int(code) for code in document["paths"]["/generate"]["post"]["responses"]}


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
@pytest.mark.parametrize("datasets", [True, False])
def test_every_path_is_there_and_no_other(engine: Callable[..., Any], vocabulary: Vocabulary, datasets: bool) -> None:
    served = engine(vocabulary=vocabulary, datasets=datasets)
    described = served.call("GET", "/openapi.json", headers={}).json()
    assert len(described["paths"]) == (12 if datasets else 4)
    for path, operations in described["paths"].items():
        concrete = path.format(name="n", version="1", job_id="j")
        for method in METHODS:
            answer = served.call(method.upper(), concrete)
            assert (answer.status_code == 405) == (method not in operations), (path, method)
            if method in operations:
                assert str(answer.status_code) in operations[method]["responses"], (path, method)


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_references_lead_somewhere(vocabulary: Vocabulary, tmp_path: Path) -> None:
    described = document(EngineConfig(state_dir=tmp_path, vocabulary=vocabulary))
    names = {reference.rpartition("/")[2] for reference in references(described)}
    assert names
    assert names == set(described["components"]["schemas"])


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_answers_are_as_the_document_has_them(engine: Callable[..., Any], vocabulary: Vocabulary) -> None:
    served = engine(vocabulary=vocabulary)
    described = served.call("GET", "/openapi.json", headers={}).json()
    checked = 0

    def check(method: str, path: str, described_as: str, **options: Any) -> Any:
        nonlocal checked
        answer = served.call(method, path, **options)
        jsonschema.validate(answer.json(), schema_of(described, described_as, method, answer.status_code))
        checked += 1
        return answer.json()

    accepted = check("POST", "/generate", "/generate", json=NER)
    check("POST", "/generate", "/generate", json=NER | {"labels": []})
    check("POST", "/generate", "/generate", json=NER, headers={})
    served.wait(accepted["job_id"])
    check("GET", f"/generate/jobs/{accepted['job_id']}", "/generate/jobs/{job_id}")
    check("GET", "/generate/jobs/none", "/generate/jobs/{job_id}")
    texts = {"labels": ["person", "geographical place", "starship"], "inputs": ["Ada Lovelace lived in London."]}
    check("POST", LABEL.format("ner"), LABEL.format("ner"), json=texts)
    check("POST", LABEL.format("ner"), LABEL.format("ner"), json=texts | {"labels": ["starship"]})
    check("POST", LABEL.format("classification"), LABEL.format("classification"), json=texts)
    name = NER["dataset_name"]
    for prefix in ("/datasets", "/felix/datasets"):
        check("GET", f"{prefix}/{name}", f"{prefix}/{{name}}")
        check("GET", f"{prefix}/{name}/1", f"{prefix}/{{name}}/{{version}}")
        check("GET", f"{prefix}/{name}/1/preview", f"{prefix}/{{name}}/{{version}}/preview")
    check("DELETE", f"/datasets/{name}/1", "/datasets/{name}/{version}")
    check("DELETE", f"/datasets/{name}/1", "/datasets/{name}/{version}")
    assert checked == 16


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_unfinished_and_failed_jobs_are_as_the_document_has_them(
    engine: Callable[..., Any], vocabulary: Vocabulary, tmp_path: Path
) -> None:
    described = document(EngineConfig(state_dir=tmp_path, vocabulary=vocabulary))
    schema = schema_of(described, "/generate/jobs/{job_id}", "GET", 200)
    waiting = engine(vocabulary=vocabulary, latency=60, state_dir=tmp_path / "waiting")
    jsonschema.validate(waiting.call("GET", f"/generate/jobs/{waiting.generate(**TOPICS)}").json(), schema)
    failing = engine(vocabulary=vocabulary, fail=1.0, state_dir=tmp_path / "failing")
    jsonschema.validate(failing.wait(failing.generate(**TOPICS)), schema)


def test_bodies_are_judged_as_the_document_has_them(tmp_path: Path) -> None:
    described = document(EngineConfig(state_dir=tmp_path))
    body = described["paths"]["/generate"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    whole = body | {"components": described["components"]}
    jsonschema.validate(NER, whole)
    for wrong in (NER | {"labels": None}, NER | {"num_examples": 0}, NER | {"labels": ["a", "a"]}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, whole)

"""Bodies of requests are bounded in values, and read beside what else the server does."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.engine import request_bodies
from pioneer_build.engine.request_bodies import MOST_VALUES
from pioneer_build.engine.requests import LabelRequest

if TYPE_CHECKING:
    from collections.abc import Callable

PATHS = ("/generate", "/generate/ner/label-existing", "/generate/classification/label-existing")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("start", [b'{"x":[', b'{"labels":["a"],"inputs":[', b"["])
def test_a_body_of_very_many_values_is_refused_before_it_is_parsed(
    engine: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, path: str, start: bytes
) -> None:
    def parsed(*_: object) -> Any:
        raise AssertionError("it takes hundreds of bytes for each of them")

    monkeypatch.setattr(request_bodies.GenerateRequest, "model_validate_json", parsed)
    monkeypatch.setattr(request_bodies.LabelRequest, "model_validate_json", parsed)
    answer = engine().call("POST", path, content=start + b"[]," * MOST_VALUES + b"[]]}")
    assert answer.status_code == 413
    assert answer.json() == {"detail": "Request body too large: at most 250,000 JSON values"}


@pytest.mark.parametrize("text", ["," * MOST_VALUES, '[{"' * MOST_VALUES], ids=["commas", "json"])
def test_a_text_may_have_any_characters(engine: Callable[..., Any], text: str) -> None:
    body = {"labels": ["date"], "inputs": ["a"], "label_descriptions": {"date": text}}
    answer = engine().call("POST", "/generate/ner/label-existing", json=body)
    assert answer.status_code == 422, "its own bound"
    assert "at most 20000 characters" in answer.text
    body = {"labels": ["date"], "inputs": ["a"], "domain_description": text}
    assert engine().call("POST", "/generate/ner/label-existing", json=body).status_code == 200


def test_a_body_is_read_on_a_thread(engine: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    threads = []
    real = LabelRequest.model_validate_json

    def parsed(body: bytes) -> LabelRequest:
        threads.append(threading.current_thread())
        with pytest.raises(RuntimeError, match="no running event loop"):
            asyncio.get_running_loop()
        return real(body)

    monkeypatch.setattr(request_bodies.LabelRequest, "model_validate_json", parsed)
    body = {"labels": ["date"], "inputs": ["on 2024-01-31"]}
    assert engine().call("POST", "/generate/ner/label-existing", json=body).status_code == 200
    assert threads

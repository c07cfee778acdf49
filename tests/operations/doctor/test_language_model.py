"""What `doctor` says about the servers of a language model; the key is never shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fakes.chat_server import Call, ChatServer, Reply, good_content, reply
from tests.operations.doctor.found import KEY, Found, examined, is_wrong


def _server(*names: str, forms: tuple[str, ...] = ("json_schema", "json_object", "text")) -> ChatServer:
    def script(call: Call) -> Reply:
        if call.headers.get("authorization") != f"Bearer {KEY}":
            return reply(401, message=f"no such key: {call.headers.get('authorization')}")
        if call.path == "/v1/models":
            return Reply(200, json.dumps({"object": "list", "data": [{"id": name} for name in names]}).encode())
        if call.body["model"] not in names:
            return reply(404, message="The model does not exist")
        if call.form not in forms:
            return reply(400, message=f"response_format {call.form} is not supported")
        text = json.dumps(good_content(call))
        tokens = [{"token": text, "logprob": -0.1}]
        return reply(content=text, logprobs={"content": tokens}) if "logprobs" in call.body else reply(content=text)

    return ChatServer(script)


def _found(project: Path, monkeypatch: pytest.MonkeyPatch, url: str, key: str | None = KEY) -> Found:
    if key is not None:
        monkeypatch.setenv("CHAT_API_KEY", key)
    settings = f"model: {{base_url: '{url}', name: good/model, api_key_env: CHAT_API_KEY}}"
    (project / "pioneer.yaml").write_text(f"version: 1\nbackend: model\n{settings}\n")
    return examined(project)


def test_a_server_that_can_everything(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with _server("good/model", "other") as server:
        found = _found(project, monkeypatch, server.url)
        assert [call.path for call in server.calls] == ["/v1/models", "/v1/chat/completions"]
    assert [one.level for one in found["model"]] == ["good", "good"]
    assert "good/model is one of 2 models there" in found["model"][0].text
    assert "`json_schema`, and token probabilities" in found["model"][1].text


@pytest.mark.parametrize(
    ("form", "said"), [("json_object", "`json_object`"), ("text", "JSON only because the prompt asks for it")]
)
def test_what_a_server_does_not_understand(
    project: Path, monkeypatch: pytest.MonkeyPatch, form: str, said: str
) -> None:
    with _server("good/model", forms=(form,)) as server:
        found = _found(project, monkeypatch, server.url)
    assert said in found["model"][1].text


def test_a_model_that_is_not_there(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with _server("llama", "qwen") as server:
        found = _found(project, monkeypatch, server.url)
    assert is_wrong(found, "model", "good/model is not among 2 models of the server: llama, qwen")
    assert is_wrong(found, "model", "The model does not exist")


def test_a_wrong_key_that_the_server_echoes(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with _server("good/model") as server:
        found = _found(project, monkeypatch, server.url, f"{KEY}_2")
    assert is_wrong(found, "model", "status 401")
    assert found["model"][-1].help == "check the key in CHAT_API_KEY"
    assert found["key"][0].text.startswith("the value of CHAT_API_KEY is sent to 127.0.0.1:")


def test_a_judge_that_wants_a_key_of_its_own(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model's key is not sent to a judge elsewhere."""
    monkeypatch.setenv("CHAT_API_KEY", KEY)
    with _server("good/model") as server, _server("good/model") as other:
        judge = f"judge: {{base_url: '{other.url}', name: good/model}}"
        settings = f"model: {{base_url: '{server.url}', name: good/model, api_key_env: CHAT_API_KEY, {judge}}}"
        (project / "pioneer.yaml").write_text(f"version: 1\nbackend: model\n{settings}\n")
        found = examined(project)
    assert found["key"][1].text == f"no key is sent to 127.0.0.1:{other.port}: `model.judge` sets no `api_key_env`"
    assert found["model"][-1].help == (
        "no key was sent: set `api_key_env` of `model.judge` in pioneer.yaml to the variable that has one"
    )


def test_a_key_that_can_not_be_sent_is_named_by_its_variable(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = _found(project, monkeypatch, "http://127.0.0.1:1/v1", "two\nlines")
    assert (found["key"][-1].help or "").startswith("set CHAT_API_KEY to the key")


def test_nobody_there_and_no_key(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_wrong(_found(project, monkeypatch, "http://127.0.0.1:1/v1", None), "key", "CHAT_API_KEY is not set")
    assert is_wrong(_found(project, monkeypatch, "http://127.0.0.1:1/v1"), "model", "can't be reached")


def test_an_answer_that_is_not_as_asked(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ChatServer(lambda call: reply(content="Yes!")) as server:
        found = _found(project, monkeypatch, server.url)
    assert found["model"][-1].level == "note"
    assert "not as asked" in found["model"][-1].text

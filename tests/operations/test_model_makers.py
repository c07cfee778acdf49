"""A language model behind the application: jobs, tokens and troubles as its callers see them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from pioneer_build.engine.app import EngineApp
from pioneer_build.engine.makers import JobWork
from pioneer_build.engine.requests import GenerateRequest, LabelRequest
from pioneer_build.errors import PioneerError
from pioneer_build.model.values import Limits
from pioneer_build.operations.model_makers import create_model_app, model_makers
from pioneer_build.spec.settings import JudgeSettings, ModelSettings
from pioneer_build.store import Store
from pioneer_build.store.model_answers import ModelAnswers
from tests.fakes.chat_server import ChatServer, good, reply

JOB = {"task_type": "classification", "dataset_name": "d", "labels": ["apple", "berry"], "num_examples": 6}
TEXTS = {"labels": ["refund", "billing"], "inputs": ["my refund", "billing?"]}
FINISHED = ("ready", "failed")


class Client:
    """A synchronous caller of one application."""

    def __init__(self, app: EngineApp) -> None:
        self.app = app
        self._runner = asyncio.Runner()

    def call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        async def send() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://x") as client:
                return await client.request(method, path, json=body, headers={"X-API-Key": "any"})

        return self._runner.run(send())

    def job(self, **more: Any) -> dict[str, Any]:
        """Posts a job; its last poll."""
        job_id = self.call("POST", "/generate", JOB | more).json()["job_id"]
        return self.poll(job_id)

    def poll(self, job_id: str) -> dict[str, Any]:
        for _ in range(500):
            answer = self.call("GET", f"/generate/jobs/{job_id}")
            if answer.status_code != 200 or answer.json()["status"] in FINISHED:
                return {"http": answer.status_code, "job_id": job_id, "headers": answer.headers} | answer.json()
            self._runner.run(asyncio.sleep(0.02))
        raise AssertionError("the job doesn't end")

    def close(self) -> None:
        self.app.close()
        self._runner.close()


Start = Callable[..., Client]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    opened: list[Client] = []

    def begin(server: ChatServer, **more: Any) -> Client:
        settings = replace(ModelSettings((server.url,), "m"), **more)
        store = Store(tmp_path / "store")
        opened.append(Client(create_model_app(settings, tmp_path / "state", 0, lambda _: None, store)))
        return opened[-1]

    yield begin
    for one in opened:
        one.close()


def test_a_job_has_rows_tokens_and_the_revision_of_the_prompts(start: Start) -> None:
    with ChatServer() as server:
        done = start(server).job()
        assert (done["status"], len(done["data"]), done["engine_revision"]) == ("ready", 6, "model-2")
        assert done["token_usage"] == {"input": 700, "output": 70, "calls": 7}
        assert "shortfall" not in done


def test_labels_and_their_tokens(start: Start) -> None:
    with ChatServer() as server:
        answer = start(server).call("POST", "/generate/classification/label-existing", TEXTS).json()
        assert answer["results"] == [
            {"text": "my refund", "label": "refund"},
            {"text": "billing?", "label": "billing"},
        ]
        assert answer["token_usage"] == {"input": 100, "output": 10, "calls": 1}


def test_descriptions_and_examples_reach_the_model(start: Start) -> None:
    more = {
        "label_descriptions": {"refund": "wants money back"},
        "classified_examples": [{"text": "give it back", "label": "refund"}],
    }
    shots = {"ner_examples": [{"text": "Ada sings", "entities": [["Ada", "refund"]]}]}
    with ChatServer() as server:
        client = start(server)
        client.call("POST", "/generate/classification/label-existing", TEXTS | more)
        client.call("POST", "/generate/ner/label-existing", TEXTS | shots)
        assert "wants money back" in server.calls[0].system
        assert "give it back" in server.calls[0].system
        assert "Ada sings" in server.calls[1].system


def test_a_shortfall_is_ready_with_fewer_rows_and_says_why(start: Start) -> None:
    with ChatServer(lambda call: good(call) if call.number < 3 or call.texts else reply(content="hm")) as server:
        done = start(server).job()
        assert (done["status"], len(done["data"])) == ("ready", 3)
        assert done["shortfall"].startswith("requested 6, produced 3, refused 12 (12 not the JSON")


def test_a_job_fails_only_without_any_row(start: Start) -> None:
    with ChatServer(lambda _: reply(content="I'm sorry, I can't")) as server:
        done = start(server).job()
        assert (done["status"], done["data"]) == ("failed", None)
        assert "24 refused by the model" in done["error"]


@pytest.mark.parametrize(("status", "seen"), [(401, 403), (402, 402), (404, 403), (308, 403)])
def test_a_model_that_refuses_leaves_the_job_open_and_the_next_start_goes_on(
    start: Start, status: int, seen: int
) -> None:
    with ChatServer(lambda call: good(call) if call.number < 3 else reply(status, message="not you")) as server:
        first = start(server)
        stuck = first.job()
        assert (stuck["http"], "not you" in stuck["detail"]) == (seen, True)
        assert first.call("POST", "/generate/classification/label-existing", TEXTS).status_code == seen
        first.app.close()
        calls = len(server.calls)
        server.script = good
        done = start(server).poll(stuck["job_id"])
        assert (done["status"], len(done["data"])) == ("ready", 6)
        assert len(server.calls) - calls == 3 + 1  # the rows that were not kept, and the second look
        assert done["token_usage"]["calls"] == 7


def test_an_outage_leaves_the_job_open_and_the_next_start_goes_on(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pioneer_build.operations.model_makers.Limits", partial(Limits, patience=0.3))
    with ChatServer(lambda call: good(call) if call.number < 3 else reply(500, message="out of memory")) as server:
        first = start(server)
        answer = first.call("POST", "/generate/classification/label-existing", TEXTS)
        assert answer.status_code == 200
        stuck = first.job()
        assert (stuck["http"], stuck["accepted"]) == (503, False)
        assert "status 500: out of memory" in stuck["detail"]
        assert int(stuck["headers"]["Retry-After"]) > 900
        first.app.close()
        server.script = good
        done = start(server).poll(stuck["job_id"])
        assert (done["status"], len(done["data"])) == ("ready", 6)


def test_labels_during_an_outage_are_not_accepted_and_nothing_is_quarantined(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pioneer_build.operations.model_makers.Limits", partial(Limits, patience=0.3))
    with ChatServer(lambda _: reply(502)) as server:
        answer = start(server).call("POST", "/generate/classification/label-existing", TEXTS)
        assert (answer.status_code, answer.json()["accepted"]) == (503, False)
        assert "Retry-After" in answer.headers


def test_a_job_goes_on_where_a_killed_process_left_it(start: Start, tmp_path: Path) -> None:
    with ChatServer(latency=0.05) as server:
        program = (
            "import sys, asyncio, httpx\n"
            "from pathlib import Path\n"
            "from pioneer_build.operations.model_makers import create_model_app\n"
            "from pioneer_build.spec.settings import ModelSettings\n"
            "from pioneer_build.store import Store\n"
            "folder, settings = Path(sys.argv[2]), ModelSettings((sys.argv[1],), 'm', max_in_flight=2)\n"
            "app = create_model_app(settings, folder / 'state', 0, print, Store(folder / 'store'))\n"
            "async def main():\n"
            "    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url='http://x') as client:\n"
            "        answer = await client.post('/generate', headers={'X-API-Key': 'k'}, json={\n"
            "            'task_type': 'decoder', 'dataset_name': 'd', 'num_examples': 40})\n"
            "        print(answer.json()['job_id'], flush=True)\n"
            "        await asyncio.sleep(60)\n"
            "asyncio.run(main())\n"
        )
        command = [sys.executable, "-c", program, server.url, str(tmp_path)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        job_id = process.stdout.readline().strip()
        while len(server.calls) < 11:
            pass
        process.kill()
        process.wait()
        process.stdout.close()
        paid = len(server.calls)
        server.latency = 0
        done = start(server).poll(job_id)
        assert (done["status"], len(done["data"])) == ("ready", 40)
        assert len(server.calls) - paid <= 40 - (paid - 2)  # at most the two that were in flight are paid again


def test_a_disk_that_is_full_ends_the_paying_at_once(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    with ChatServer() as server:
        client = start(server, max_in_flight=2)
        client.call("GET", "/generate/jobs/none")
        answers = client.app._runtime.answers
        assert answers is not None
        assert isinstance(answers, ModelAnswers)
        monkeypatch.setattr(answers._writer, "failed", "answers can't be kept: disk full")
        answer = client.call("POST", "/generate", JOB)
        assert (answer.status_code, answer.json()["detail"]) == (503, "answers can't be kept: disk full")
        assert int(answer.headers["Retry-After"]) > 900
        assert server.calls == []


def test_keys_go_to_the_server_that_they_are_for(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_KEY", "key-of-the-model")
    monkeypatch.setenv("JUDGE_KEY", "key-of-the-judge")
    with ChatServer() as server, ChatServer() as judge:
        for place, variable, key in (
            ((), None, "Bearer key-of-the-model"),
            ((judge.url,), None, None),
            ((judge.url,), "JUDGE_KEY", "Bearer key-of-the-judge"),
        ):
            settings = ModelSettings((server.url,), "m", "MODEL_KEY", judge=JudgeSettings("j", place, variable))
            server.calls.clear()
            judge.calls.clear()
            client = start(server, api_key_env="MODEL_KEY", judge=settings.judge)
            client.job(dataset_name=f"d{len(place)}{variable}")
            asked = [call for call in (*server.calls, *judge.calls) if call.body["model"] == "j"]
            assert {call.headers.get("authorization") for call in asked} == {key}
            assert {call.headers["authorization"] for call in server.calls} == {"Bearer key-of-the-model"}


def test_a_key_that_is_not_there_is_named_by_its_variable() -> None:
    settings = ModelSettings(("http://h",), "m", "MODEL_KEY")
    with pytest.raises(PioneerError, match="no API key for the model: MODEL_KEY is not set"):
        model_makers(settings, lambda _: None, {})
    with pytest.raises(PioneerError, match="invalid characters") as caught:
        model_makers(settings, lambda _: None, {"MODEL_KEY": "two words"})
    assert "two words" not in str(caught.value)


def test_a_model_is_not_asked_if_its_answers_would_be_lost() -> None:
    with ChatServer() as server:
        makers = model_makers(ModelSettings((server.url,), "m"), lambda _: None)
        try:
            with pytest.raises(ValueError, match="only asked if its answers are kept"):
                makers.make(GenerateRequest(**JOB), JobWork(0, [], lambda _: None))
            with pytest.raises(ValueError, match="only asked if its answers are kept"):
                makers.label("classification", LabelRequest(**TEXTS), None)
        finally:
            makers.close()
        assert not server.calls


def test_the_models_of_the_local_engine_are_not_needed() -> None:
    program = (
        "import sys\n"
        "for name in ('spacy', 'onnxruntime', 'faker', 'vaderSentiment', 'wonderwords'): sys.modules[name] = None\n"
        "import pioneer_build.operations.model_makers\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)

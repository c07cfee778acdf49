"""The application: what is there, and what its state is."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.engine.bodies import DECODER, TOPICS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_paths_and_methods_that_are_not_there(engine: Callable[..., Any]) -> None:
    served = engine()
    assert served.call("GET", "/nothing").json() == {"detail": "Not Found"}
    assert served.call("PUT", "/generate").status_code == 405
    assert served.call("GET", "/datasets/none/1").status_code == 404


def test_the_state_is_for_its_owner_alone(engine: Callable[..., Any], tmp_path: Path) -> None:
    served = engine()
    served.wait(served.generate(**DECODER))
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    for file in (tmp_path / "state").rglob("*"):
        if file.is_file():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_state_that_cannot_be_written(engine: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    answer = engine(state_dir=tmp_path / "file" / "state").call("POST", "/generate", json=TOPICS)
    assert answer.status_code == 503


def test_a_closed_application_answers_that_it_is(engine: Callable[..., Any]) -> None:
    served = engine()
    assert served.call("GET", "/generate/jobs/none").status_code == 404
    served.app.close()
    answer = served.call("GET", "/generate/jobs/none")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")


def test_nothing_is_opened_before_the_first_request(engine: Callable[..., Any], tmp_path: Path) -> None:
    served = engine()
    assert served.call("GET", "/openapi.json", headers={}).status_code == 200
    assert not (tmp_path / "state").exists()
    served.call("GET", "/generate/jobs/none")
    assert (tmp_path / "state" / "engine.sqlite3").exists()


def test_jobs_of_an_earlier_process_are_taken_up_at_the_first_request(engine: Callable[..., Any]) -> None:
    first = engine(latency=0.3)
    job_id = first.generate(**DECODER)
    first.close()
    second = engine()
    assert second.call("GET", "/datasets/none").status_code == 404
    assert second.wait(job_id)["status"] == "ready"


def test_a_fault_of_the_engine_is_an_answer(engine: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pioneer_build.engine.responses.accepted", lambda *_: 1 / 0)
    served = engine()
    transport = httpx.ASGITransport(app=served.app, raise_app_exceptions=False)

    async def send() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://engine") as client:
            return await client.post("/generate", json=DECODER, headers={"X-API-Key": "k"})

    answer = served.runner.run(send())
    assert answer.status_code == 500
    assert answer.json() == {"error": "internal_error", "message": "ZeroDivisionError: division by zero"}

"""What the routes share: opened when it is needed, and closed for good."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from starlette.responses import JSONResponse

from pioneer_build.engine.config import EngineConfig
from pioneer_build.engine.error_responses import ErrorAnswer
from pioneer_build.engine.local_makers import LocalMakers
from pioneer_build.engine.requests import GenerateRequest
from pioneer_build.engine.runtime import Runtime
from pioneer_build.engine.simulated_faults import CutOffAnswer
from pioneer_build.engine.stored_jobs import EngineState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Callable[..., Runtime]]:
    started: list[Runtime] = []

    def make(**settings: Any) -> Runtime:
        started.append(Runtime(EngineConfig(state_dir=tmp_path / "state", **settings), LocalMakers()))
        return started[-1]

    yield make
    for one in started:
        one.close()


def status(caught: pytest.ExceptionInfo[ErrorAnswer]) -> int:
    return caught.value.response.status_code


def test_the_state_is_there_from_start_to_close(runtime: Callable[..., Runtime], tmp_path: Path) -> None:
    one = runtime()
    with pytest.raises(ErrorAnswer) as caught:
        _ = one.state
    assert status(caught) == 503
    assert not (tmp_path / "state").exists()
    one.start()
    opened = one.state
    one.start()
    assert one.state is opened
    one.close()
    one.start()
    with pytest.raises(ErrorAnswer):
        _ = one.state


def test_unfinished_jobs_are_taken_up_when_it_starts(runtime: Callable[..., Runtime], tmp_path: Path) -> None:
    state = EngineState(tmp_path / "state")
    wanted = GenerateRequest(task_type="decoder", dataset_name="d", num_examples=2)
    job = state.accept(identity="i", task_type="decoder", dataset_name="d", request=wanted.model_dump_json(), delay=0)
    state.close()
    one = runtime()
    one.start()
    deadline = time.monotonic() + 20
    while not one.state.job(job.job_id).finished and time.monotonic() < deadline:
        time.sleep(0.02)
    assert one.state.job(job.job_id).status == "ready"


def test_label_requests_that_wait_are_bounded(runtime: Callable[..., Runtime]) -> None:
    one = runtime(workers=1)
    gate = threading.Event()

    async def crowd() -> None:
        waiting = []
        for _ in range(32):
            one.refuse_if_busy()
            waiting.append(asyncio.create_task(one.labelled(gate.wait)))
            await asyncio.sleep(0)
        with pytest.raises(ErrorAnswer) as caught:
            one.refuse_if_busy()
        assert status(caught) == 503
        assert caught.value.response.headers["Retry-After"] == "2"
        gate.set()
        assert await asyncio.gather(*waiting) == [True] * 32
        one.refuse_if_busy()

    asyncio.run(crowd())


def test_a_label_request_that_fails_waits_no_more(runtime: Callable[..., Runtime]) -> None:
    one = runtime(workers=1)

    def fail() -> None:
        raise ValueError("odd")

    async def many() -> None:
        for _ in range(40):
            with pytest.raises(ValueError, match="odd"):
                await one.labelled(fail)

    asyncio.run(many())
    one.refuse_if_busy()


def test_stored_calls_run_on_another_thread(runtime: Callable[..., Runtime]) -> None:
    one = runtime()

    def where(prefix: str, *, suffix: str) -> str:
        return prefix + threading.current_thread().name.rpartition("_")[0] + suffix

    assert asyncio.run(one.stored(where, "<", suffix=">")) == "<engine-storage>"


def test_credits_are_for_the_whole_life_of_a_process(runtime: Callable[..., Runtime]) -> None:
    one = runtime(credits=10)
    one.charge(10)
    with pytest.raises(ErrorAnswer) as caught:
        one.charge(1)
    assert status(caught) == 402


def test_answers_get_lost_when_they_are_to(runtime: Callable[..., Runtime]) -> None:
    answer = JSONResponse({})
    assert runtime().answer(answer) is answer
    assert isinstance(runtime(drop=1.0).answer(answer), CutOffAnswer)
    half = runtime(drop=0.5)
    lost = [isinstance(half.answer(answer), CutOffAnswer) for _ in range(200)]
    assert 60 < sum(lost) < 140
    again = runtime(drop=0.5)
    assert [isinstance(again.answer(answer), CutOffAnswer) for _ in range(200)] == lost

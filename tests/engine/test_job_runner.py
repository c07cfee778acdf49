"""A job's run: what it is given, how it ends, and what becomes of it when it doesn't."""

from __future__ import annotations

import logging
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.engine.generating.rejects import Shortfall
from pioneer_build.engine.job_runner import JobRunner
from pioneer_build.engine.makers import JobWork, LabelledTexts, Made
from pioneer_build.engine.requests import GenerateRequest, LabelRequest
from pioneer_build.engine.revision import REVISION
from pioneer_build.engine.stored_jobs import EngineJob, EngineState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pioneer_build.answers.keeping import AnswerKeeper

ROWS = [{"text": "a", "entities": []}, {"text": "b", "entities": []}]


@pytest.fixture
def state(tmp_path: Path) -> Iterator[EngineState]:
    opened = EngineState(tmp_path / "state")
    yield opened
    opened.close()


def accepted(state: EngineState, request: str | None = None) -> EngineJob:
    whole = GenerateRequest(task_type="ner", dataset_name="d", labels=["x"], num_examples=2)
    return state.accept(
        identity="i",
        task_type="ner",
        dataset_name="d",
        request=whole.model_dump_json() if request is None else request,
        delay=0,
    )


class Producer:
    """Makes `ROWS`, or does what it is told to; remembers what it was given."""

    def __init__(self, does: Callable[[Callable[[int], None]], Any] = lambda _: None) -> None:
        self.does = does
        self.calls: list[tuple[GenerateRequest, int, list[dict[str, Any]]]] = []

    revision = REVISION
    keeps_answers = False

    def make(self, request: GenerateRequest, work: JobWork) -> Made:
        self.calls.append((request, work.seed, list(work.earlier)))
        self.does(work.on_progress)
        return Made(ROWS)

    def label(self, task_type: str, request: LabelRequest, answers: AnswerKeeper | None) -> LabelledTexts:
        raise NotImplementedError

    def trouble(self) -> None: ...

    def stop(self) -> None: ...

    def close(self) -> None: ...


def raising(error: Exception) -> Callable[[Any], Any]:
    def throw(_: Any) -> None:
        raise error

    return throw


def test_a_job_gets_its_rows(state: EngineState) -> None:
    produce = Producer()
    runner = JobRunner(state, produce, seed=7, fail=0)
    assert not runner.run_next()
    first, second = accepted(state), accepted(state)
    assert runner.run_next()
    assert runner.run_next()
    assert not runner.run_next()
    for job in (first, second):
        done = state.job(job.job_id)
        assert (done.status, done.revision, state.own_rows(done)) == ("ready", REVISION, ROWS)
    assert [(request.labels, seed, earlier) for request, seed, earlier in produce.calls] == [
        (["x"], 7, []),
        (["x"], 7, ROWS),
    ]


def test_a_shortfall_is_the_reason_why_a_job_failed(state: EngineState) -> None:
    job = accepted(state)
    JobRunner(state, Producer(raising(Shortfall("too few"))), seed=0, fail=0).run_next()
    assert (state.job(job.job_id).status, state.job(job.job_id).error) == ("failed", "too few")


@pytest.mark.parametrize("request_text", [None, "{}", "no JSON"])
def test_a_fault_ends_its_job_and_no_more(
    state: EngineState, request_text: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    job = accepted(state, request_text)
    with caplog.at_level(logging.ERROR):
        assert JobRunner(state, Producer(raising(ValueError("odd"))), seed=0, fail=0).run_next()
    failed = state.job(job.job_id)
    assert failed.status == "failed"
    assert failed.error is not None
    assert failed.error.startswith("Internal error: ")
    assert request_text is not None or failed.error == "Internal error: ValueError: odd"
    assert job.job_id in caplog.text


def test_a_simulated_failure_makes_no_rows(state: EngineState) -> None:
    job, produce = accepted(state), Producer()
    JobRunner(state, produce, seed=0, fail=1.0).run_next()
    assert state.job(job.job_id).error == "Generation failed: simulated failure (--fail)"
    assert produce.calls == []


def test_progress_is_noted_while_it_runs(state: EngineState) -> None:
    job = accepted(state)
    seen = []

    def work(on_progress: Callable[[int], None]) -> None:
        on_progress(1)
        seen.append((state.job(job.job_id).status, state.job(job.job_id).produced))

    JobRunner(state, Producer(work), seed=0, fail=0).run_next()
    assert seen == [("running", 1)]


def test_a_job_that_is_stopped_goes_back_into_the_queue(state: EngineState) -> None:
    job = accepted(state)

    def work(on_progress: Callable[[int], None]) -> None:
        on_progress(1)
        runner.stop()
        on_progress(2)
        raise AssertionError("progress after a stop goes on")

    runner = JobRunner(state, Producer(work), seed=0, fail=0)
    assert runner.run_next()
    assert (state.job(job.job_id).status, state.job(job.job_id).produced) == ("queued", 0)


def test_a_state_that_cannot_be_written_leaves_the_job_to_be_tried_again(state: EngineState) -> None:
    job = accepted(state)
    full = raising(sqlite3.OperationalError("database or disk is full"))
    with pytest.raises(sqlite3.OperationalError):
        JobRunner(state, Producer(full), seed=0, fail=0).run_next()
    assert state.job(job.job_id).status == "queued"
    assert JobRunner(state, Producer(), seed=0, fail=0).run_next()
    assert state.job(job.job_id).status == "ready"

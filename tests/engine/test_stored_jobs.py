"""What the engine remembers: jobs, versions and rows, in one process and across several."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.engine.stored_jobs import EngineJob, EngineState, InUse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CLAIM_AND_DIE = """
import os, signal, sys
from pathlib import Path
from pioneer_build.engine.stored_jobs import EngineState
assert EngineState(Path(sys.argv[1])).claim() is not None
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def state(tmp_path: Path) -> Iterator[EngineState]:
    opened = EngineState(tmp_path / "state")
    yield opened
    opened.close()


def accepted(state: EngineState, name: str = "d", *, delay: float = 0, size: int = 3) -> EngineJob:
    """A new job of the dataset `name` for `size` examples."""
    request = f'{{"num_examples": {size}}}'
    return state.accept(identity="i", task_type="ner", dataset_name=name, request=request, delay=delay)


def rows(word: str, count: int = 3) -> list[dict[str, Any]]:
    return [{"text": f"{word} {n} é", "entities": []} for n in range(count)]


def finished(state: EngineState, word: str, name: str = "d", error: str | None = None) -> EngineJob:
    """A job that was run, to its end."""
    job = accepted(state, name)
    claimed = state.claim()
    assert claimed is not None
    assert claimed.job_id == job.job_id
    state.finish(claimed, rows(word), error=error, revision="r1")
    return state.job(job.job_id)


def test_a_job_from_its_acceptance_to_its_end(state: EngineState) -> None:
    job = accepted(state, size=7)
    assert (job.status, job.version, job.produced, job.asked, job.finished) == ("queued", 1, 0, 7, False)
    assert state.unfinished() == 1
    claimed = state.claim()
    assert claimed is not None
    assert (claimed.job_id, claimed.status) == (job.job_id, "running")
    assert state.claim() is None, "it is this process's already"
    state.progress(claimed, 2)
    assert state.job(job.job_id).produced == 2
    state.finish(claimed, rows("a"), error=None, revision="r1")
    done = state.job(job.job_id)
    assert (done.status, done.produced, done.error, done.revision, done.finished) == ("ready", 3, None, "r1", True)
    assert state.own_rows(done) == rows("a")
    assert state.unfinished() == 0
    with pytest.raises(KeyError):
        state.job("job_none")


def test_a_failed_job_says_how_many_rows_there_were_and_keeps_none(state: EngineState) -> None:
    job = finished(state, "a", error="too few")
    assert (job.status, job.error, job.produced) == ("failed", "too few", 3)
    assert state.own_rows(job) == state.rows_through(job) == []
    assert state.size_through(job) == 0


def test_a_released_job_is_run_again_from_its_start(state: EngineState) -> None:
    accepted(state)
    job = state.claim()
    assert job is not None
    state.progress(job, 2)
    state.release(job)
    again = state.job(job.job_id)
    assert (again.status, again.produced) == ("queued", 0)
    assert state.claim() is not None


def test_jobs_of_one_dataset_run_in_order_and_others_beside_them(state: EngineState) -> None:
    first, second, other = accepted(state), accepted(state), accepted(state, "e")
    claims = [state.claim() for _ in range(3)]
    assert [job and job.job_id for job in claims] == [first.job_id, other.job_id, None]
    assert claims[0] is not None
    state.finish(claims[0], rows("a"), error=None, revision="r1")
    after = state.claim()
    assert after is not None
    assert after.job_id == second.job_id


def test_a_job_that_is_delayed_is_not_due(state: EngineState) -> None:
    accepted(state, delay=60)
    assert state.claim() is None
    assert state.unfinished() == 1


def test_ids_follow_from_requests_and_numbers_are_not_used_again(state: EngineState, tmp_path: Path) -> None:
    jobs = [finished(state, "a"), finished(state, "b")]
    state.remove(jobs)
    jobs.append(finished(state, "c"))
    assert [job.version for job in jobs] == [1, 2, 3]
    other = EngineState(tmp_path / "other")
    assert [accepted(other).job_id for _ in range(3)] == [job.job_id for job in jobs]
    changed = other.accept(identity="j", task_type="ner", dataset_name="d", request="{}", delay=0)
    assert changed.job_id != accepted(state).job_id
    other.close()


def test_a_version_holds_what_the_dataset_held(state: EngineState) -> None:
    first, failed, third = finished(state, "a"), finished(state, "x", error="e"), finished(state, "c")
    finished(state, "other", name="e")
    assert state.rows_through(first) == rows("a")
    assert state.rows_through(third) == rows("a") + rows("c")
    assert state.rows_through(third, limit=4) == rows("a") + rows("c", 1)
    assert [state.size_through(job) for job in (first, failed, third)] == [3, 3, 6]
    assert [job.version for job in state.versions("d")] == [1, 2, 3]
    state.remove([first])
    assert state.rows_through(third) == rows("c")
    assert state.size_through(third) == 3
    assert [job.version for job in state.versions("d")] == [2, 3]
    assert state.own_rows(first) == []
    assert state.job(first.job_id).status == "ready", "the job itself can still be asked for"


def test_what_a_job_builds_on_is_not_removed_under_it(state: EngineState) -> None:
    first = finished(state, "a")
    later = accepted(state)
    for versions in ([first], [later], [first, later]):
        with pytest.raises(InUse):
            state.remove(versions)
    assert state.own_rows(first) == rows("a")
    state.remove([])
    claimed = state.claim()
    assert claimed is not None
    state.finish(claimed, rows("b"), error=None, revision="r1")
    state.remove([first, later])
    assert state.versions("d") == []


def test_it_is_all_there_when_it_is_opened_again(tmp_path: Path) -> None:
    state = EngineState(tmp_path / "state")
    job = finished(state, "a")
    waiting = accepted(state)
    claimed = state.claim()
    assert claimed is not None
    state.close()
    again = EngineState(tmp_path / "state")
    assert again.own_rows(again.job(job.job_id)) == rows("a")
    taken = again.claim()
    assert taken is not None
    assert taken.job_id == waiting.job_id, "the claim of a process that closed is free"
    again.close()


def test_what_a_dead_process_had_claimed_is_taken_over_and_a_living_ones_is_not(tmp_path: Path) -> None:
    state = EngineState(tmp_path)
    other = EngineState(tmp_path)
    job = state.accept(identity="i", task_type="ner", dataset_name="d", request="{}", delay=0)
    later = state.accept(identity="i", task_type="ner", dataset_name="d", request="{}", delay=0)
    assert later.job_id != job.job_id
    path = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", CLAIM_AND_DIE, str(tmp_path)], env=path)
    assert done.returncode == -signal.SIGKILL
    assert state.job(job.job_id).status == "running"
    claimed = state.claim()
    assert claimed is not None
    assert claimed.job_id == job.job_id
    # a living process has the first, and the second waits for it
    assert other.claim() is None
    state.finish(claimed, [{"text": "a", "entities": []}], error=None, revision="r")
    second = other.claim()
    assert second is not None
    assert second.job_id == later.job_id
    # what was taken over can't be finished by the one that lost it
    state.finish(second, [{"text": "b", "entities": []}], error=None, revision="r")
    assert state.job(later.job_id).status == "running"
    for one in (state, other):
        one.close()


def test_a_job_is_run_although_the_clock_was_set_back(state: EngineState, monkeypatch: pytest.MonkeyPatch) -> None:
    real = time.time()
    monkeypatch.setattr(time, "time", lambda: real)
    job = accepted(state, delay=60)
    assert state.claim() is None
    monkeypatch.setattr(time, "time", lambda: real - 3600)
    claimed = state.claim()
    assert claimed is not None
    assert claimed.job_id == job.job_id

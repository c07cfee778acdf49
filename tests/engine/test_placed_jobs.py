"""Jobs that come after certain jobs of their dataset: those of two branches, made again as each branch made them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.engine.placed_jobs import NoSuchPlace, PlacedJob, accept_at, earlier_jobs
from pioneer_build.engine.requests import PlaceBody
from pioneer_build.engine.stored_jobs import EngineJob, EngineState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def state(tmp_path: Path) -> Iterator[EngineState]:
    opened = EngineState(tmp_path / "state")
    yield opened
    opened.close()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[EngineState]:
    opened = EngineState(tmp_path / "other")
    yield opened
    opened.close()


def made(state: EngineState, identity: str, *after: str, again: EngineJob | None = None, **place: Any) -> EngineJob:
    """A job after these, to its end; `again`: the job that is made once more."""
    choices = place.pop("choices", [list(after)])
    if again is not None:
        place = {"job_id": again.job_id, "version": again.version, **place}
    job = accept_at(
        state, PlacedJob(identity, "ner", "d", '{"num_examples": 1}'), PlaceBody(after=choices, **place), 0
    )  # fmt: skip
    if (claimed := state.claim()) is not None:
        state.finish(claimed, [{"text": identity}], error=None, revision="r")
    return state.job(job.job_id)


def ids(jobs: list[EngineJob]) -> set[str]:
    return {job.job_id for job in jobs}


def test_a_job_comes_after_those_that_are_named_and_not_after_all(state: EngineState) -> None:
    first = made(state, "i")
    made(state, "branch one", first.job_id)
    two = made(state, "branch two", first.job_id)
    assert ids(earlier_jobs(state, two)) == {first.job_id}
    assert two.version == 3
    after_all = state.accept(identity="i", task_type="ner", dataset_name="d", request="{}", delay=0)
    assert len(earlier_jobs(state, after_all)) == 3, "without a place"


def test_one_request_after_other_jobs_is_another_job(state: EngineState, other: EngineState) -> None:
    """Otherwise the third jobs of two branches would be one in the merged lock, with the rows of one of them."""
    third = []
    for one, word in ((state, "eight"), (other, "ten")):
        first = made(one, "i")
        second = made(one, word, first.job_id)
        third.append(made(one, "i", first.job_id, second.job_id))
    assert third[0].version == third[1].version
    assert third[0].job_id != third[1].job_id


def test_the_first_job_has_the_id_that_it_has_without_a_place(state: EngineState, other: EngineState) -> None:
    plain = other.accept(identity="i", task_type="ner", dataset_name="d", request="{}", delay=0)
    assert made(state, "i").job_id == plain.job_id


def test_the_jobs_of_two_branches_are_made_again_with_their_ids(state: EngineState, other: EngineState) -> None:
    first = made(state, "i")
    one = made(state, "one", first.job_id)
    third = made(state, "third", first.job_id, one.job_id)
    made(other, "i")
    two = made(other, "two", first.job_id)
    every = [first.job_id, one.job_id, two.job_id]
    again = made(state, "two", again=two, choices=[every[:2], every[:1]])
    assert (again.job_id, again.version) == (two.job_id, 4)
    assert ids(earlier_jobs(state, again)) == {first.job_id}
    made(other, "one", again=one, choices=[[first.job_id, two.job_id], [first.job_id]])
    back = made(other, "third", again=third, choices=[every, [first.job_id, two.job_id], every[:2]])
    assert ids(earlier_jobs(other, back)) == set(every[:2])
    assert made(state, "two", again=two, choices=[[]]).version == 4, "it is here"


def test_what_it_came_after_has_to_be_told_and_to_be_here(state: EngineState, other: EngineState) -> None:
    first = made(state, "i")
    one = made(state, "one", first.job_id)
    for choices in ([[]], [[first.job_id]], [[first.job_id], []]):
        with pytest.raises(NoSuchPlace):
            made(other, "one", again=one, choices=choices)
    made(other, "i")
    with pytest.raises(NoSuchPlace):
        made(other, "another request", again=one, choices=[[first.job_id]])
    guessed = made(other, "another request", again=one, choices=[[], [first.job_id]], guess=True)
    assert guessed.job_id == one.job_id
    assert ids(earlier_jobs(other, guessed)) == {first.job_id}, "it was the second version"


def test_a_removed_job_is_made_again(state: EngineState) -> None:
    first = made(state, "i")
    second = made(state, "j", first.job_id)
    state.remove([first])
    back = made(state, "i", again=first, choices=[[]])
    assert state.own_rows(back) == [{"text": "i"}]
    assert ids(earlier_jobs(state, second)) == {first.job_id}
    assert ids(state.versions("d")) == {first.job_id, second.job_id}

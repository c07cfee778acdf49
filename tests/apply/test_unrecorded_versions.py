"""Whose the versions are that a service lists."""

from __future__ import annotations

from typing import Any

import pytest

from pioneer_build.apply.unrecorded_versions import number_of
from pioneer_build.lock.model import Job
from pioneer_build.ports import RemoteVersion
from tests.apply.bench import Bench


def job(**fields: Any) -> Job:
    return Job("fp1:a", "a", 4, "ready", **fields)


@pytest.mark.parametrize(
    ("listed", "recorded", "ours"),
    [
        (RemoteVersion("1", "j-1"), job(job_id="j-1", version="1"), True),
        (RemoteVersion("1", "j-2"), job(job_id="j-1", version="1"), False),  # the name was made again
        (RemoteVersion("2", "j-1"), job(job_id="j-1", version="1"), True),
        (RemoteVersion("1", "j-1"), job(job_id="j-1"), True),
        (RemoteVersion("1"), job(job_id="j-1", version="1"), True),
        (RemoteVersion("1", "j-1"), job(version="1"), True),
        (RemoteVersion("1"), job(job_id="j-1", version="1", inferred=True), False),
        (RemoteVersion("2"), job(job_id="j-1", version="1"), False),
        (RemoteVersion("1"), job(job_id="j-1"), False),
    ],
)
def test_ids_decide_and_numbers_only_without_them(listed: RemoteVersion, recorded: Job, ours: bool) -> None:
    assert listed.is_of(recorded) is ours


def test_numbers_count_up() -> None:
    assert [number_of(RemoteVersion(text)) for text in ("10", "v1", "")] == [10, 0, 0]


def test_nothing_is_bought_on_top_of_a_version_of_another_job(bench: Bench) -> None:
    assert bench.apply() == "done"
    bench.foreign()
    bench.edit(num_examples=6)
    assert bench.apply() == "refused"
    assert "its version 2 is in neither pioneer.lock nor the journal" in bench.message
    assert bench.service.submits == 1

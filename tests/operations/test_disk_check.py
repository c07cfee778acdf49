"""Before anything is paid for: what room is taken, where, and what is said if there is none."""

from __future__ import annotations

import errno
import gzip
import json
import os
from typing import TYPE_CHECKING

import pytest

from pioneer_build.errors import JournalError, LockError, StoreError
from pioneer_build.operations.apply import apply
from pioneer_build.operations.disk_check import (
    ANNOTATION_BYTES,
    EXPANSION,
    FLOOR,
    LEAST_ROOM,
    ROW_BYTES,
    check_disks,
    room_for,
)
from pioneer_build.operations.project_state import read_project_state
from pioneer_build.operations.running import RunOptions
from pioneer_build.paths import data_folder, state_folder
from pioneer_build.plan import Choices
from pioneer_build.project.open import open_project
from tests.crashes.machine import Server, write_spec
from tests.full_disk import failing_disk
from tests.operations.running import Found, found

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pioneer_build.errors import PioneerError
    from pioneer_build.operations.project_state import ProjectState

FOREVER = 1 << 30


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Found]:
    with Server("--datasets", "/datasets") as server:
        yield found(tmp_path, server, monkeypatch, "a")


def room(project: Found, *only: str) -> tuple[int, int, int]:
    """What a plan needs beside the least."""
    state = project.look()
    needed = room_for(state, state.plan.only(only) if only else state.plan)
    return needed.store - FLOOR["store"], needed.journal - FLOOR["journal"], needed.lock - FLOOR["lock"]


def test_rows_need_room_by_their_number_and_task(project: Found) -> None:
    assert room(project)[0] == 3 * ROW_BYTES["ner"]
    write_spec(project.root, "a", size=100_000)
    assert room(project)[0] == 100_000 * ROW_BYTES["ner"]
    (project.root / "specs" / "b.yaml").write_text(
        "version: 1\ndataset_name: b\ntask_type: decoder\nprompt: Answer.\nnum_examples: 50\n"
    )
    assert room(project, "b")[0] == 50 * ROW_BYTES["decoder"]
    assert room(project)[0] == room(project, "a")[0] + room(project, "b")[0]
    assert room(project)[1] == room(project, "a")[1] + room(project, "b")[1] > 2 * 4096


def test_texts_need_room_for_themselves_and_their_annotations(project: Found) -> None:
    lines = "".join(json.dumps({"text": f"text {number}"}) + "\n" for number in range(1000))
    (project.root / "specs" / "texts.jsonl").write_text(lines)
    write_spec(project.root, "l", more="inputs: {path: texts.jsonl}\n")
    annotations = 2 * 1000 * ANNOTATION_BYTES
    assert room(project, "l")[0] == len(lines) + annotations
    packed = gzip.compress(lines.encode())
    (project.root / "specs" / "texts.jsonl.gz").write_bytes(packed)
    write_spec(project.root, "l", more="inputs: {path: texts.jsonl.gz}\n")
    assert room(project, "l")[0] == EXPANSION * len(packed) + annotations
    write_spec(project.root, "l", more="inputs: [one, two]\n")
    assert room(project, "l")[0] == 6 + 4 * ANNOTATION_BYTES


def test_a_lock_is_written_beside_the_old_one(project: Found) -> None:
    assert apply(project.look(), project.look().plan, project.events.append).good
    size = (project.root / "pioneer.lock").stat().st_size
    assert room(project) == (0, 0, size)


def test_the_local_engine_keeps_its_rows_beside_the_journal(project: Found, monkeypatch: pytest.MonkeyPatch) -> None:
    there = room(project)
    monkeypatch.setenv("PIONEER_BACKEND", "local")
    assert room(project) == (there[0], there[1] + 2 * there[0], there[2])


@pytest.mark.parametrize(
    ("place", "kind", "said"),
    [
        ("state", JournalError, "can't write the journal "),
        ("store", StoreError, "can't create the folder "),
        ("project", LockError, "can't write "),
    ],
)
def test_what_is_missing_is_said_with_the_room_that_is_needed(
    project: Found, place: str, kind: type[Exception], said: str
) -> None:
    state, before = project.look(), len(project.server.state()["seen"])
    where = {"state": state_folder(), "store": data_folder(), "project": project.root}[place]
    with failing_disk(where, errno.EDQUOT, 0, FOREVER), pytest.raises(kind) as caught:
        apply(state, state.plan, project.events.append)
    assert said in str(caught.value)
    assert str(where) in str(caught.value)
    assert "; nothing was sent: this plan needs " in str(caught.value)
    assert "your quota is used up: free some space" in caught.value.hint  # type: ignore[attr-defined]
    assert len(project.server.state()["seen"]) == before
    assert apply(project.look(), state.plan, project.events.append).good


def refusal(state: ProjectState) -> PioneerError | None:
    try:
        check_disks(state, state.plan)
    except (JournalError, StoreError, LockError) as error:
        return error
    return None


@pytest.mark.parametrize("number", [errno.EIO, errno.EROFS, errno.ENOSPC])
def test_wherever_a_disk_fails_nothing_is_sent_and_nothing_stays_open(project: Found, number: int) -> None:
    """Each write of the check fails once, on whatever disk."""
    state, start = project.look(), 0
    descriptors = len(os.listdir("/proc/self/fd"))
    while True:
        with failing_disk(project.root.parent, number, start, 1) as seen:
            refused = refusal(state)
        assert refused is None or ("nothing was sent" in refused.message and refused.hint)
        assert len(os.listdir("/proc/self/fd")) == descriptors
        if not seen[1]:
            break
        start += 1
    assert start > 3
    assert sorted(path.name for path in project.root.iterdir()) == ["specs"]


def test_nothing_is_written_where_nothing_can_be_paid_for(project: Found) -> None:
    assert apply(project.look(), project.look().plan, project.events.append).good
    state = project.look()
    assert room_for(state, state.plan).store == LEAST_ROOM.store
    with failing_disk(project.root.parent, errno.EROFS, 0, FOREVER) as seen:
        check_disks(state, state.plan)
        check_disks(state, state.plan.only(()))
    assert seen == [0, 0]


def test_an_open_job_that_may_be_topped_up_can_be_paid_for(project: Found) -> None:
    write_spec(project.root, "a", more="top_up: {max_attempts: 2}\n")
    state = project.look()
    assert apply(state, state.plan, project.events.append, RunOptions(wait=False)).good
    state = project.look()
    assert [step.action for step in state.plan.steps] == ["resume"]
    assert state.plan.requests == 0
    with failing_disk(project.root, errno.EROFS, 0, FOREVER), pytest.raises(LockError):
        check_disks(state, state.plan)
    write_spec(project.root, "a")
    state = project.look()
    with failing_disk(project.root, errno.EROFS, 0, FOREVER):
        check_disks(state, state.plan)


def test_a_choice_that_pays_is_checked(project: Found) -> None:
    assert apply(project.look(), project.look().plan, project.events.append).good
    write_spec(project.root, "a", size=5)
    state = read_project_state(open_project(project.root), Choices(retry=frozenset("a")))
    with failing_disk(project.root, errno.EROFS, 0, FOREVER), pytest.raises(LockError, match="nothing was sent"):
        check_disks(state, state.plan)

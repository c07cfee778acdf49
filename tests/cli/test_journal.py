"""`journal repair`: says what is lost, asks, and makes the journal usable again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.journal.log import Journal
from pioneer_build.paths import state_folder
from tests.journal.logs import HOSTED, fill, intent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def log(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Journal:
    (folder / "pioneer.yaml").write_text("version: 1\n")
    monkeypatch.setenv("PIONEER_BASE_URL", HOSTED)
    log = Journal(state_folder() / "journal")
    fill(log)
    return log


def damage(log: Journal) -> bytes:
    lines = log.path.read_bytes().splitlines(keepends=True)
    data = b"".join((*lines[:3], b"?" + lines[3][1:], *lines[4:]))
    log.path.write_bytes(data)
    return data


def test_nothing_to_repair(cli: Callable[..., Any], log: Journal) -> None:
    ran = cli("journal", "repair")
    assert (ran.code, ran.out) == (0, f"{log.path} is not damaged; nothing was written.\n")
    value = json.loads(cli("journal", "repair", "--format", "json").out)
    assert (value["damage"], value["repaired"]) == (None, False)


def test_what_is_lost_is_said_before_anything_is_written(cli: Callable[..., Any], log: Journal) -> None:
    before = damage(log)
    ran = cli("journal", "repair")
    assert ran.code == 1
    assert ran.out == (
        f"{log.path}:4: the journal is damaged: this line doesn't match its checksum.\n"
        "2 submissions are known, and at least one line is lost.\n"
        "If that was the only record of a job, the next apply buys its rows again.\n"
        "Jobs of which only the id is known, and which this pioneer.lock doesn't have:\n"
        "  j-b\n"
        "After the repair, and before the next apply: if the service has a job that `pioneer-build status` doesn't\n"
        "show, record it with `pioneer-build adopt NAME JOB_ID`, in the project that it belongs to.\n"
    )
    assert ran.err.endswith("help: pioneer-build journal repair --yes\n")
    assert log.path.read_bytes() == before
    ran = cli("journal", "repair", "--yes")
    assert ran.code == 0
    kept = log.path.with_name("journal.jsonl.damaged-1")
    assert ran.out.endswith(f"{log.path} is repaired: 2 submissions. The damaged file is kept: {kept}.\n")
    assert kept.read_bytes() == before
    assert [item.job_id for item in Journal(log.path.parent).submissions(HOSTED)] == ["j-a", "j-c"]
    assert cli("journal", "repair").out.endswith("is not damaged; nothing was written.\n")


def test_what_a_job_id_says_is_shown_and_not_obeyed(cli: Callable[..., Any], log: Journal) -> None:
    log.record(log.begin(intent("z"), frozenset()).token, state="open", job_id="j-\x1b[2J\n::error::x")
    lines = log.path.read_bytes().splitlines(keepends=True)
    log.path.write_bytes(b"".join((*lines[:-2], b"\n", lines[-1])))
    out = cli("journal", "repair").out
    assert "\x1b" not in out
    assert "\n::error" not in out
    assert "  j-" in out


def test_it_asks_nobody_where_nothing_is_lost(cli: Callable[..., Any], log: Journal) -> None:
    log.path.write_bytes(log.path.read_bytes()[:-1] + b"?")  # instead of the last line feed
    ran = cli("journal", "repair")
    assert ran.code == 0
    assert "Nothing is lost: 3 submissions." in ran.out
    assert [item.job_id for item in Journal(log.path.parent).submissions(HOSTED)] == ["j-a", "j-b", "j-c"]


def test_it_is_the_journal_of_the_backend(cli: Callable[..., Any], log: Journal) -> None:
    damage(log)
    assert "is not damaged" in cli("--backend", "local", "journal", "repair").out
    assert cli("journal", "mend").code == 64

"""Submissions are found by backend, name and job; a service on this machine is one, however it is spelled."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pioneer_build.journal.log import Journal
from pioneer_build.journal.model import Contended
from tests.journal.logs import HOSTED, intent

GOLDEN = Path(__file__).parents[1] / "golden" / "journal-1.jsonl"


def test_a_journal_of_version_1_without_a_head_is_read_on(tmp_path: Path) -> None:
    """As the first version wrote it: its first line is a submission."""
    shutil.copy(GOLDEN, tmp_path / "journal.jsonl")
    journal = Journal(tmp_path)
    assert [(one.dataset_name, one.state, one.job_id) for one in journal.submissions(HOSTED)] == [
        ("tickets", "open", "job-1"),
        ("replies", "submitting", None),
    ]
    before = (tmp_path / "journal.jsonl").read_bytes()
    known = {one.token for one in journal.submissions(HOSTED)}
    begun = journal.begin(intent("tickets", order=1), known)
    assert (tmp_path / "journal.jsonl").read_bytes().startswith(before)
    assert [one.token for one in Journal(tmp_path).submissions(HOSTED)][-1] == begun.token
    assert GOLDEN.read_bytes() == before


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "LOCALHOST"])
def test_a_service_on_this_machine_is_one_however_it_is_spelled(tmp_path: Path, host: str) -> None:
    shutil.copy(GOLDEN, tmp_path / "journal.jsonl")
    journal, backend = Journal(tmp_path), f"http://{host}:8765"
    [found] = journal.submissions(backend)
    assert (found.job_id, found.backend) == ("job-2", "http://127.0.0.1:8765")
    assert journal.about(backend, remote_name="old") == journal.about(backend, job_id="job-2") == (found,)
    with pytest.raises(Contended):
        journal.begin(intent("old", backend=backend), ())
    for other in (
        f"http://{host}:8766",
        f"https://{host}:8765",
        f"http://{host}:8765/v1",
        "http://127.0.0.2:8765",
        HOSTED,
    ):
        assert found not in journal.submissions(other)

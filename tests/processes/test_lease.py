"""A process's claim lives as long as it does."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pioneer_build.processes import lease
from pioneer_build.processes.identity import this_process
from pioneer_build.processes.lease import ProcessClaim

if TYPE_CHECKING:
    from pathlib import Path


CLAIM = """
import sys, time
from pathlib import Path
from pioneer_build.processes import lease
from pioneer_build.processes.lease import ProcessClaim
print(ProcessClaim(Path(sys.argv[1])).owner, flush=True)
time.sleep(60)
"""


def test_a_claim_ends_when_it_is_given_up(tmp_path: Path) -> None:
    mine, other = ProcessClaim(tmp_path), ProcessClaim(tmp_path)
    assert mine.owner != other.owner
    assert mine.is_alive(other.owner)
    other.close()
    assert not mine.is_alive(other.owner)
    assert not mine.is_alive("never-there")
    assert [file.name for file in tmp_path.iterdir()] == [mine.owner]
    mine.close()


@pytest.mark.parametrize("umask", [0, 0o377])
def test_the_files_are_for_their_owner_alone(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        claim = ProcessClaim(tmp_path)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / claim.owner).stat().st_mode) == 0o600
    claim.close()


def test_a_name_that_no_process_has_is_no_path_to_other_files(tmp_path: Path) -> None:
    """The owner of a claim is read from a file, which may come from anybody; what is dead is removed."""
    (tmp_path / "owners").mkdir()
    mine, theirs, long_ago = ProcessClaim(tmp_path / "owners"), tmp_path / "theirs", 1e9
    theirs.write_text("elsewhere|another-boot|12|345|\n")
    os.utime(theirs, (long_ago, long_ago))
    linked = "0" * 32
    (tmp_path / "owners" / linked).symlink_to(theirs)
    for owner in ("../theirs", str(theirs), linked, "", "."):
        assert not mine.is_alive(owner)
    assert mine.describe("../theirs") == "another process"
    assert (theirs.read_text(), theirs.stat().st_mtime) == ("elsewhere|another-boot|12|345|\n", long_ago)
    mine.close()


def test_a_claim_ends_with_its_process_however_that_ends(tmp_path: Path) -> None:
    claim = ProcessClaim(tmp_path)
    path = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", CLAIM, str(tmp_path)], stdout=subprocess.PIPE, env=path) as other:
        assert other.stdout is not None
        owner = other.stdout.readline().decode().strip()
        assert claim.is_alive(owner)
        other.send_signal(signal.SIGKILL)
        other.wait(timeout=10)
    assert (tmp_path / owner).exists()
    assert not claim.is_alive(owner)
    assert not (tmp_path / owner).exists(), "what a killed process left is cleared away"
    claim.close()


@pytest.fixture
def no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system without locks, as some network shares are."""

    def flock(handle: int, how: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", flock)


@pytest.mark.usefixtures("no_locks")
def test_without_locks_the_process_itself_tells(tmp_path: Path) -> None:
    mine, other = ProcessClaim(tmp_path), ProcessClaim(tmp_path)
    assert mine.is_alive(other.owner)
    (tmp_path / other.owner).write_text(f"{this_process().rpartition('|')[0]}|1|\n")
    assert not mine.is_alive(other.owner)
    mine.close()


@pytest.mark.usefixtures("no_locks")
def test_on_another_machine_without_locks_only_the_last_sign_of_life_tells(tmp_path: Path) -> None:
    mine, other = ProcessClaim(tmp_path), ProcessClaim(tmp_path)
    path = tmp_path / other.owner
    path.write_text("elsewhere|another-boot|12|345|\n")
    assert mine.is_alive(other.owner)
    assert mine.describe(other.owner) == "process 12 on elsewhere"
    long_ago = path.stat().st_mtime - lease.LEASE_SECONDS - 60
    os.utime(path, (long_ago, long_ago))
    assert not mine.is_alive(other.owner)
    mine.close()


def test_a_lock_that_does_not_reach_other_machines_proves_no_death(tmp_path: Path) -> None:
    """A share mounted with local locks: the file of a process elsewhere is never locked here."""
    mine = ProcessClaim(tmp_path)
    theirs = "ab" * 16
    (tmp_path / theirs).write_text("elsewhere|another-boot|12|345|locked\n")
    assert mine.is_alive(theirs)
    mine.close()


def test_a_container_on_this_machine_is_judged_by_its_lock(tmp_path: Path) -> None:
    """It has another host name and other process ids, but the same kernel."""
    mine, other = ProcessClaim(tmp_path), ProcessClaim(tmp_path)
    boot = this_process().split("|")[1]
    (tmp_path / other.owner).write_text(f"container|{boot}|1|7|locked\n")
    assert mine.is_alive(other.owner)
    os.close(other._file)
    assert not mine.is_alive(other.owner)
    mine.close()

"""A process's claim lives as long as it does."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

from pioneer_build.engine.process_claims import ProcessClaim

if TYPE_CHECKING:
    from pathlib import Path

CLAIM = """
import sys, time
from pathlib import Path
from pioneer_build.engine.process_claims import ProcessClaim
print(ProcessClaim(Path(sys.argv[1])).owner, flush=True)
time.sleep(60)
"""


def test_a_claim_ends_when_it_is_given_up(tmp_path: Path) -> None:
    mine, other = ProcessClaim(tmp_path / "owners"), ProcessClaim(tmp_path / "owners")
    assert mine.owner != other.owner
    assert mine.is_alive(other.owner)
    other.close()
    assert not mine.is_alive(other.owner)
    assert not mine.is_alive("never-there")
    assert [file.name for file in (tmp_path / "owners").iterdir()] == [mine.owner]
    mine.close()


def test_the_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    claim = ProcessClaim(tmp_path / "owners")
    assert stat.S_IMODE((tmp_path / "owners").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "owners" / claim.owner).stat().st_mode) == 0o600
    claim.close()


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

"""Whether a process is alive, by its id and start time."""

from __future__ import annotations

import os

from pioneer_build.processes import identity
from pioneer_build.processes.identity import is_alive


def test_whether_a_submitter_lives() -> None:
    mine = identity.this_process()
    assert is_alive(mine) is True
    host, boot, pid, started = mine.split("|")
    assert is_alive(f"elsewhere|{boot}|{pid}|{started}") is None
    assert is_alive(f"{host}|another-boot|{pid}|{started}") is False
    assert is_alive(f"{host}|{boot}|{pid}|1") is False  # the pid now belongs to another process
    assert is_alive(f"{host}|{boot}|999999999|{started}") is False
    assert is_alive("nonsense") is None
    child = os.fork()
    if child == 0:
        os._exit(0)
    while os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT) is None:
        pass
    # a zombie doesn't submit any more
    assert identity._started(child) == ""
    os.waitpid(child, 0)

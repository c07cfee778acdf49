"""The command line in processes that are forked from one that has imported the program: much cheaper than new ones.

    with Forking() as forking:
        running = forking.start(["plan"], cwd=project, environ={})
        running.poll(), running.kill(), running.communicate()

The process that forks is one of its own, as it may have no threads.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

_LONGEST = 100.0


@dataclass
class Forked:
    """A command that was started."""

    forking: Forking
    pid: int
    out: Path
    code: int | None = None

    def poll(self) -> int | None:
        """Its exit code, negative if a signal ended it; `None` while it runs."""
        if self.code is None:
            self.code = self.forking.told({"ended": self.pid})
        return self.code

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)  # it isn't reaped before `poll`, so the id is its own

    def communicate(self) -> str:
        """Waits for its end; what it said."""
        end = time.monotonic() + _LONGEST
        while self.poll() is None:
            assert time.monotonic() < end, "it doesn't end"
            time.sleep(0.005)
        said = self.out.read_text()
        self.out.unlink()
        return said


class Forking:
    """The process that forks."""

    def __init__(self) -> None:
        root = str(Path(__file__).parents[2])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.forking"],
            env={**os.environ, "PYTHONPATH": root},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, arguments: list[str], *, cwd: Path, environ: dict[str, str]) -> Forked:
        handle, out = tempfile.mkstemp()
        os.close(handle)
        pid = self.told({"arguments": arguments, "cwd": str(cwd), "environ": environ, "out": out})
        assert pid is not None
        return Forked(self, pid, Path(out))

    def told(self, what: dict[str, Any]) -> int | None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        answer: int | None = json.loads(self._process.stdout.readline())
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


def _fork(order: dict[str, Any]) -> int:
    from pioneer_build.cli import run

    child = os.fork()
    if child:
        return child
    code = 70
    try:
        os.environ.update(order["environ"])
        os.chdir(order["cwd"])
        null, out = os.open(os.devnull, os.O_RDONLY), os.open(order["out"], os.O_WRONLY)
        for source, target in ((null, 0), (out, 1), (out, 2)):
            os.dup2(source, target)
        sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w", buffering=1)  # noqa: SIM115
        code = run(order["arguments"])
        sys.stdout.flush()
    finally:
        os._exit(code)


def _serve() -> None:
    # what an apply imports, so that no child has to
    import pioneer_build.cli.apply
    import pioneer_build.cli.export
    import pioneer_build.cli.plan
    import pioneer_build.engine.runtime
    import pioneer_build.operations.apply
    import pioneer_build.operations.model_makers
    import pioneer_build.parse
    import pioneer_build.service.connect  # noqa: F401

    for line in sys.stdin:
        order = json.loads(line)
        answer: int | None
        if "ended" in order:
            pid, status = os.waitpid(order["ended"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        else:
            answer = _fork(order)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve()

"""A program that is started without stdin, stdout or stderr does its work, and ends with its own exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.scripted import Scripted, running


def closed(streams: str, *arguments: str) -> tuple[int, str]:
    """The exit code without some streams, and what was said on the others."""
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {streams}', "sh", sys.executable, "-m", "pioneer_build", *arguments],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("streams", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_an_apply_ends_and_is_recorded(one: Path, streams: str) -> None:
    with running(Scripted()) as service:
        for quiet in ((), ("-q",)):
            code, said = closed(streams, "--backend", service.url, *quiet, "apply", "--yes")
            assert (code, "Traceback" in said) == (0, False), said
            assert '"state": "ready"' in (one / "pioneer.lock").read_text()
        assert service.asked() == [20]
        assert closed(streams, "--backend", service.url, "check")[0] == 0
        code, said = closed(streams, "--backend", service.url, "export", "people")
        lost = ">&-" in streams.split()
        assert code == (1 if lost else 0)
        if streams == ">&-":
            assert said == "error: can't write the output: stdout is closed\n  help: write to a file with --to FILE\n"
        assert closed(streams, "--backend", service.url, "export", "people", "--to", "rows.jsonl")[0] == 0
        assert len((one / "rows.jsonl").read_text().splitlines()) == 20


@pytest.mark.parametrize("streams", ["", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(
    ("command", "code"),
    [("--version", 0), ("--help", 0), ("plan --detailed-exitcode", 2), ("xyzzy", 64), ("show persons", 1)],
)
def test_the_exit_code_is_the_commands(one: Path, streams: str, command: str, code: int) -> None:
    got, said = closed(streams, *command.split())
    assert (got, "Traceback" in said) == (code, False), said


def test_what_is_of_no_use_without_stdout_says_so(one: Path) -> None:
    for command in ("schema", "completion bash"):
        code, said = closed(">&-", *command.split())
        assert code == 1
        assert said.startswith("error: can't write the output: stdout is closed\n  help: "), said


def test_their_numbers_are_never_those_of_files(one: Path) -> None:
    program = (
        "import os, sys; from pioneer_build.cli import main; import atexit;"
        "atexit.register(lambda: os.write(9, repr([os.readlink(f'/proc/self/fd/{n}') for n in range(3)]"
        " + [os.get_inheritable(n) for n in range(3)]).encode())); sys.argv = ['x', '--version']; main()"
    )
    if not Path("/proc/self/fd").exists():
        pytest.skip("no /proc")
    found = one / "found"
    subprocess.run(
        ["sh", "-c", f'exec "$@" 9>{found} <&- >&- 2>&-', "sh", sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}, check=True,
    )  # fmt: skip
    assert found.read_text() == repr(["/dev/null"] * 3 + [True] * 3)

"""Responses without end, in bytes, rows or time: bounded by what was requested, by the deadline, and by Ctrl-C."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pioneer_build.apply import run as apply_run
from tests.e2e.conftest import NER, Answer, Cli, process
from tests.e2e.scripted import Scripted, running
from tests.fakes.server import Fault

POLL, DOWNLOAD = "GET /generate/jobs/", "GET /datasets/people/1/download"
GZIP, TWICE = (("Content-Encoding", "gzip"),), (("Content-Encoding", "gzip, gzip"),)
ROW = b'{"text": "Ada met nobody.", "entities": []}\n'
#: MB of memory that a process may take beyond what it takes with good answers.
MORE_MEMORY = 60


def packed(piece: bytes, times: int) -> bytes:
    """A gzip file of a piece that is repeated, made without having all of it in memory."""
    packer = zlib.compressobj(1, wbits=31)
    block, (blocks, rest) = piece * 1000, divmod(times, 1000)
    return b"".join([*(packer.compress(block) for _ in range(blocks)), packer.compress(piece * rest), packer.flush()])


#: Made when they are needed, because the bombs take a second each.
FLOODS: dict[str, tuple[str, Callable[[], Fault]]] = {
    "an endless poll": (
        POLL,
        lambda: Fault("endless", status=200, body=b'{"status": "ready", "data": [' + b"[]," * 20_000),
    ),
    "a poll of [], and [],": (
        POLL,
        lambda: Fault(status=200, body=b'{"status": "ready", "data": [' + b"[]," * 1_000_000 + b"[]]}"),
    ),
    "a bomb as a poll": (POLL, lambda: Fault(status=200, headers=GZIP, body=packed(b"[", 300_000_000))),
    "a bomb in a bomb": (
        POLL,
        lambda: Fault(status=200, headers=TWICE, body=gzip.compress(packed(b"\0", 10**8))),
    ),
    "a bomb as rows": (DOWNLOAD, lambda: Fault(status=200, headers=GZIP, body=packed(ROW, 5_000_000))),
    "a bomb of blank lines": (DOWNLOAD, lambda: Fault(status=200, headers=GZIP, body=packed(b"\n", 300_000_000))),
    "endless rows": (DOWNLOAD, lambda: Fault("endless", status=200, body=ROW * 1000)),
    "an endless line": (DOWNLOAD, lambda: Fault("endless", status=200, body=b'{"text": "' + b"x" * 60_000)),
    "an endless error": (DOWNLOAD, lambda: Fault("endless", status=403, body=b"no " * 20_000)),
}
STALLS = {
    "a poll, byte by byte": (POLL, Fault("trickle")),
    "a poll after 100s": (POLL, Fault("interim")),
    "a download, byte by byte": (DOWNLOAD, Fault("trickle")),
    "a download after 100s": (DOWNLOAD, Fault("interim")),
    "a listing, byte by byte": ("GET /datasets/people", Fault("trickle")),
}
#: What a run of a thousand rows has to work on when it comes.
LONG_ROW = b'{"text": "Ada met %s.", "entities": []}\n' % (b"nobody, " * 3000)
BUSY: dict[str, tuple[str, Callable[[], Fault]]] = {
    # of fewer bytes than any bound: where the machine is slow, that would end the run before the signal comes
    "endless rows": (DOWNLOAD, lambda: Fault("endless", status=200, body=LONG_ROW * 10, most=30_000_000)),
    "an endless bomb of rows": (
        DOWNLOAD,
        lambda: Fault("endless", status=200, headers=GZIP, body=packed(LONG_ROW, 1000), most=1),
    ),
    "a bomb of blank lines": (DOWNLOAD, lambda: Fault(status=200, headers=GZIP, body=packed(b"\n", 60_000_000))),
    "a bomb as a poll": (POLL, lambda: Fault(status=200, headers=GZIP, body=packed(b" ", 60_000_000))),
    "a poll of [],": (
        POLL,
        lambda: Fault(status=200, body=b'{"status": "running", "data": [' + b"[]," * 290_000 + b"[]]}"),
    ),
}
BUSY_LONG = ("an endless bomb of rows", "a bomb as a poll")


def hosted() -> Scripted:
    return Scripted(give="download", datasets="/datasets")


def apply(cli: Cli, service: Scripted, *more: str) -> Answer:
    return cli("--backend", service.url, "apply", "--yes", *more)


#: Runs a command, and writes the most memory that this took. (`getrusage` of a child begins with what its parent had.)
_MEASURE = """\
import sys
from pathlib import Path
from pioneer_build.cli import run
code = run(sys.argv[2:])
(peak,) = [line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
Path(sys.argv[1]).write_text(peak)
raise SystemExit(code)
"""


def measured(service: Scripted, file: Path) -> tuple[int, float]:
    """The exit code of an `apply`, and the most memory that it used, in MB."""
    command = ["--backend", service.url, "apply", "--yes", "--deadline", "0.03"]
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE, str(file), *command],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, int(file.read_text()) / 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="measures memory as Linux counts it")
@pytest.mark.parametrize(
    "chosen",
    [
        ("a bomb as a poll", "a poll of [], and [],", "endless rows"),
        pytest.param(tuple(FLOODS), marks=pytest.mark.long),
    ],
    ids=["some", "all"],
)
def test_memory_is_bounded_by_what_was_requested(one: Path, cli: Cli, chosen: tuple[str, ...]) -> None:
    with running(hosted()) as service:
        assert apply(cli, service, "--no-wait").code == 0
        most: dict[str, float] = {}
        for name in chosen:
            route, fault = FLOODS[name]
            service.always(route, fault())
            code, most[name] = measured(service, one / "peak")
            service.always(route, None)
            assert code == 3, name
        _, usual = measured(service, one / "peak")
        assert {name: used for name, used in most.items() if used > usual + MORE_MEMORY} == {}
        assert service.asked() == [20]
        assert cli("--backend", service.url, "check").code == 0, "and nothing is lost"


@pytest.mark.parametrize("stall", STALLS)
def test_the_deadline_holds_for_every_request(one: Path, cli: Cli, stall: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apply_run, "_LEAST_SECONDS", 0.3)
    route, fault = STALLS[stall]
    with running(hosted()) as service:
        assert apply(cli, service, "--no-wait").code == 0
        service.named = False
        service.always(route, fault)
        began = time.monotonic()
        answer = apply(cli, service, "--deadline", "0.02")
        assert answer.code == 3
        assert "deadline" in answer.out
        assert time.monotonic() - began < 15
        service.always(route, None)
        assert apply(cli, service).code == 0
        assert service.asked() == [20]


def interrupt(child: subprocess.Popen[str]) -> None:
    """Ends a command by Ctrl-C, which it has to heed at once."""
    began = time.monotonic()
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert (child.returncode, "Traceback" in err) == (130, False), out + err
    assert time.monotonic() - began < 8, "not only after the grace period for what was paid for"


@pytest.mark.parametrize("stall", STALLS)
def test_ctrl_c_ends_each_of_them(one: Path, cli: Cli, stall: str) -> None:
    route, fault = STALLS[stall]
    with running(hosted()) as service:
        assert apply(cli, service, "--no-wait").code == 0
        service.named = False
        service.always(route, fault)
        before = service.flooded
        child = process("--backend", service.url, "apply", "--yes")
        until = time.monotonic() + 60
        while service.flooded < before + 3 and time.monotonic() < until:
            time.sleep(0.05)
        interrupt(child)
        service.always(route, None)
        assert apply(cli, service).code == 0
        assert service.asked() == [20]


@pytest.mark.parametrize(
    "flood", [pytest.param(name, marks=pytest.mark.long) if name in BUSY_LONG else name for name in BUSY]
)
def test_ctrl_c_ends_what_keeps_the_program_busy(one: Path, cli: Cli, flood: str) -> None:
    """As many rows are requested as it takes for no bound to end the first of them before the signal comes."""
    many = 1000
    (one / "specs" / "people.yaml").write_text(NER.replace("20", str(many)))
    route, fault = BUSY[flood]
    with running(hosted()) as service:
        assert apply(cli, service, "--no-wait").code == 0
        service.always(route, fault())
        before = len(service.seen)
        child = process("--backend", service.url, "apply", "--yes")
        until = time.monotonic() + 60
        while not any(f"{seen.method} {seen.path}".startswith(route) for seen in service.seen[before:]):
            assert time.monotonic() < until
            time.sleep(0.01)
        time.sleep(0.1)
        interrupt(child)
        service.always(route, None)
        assert apply(cli, service).code == 0
        assert service.asked() == [many]


def test_a_large_job_is_read_whole(one: Path, cli: Cli) -> None:
    """What is bounded is what was not requested."""
    many = 3000
    (one / "specs" / "people.yaml").write_text(NER.replace("20", str(many)))

    def rows(request: dict[str, Any], _: int) -> list[dict[str, Any]]:
        long = "and met again " * 100
        return [
            {"text": f"Ada {long} {i}.", "entities": [["Ada", "person"]] * 40} for i in range(request["num_examples"])
        ]

    for give in ("data", "download"):
        with running(Scripted(give=give, datasets="/datasets", rows=rows)) as service:
            assert apply(cli, service).code == 0
            assert service.asked() == [many]

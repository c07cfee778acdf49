"""What is read is understood or refused with an error of ours: some inputs of each kind, always the same ones."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.fuzz.campaign import fuzz
from tests.fuzz.target import ROOT, Target
from tests.fuzz.targets import TARGETS

if TYPE_CHECKING:
    from pathlib import Path

#: Of all kinds together.
_SHORT = 1500
_LONG = 100_000


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, in a process of its own: it forks, and bounds its memory."""
    return subprocess.run(
        [sys.executable, "-m", "tests.fuzz", *arguments],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_some_inputs_of_each_kind() -> None:
    done = _run("--inputs", str(_SHORT), "--seed", "always the same")
    assert done.returncode == 0, done.stdout + done.stderr
    for name in TARGETS:
        assert f"\n{name} " in done.stdout, "each kind was fuzzed"


@pytest.mark.long
def test_a_hundred_thousand_inputs() -> None:
    done = _run("--inputs", str(_LONG))
    assert done.returncode == 0, done.stdout + done.stderr


def _bad(data: bytes, folder: Path) -> None:
    kind = data[:1]
    if kind == b"b":
        raise ValueError("a mistake")
    if kind == b"s":
        while True:
            pass
    if kind == b"m":
        bytearray(2 << 30)


def _kind(kind: bytes) -> Target:
    return Target(kind.decode(), lambda _: kind, _bad)


@pytest.mark.parametrize(
    ("kind", "what"), [(b"bad", "ValueError: a mistake"), (b"slow", "TooSlow"), (b"memory", "MemoryError")]
)
def test_a_fuzzer_finds_what_is_wrong(kind: bytes, what: str) -> None:
    found = fuzz(_kind(kind), range(1), "x", seconds=0.05)
    assert [fault.seed for fault in found] == ["x:0"]
    assert what in found[0].what


def test_a_fuzzer_passes_what_is_right() -> None:
    assert not fuzz(_kind(b"good"), range(50), "x")

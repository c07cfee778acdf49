"""A project to work in, and the command line as a function."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

SPECS = """\
dataset_name: intents
task_type: classification
labels: [billing, refund, other]
num_examples: 24
domain_description: Messages to the support desk of an online bookshop
classified_examples:
  - {text: "I was charged twice", label: billing}
---
dataset_name: people
task_type: ner
labels: [person, company]
num_examples: 20
---
dataset_name: replies
task_type: decoder
prompt: Answer politely, in one sentence.
num_examples: 10
---
dataset_name: mentions
task_type: ner
labels: [person, location]
inputs: {path: texts.jsonl, id: key}
---
dataset_name: moods
task_type: classification
labels: [positive, negative]
inputs: ["I love it.", "It broke after a day.", "I love it."]
"""
NER = "dataset_name: people\ntask_type: ner\nlabels: [person, company]\nnum_examples: 20\n"
TEXTS = [
    {"key": "a", "text": "Tim Cook spoke in Cupertino."},
    {"key": "b", "text": "Nothing happened that day."},
    {"key": "c", "text": "Ada Lovelace lived in London."},
]


@dataclass(frozen=True)
class Answer:
    """What one command printed and returned."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


Cli = Callable[..., Answer]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a spec of each kind, as the working directory, for the local backend."""
    root = tmp_path / "project"
    (root / "specs").mkdir(parents=True)
    (root / "pioneer.yaml").write_text("version: 1\nbackend: local\n")
    (root / "specs" / "all.yaml").write_text(SPECS)
    (root / "specs" / "texts.jsonl").write_text("".join(json.dumps(text) + "\n" for text in TEXTS))
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str]) -> Cli:
    """Runs a command in this process, so that the models are loaded once."""
    from pioneer_build.cli import run

    def call(*arguments: str) -> Answer:
        capfd.readouterr()
        code = run([str(argument) for argument in arguments])
        sys.stdout.flush()
        sys.stderr.flush()
        captured = capfd.readouterr()
        return Answer(code, captured.out, captured.err)

    return call


def process(*arguments: str, cwd: Path | None = None, **environ: str) -> subprocess.Popen[str]:
    """The command line as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "pioneer_build", *arguments],
        cwd=cwd,
        env={**os.environ, **environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def serving(*arguments: str, port: int = 0, cwd: Path | None = None) -> Iterator[str]:
    """`serve` in a process of its own; its URL."""
    server = process("serve", "--port", str(port), *arguments, cwd=cwd)
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        assert line.startswith("serving on "), line + (server.stderr.read() if server.stderr else "")
        yield line.split()[-1]
    finally:
        server.terminate()
        server.communicate(timeout=30)


def requests_of(answer: Answer) -> int:
    """How many paid requests an apply sent."""
    sent: int = answer.json()["requests"]
    return sent


def move_home(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Another machine: nothing of the state, data and cache folders is there."""
    for variable in ("STATE", "DATA", "CACHE"):
        monkeypatch.setenv(f"XDG_{variable}_HOME", str(folder / variable.lower()))


def project_of_a_service(folder: Path, patch: pytest.MonkeyPatch) -> Path:
    """A project without specs in `folder`, as the working directory, with a key and no limit of requests."""
    root = folder / "project"
    (root / "specs").mkdir(parents=True)
    patch.chdir(root)
    patch.setenv("PIONEER_API_KEY", "key-of-the-test")
    patch.setenv("PIONEER_REQUESTS_PER_MINUTE", "100000")
    return root


@pytest.fixture
def one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of a service with one dataset, `people`, of twenty rows."""
    root = project_of_a_service(tmp_path, monkeypatch)
    (root / "specs" / "people.yaml").write_text(NER)
    return root

"""Every command of the README is run, in a copy of this project, in the order of the page.

The build of one dataset (`support-intents`) is left out of the copy, because it takes longest; CI runs the whole.
What needs the hosted service is run against `pioneer-build serve` on loopback.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
_BLOCK = re.compile(
    r"(?:<!-- test: (?P<note>.*?) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Block:
    """A fenced block of the page; `note` says how it is tested, where that isn't plain."""

    language: str
    text: str
    note: str


def blocks() -> list[Block]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return [Block(found["language"], found["text"], found["note"] or "") for found in _BLOCK.finditer(text)]


def _special(word: str) -> str:
    (found,) = [block for block in blocks() if word in block.note]
    return found.text.strip()


def test_ci_runs_both_commands_as_they_stand_here() -> None:
    script = (ROOT / ".ci/run").read_text()
    for word in ("first command", "second command"):
        assert f'readme "{word}"' in script
    assert _special("second command") == ".venv/bin/pip install -q '.[dev]' && .venv/bin/python -m pytest"


def test_the_first_command_installs_and_builds() -> None:
    first = "python3 -m venv .venv && .venv/bin/pip install -q '.[local]' && .venv/bin/pioneer-build apply --yes"
    assert _special("first command") == first


def test_every_block_is_run_or_says_why_not() -> None:
    for block in blocks():
        assert block.language in ("sh", "python") or "not run" in block.note, block.text


@pytest.fixture
def project(tmp_path: Path, home: Path) -> Path:
    """A copy of the example project in a git repository, without the dataset that takes longest."""
    pytest.importorskip("spacy", reason="needs the extra `local`")
    folder = tmp_path / "clone"
    shutil.copytree(ROOT / "specs", folder / "specs")
    for name in ("pioneer.yaml", ".gitignore", ".gitattributes"):
        shutil.copy(ROOT / name, folder / name)
    support = folder / "specs/support.yaml"
    first, _, rest = support.read_text().partition("\n---\n")
    assert "support-intents" in first
    support.write_text(rest)
    program = tmp_path / "bin/pioneer-build"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pioneer_build "$@"\n')
    program.chmod(0o755)
    return folder


def _environment(project: Path, **more: str) -> dict[str, str]:
    path = f"{project.parent / 'bin'}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), **more}


def _run(script: str, folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=170,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}"
    return done.stdout


@contextmanager
def _serving(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    server = subprocess.Popen(
        [sys.executable, "-m", "pioneer_build", "serve", "--port", "0"],
        cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert server.stdout is not None
    try:
        yield server.stdout.readline().removeprefix("serving on ").strip()
    finally:
        server.terminate()
        server.wait(20)
        server.stdout.close()


def test_every_command_does_what_the_page_says(project: Path) -> None:
    environment = _environment(project)
    _run(
        "git init -q && pioneer-build apply --yes && git add -A && git commit -qm 'A first build'", project, environment
    )
    said: dict[str, str] = {}
    with _serving(project, environment) as url:
        for block in blocks():
            if block.language != "sh" or "command" in block.note:
                continue
            hosted = "PIONEER_BASE_URL" in block.note
            said[block.text] = _run(
                block.text, project, {**environment, "PIONEER_BASE_URL": url} if hosted else environment
            )
    together = "\n".join(said.values())
    assert "1 request for 20 examples" in together
    assert re.search(r'^\+ +"num_examples": 100,$', together, re.MULTILINE), together
    assert "my-ner-dataset" in together
    assert "up to date with the specs" in together
    assert (project / "news.conll").exists()
    assert {path.name for path in (project / "data").iterdir()} == {"train.jsonl", "test.jsonl"}
    (script,) = [block.text for block in blocks() if block.language == "python"]
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=project, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("200 {")

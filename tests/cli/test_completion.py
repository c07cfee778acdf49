"""Completion in real shells, with the names of datasets, and without parsing a spec."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from pioneer_build.cli.completion import complete_dataset_name
from pioneer_build.cli.export import _FORMATS
from pioneer_build.exports import EXPORT_FORMATS
from tests.made import Made, classes

ROOT = Path(__file__).resolve().parents[2]
TRY = """
eval "$(pioneer-build completion bash)"
COMP_WORDS=(%s); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMPREPLY=()
_pioneer_build_completion pioneer-build
echo "${COMPREPLY[*]}"
"""


@pytest.fixture
def project(folder: Path) -> Path:
    (folder / "pioneer.yaml").write_text("version: 1\nspecs: sets\n")
    (folder / "sets/deep").mkdir(parents=True)
    (folder / "sets/a.yaml").write_text("dataset_name: people\ntask: wrong\n---\n{'dataset_name': \"places\"}\n")
    (folder / "sets/deep/b.yml").write_text("version: 1\ndataset_name: tickets-2   # two\n")
    (folder / "pioneer.lock").write_text('{"entries": [{"dataset_name": "gone"}]}')
    return folder


def test_formats_are_those_of_export() -> None:
    assert set(_FORMATS) == set(EXPORT_FORMATS)


def _bash(project: Path, line: str) -> list[str]:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash")
    program = project.parent / "bin/pioneer-build"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pioneer_build "$@"\n')
    program.chmod(0o755)
    environment = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [bash, "-c", TRY % line], cwd=project, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("pioneer-build sch", ["schema"]),
        ("pioneer-build show p", ["people", "places"]),
        ("pioneer-build plan --select t", ["tickets-2"]),
        ("pioneer-build apply --ret", ["--retry"]),
        ("pioneer-build export people --as pa", ["parquet"]),
    ],
)
def test_bash(project: Path, line: str, offered: list[str]) -> None:
    assert _bash(project, line) == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_code_is_right_for_its_shell(shell: str, folder: Path) -> None:
    code = subprocess.run(
        [sys.executable, "-m", "pioneer_build", "completion", shell],
        capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    ).stdout  # fmt: skip
    assert "_PIONEER_BUILD_COMPLETE" in code
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"no {shell}")
    subprocess.run([program, "-n"], input=code, text=True, check=True)


def test_names_complete_in_the_folder_that_the_line_names(tmp_path: Path) -> None:
    made = Made(tmp_path / "project", tmp_path / "store")
    classes(made, "people", 1)
    classes(made, "places", 1)
    outer = click.Context(click.Group("x"))
    outer.params["directory"] = str(made.root)
    parameter = click.Argument(["name"])
    inner = click.Context(click.Command("show", params=[parameter]), parent=outer)
    assert complete_dataset_name(inner, parameter, "pe") == ["people"]
    assert complete_dataset_name(inner, parameter, "") == ["people", "places"]
    outer.params["directory"] = str(tmp_path)
    assert complete_dataset_name(inner, parameter, "") == []

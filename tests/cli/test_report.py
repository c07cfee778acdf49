"""`report`: the file it writes is whole, and its owner's alone."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from pioneer_build.cli import run
from tests.made import Made
from tests.render.report.worst import worst_project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made(tmp_path / "project", tmp_path / "store")


def write(made: Made, *more: str) -> str:
    target = made.root / "report.html"
    assert run(["-C", str(made.root), "report", "--to", str(target), *more]) == 0
    return target.read_text("utf-8")


def test_the_file_is_the_owners_alone_and_the_same_each_time(made: Made) -> None:
    worst_project(made)
    first = write(made)
    assert stat.S_IMODE(os.stat(made.root / "report.html").st_mode) == 0o600
    assert write(made) == first
    assert sorted(path.name for path in made.root.iterdir()) == ["pioneer.lock", "pioneer.yaml", "report.html", "specs"]


def test_a_target_that_cannot_be_written(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    made.write_lock()
    assert run(["-C", str(made.root), "report", "--to", str(made.root / "no" / "report.html")]) == 1
    assert "can't write" in capsys.readouterr().err


def test_it_says_where_the_page_is(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    worst_project(made)
    write(made)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"wrote {made.root / 'report.html'} (")
    assert said.err.endswith(" MB, 3 datasets)\n")
    write(made, "--select", "worst-t*")
    assert capsys.readouterr().err.endswith(", 1 dataset)\n")
    assert run(["-q", "-C", str(made.root), "report", "--to", str(made.root / "report.html")]) == 0
    assert capsys.readouterr().err == ""

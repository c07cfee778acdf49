"""What killed processes left is found by its name and its age, and nothing else is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pioneer_build.disk.abandoned import ABANDONED_SECONDS, abandoned

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_000_000_000.0


def is_temporary(name: str) -> bool:
    return name.endswith(".tmp")


def put(path: Path, age: float) -> None:
    path.touch()
    os.utime(path, (NOW - age, NOW - age))


def test_old_files_folders_and_links_with_a_temporary_name(tmp_path: Path) -> None:
    (tmp_path / "b.tmp").mkdir()
    os.utime(tmp_path / "b.tmp", (0, 0))
    (tmp_path / "c.tmp").symlink_to("nowhere")
    os.utime(tmp_path / "c.tmp", (0, 0), follow_symlinks=False)
    put(tmp_path / "a.tmp", ABANDONED_SECONDS + 1)
    put(tmp_path / "young.tmp", ABANDONED_SECONDS - 1)
    put(tmp_path / "old.txt", ABANDONED_SECONDS * 2)
    assert [one.name for one, _ in abandoned(tmp_path, is_temporary, NOW)] == ["a.tmp", "b.tmp", "c.tmp"]


def test_a_folder_that_is_not_there_has_nothing(tmp_path: Path) -> None:
    assert list(abandoned(tmp_path / "none", is_temporary, NOW)) == []


def test_what_is_gone_by_then_is_left_out(tmp_path: Path) -> None:
    for name in ("a.tmp", "b.tmp"):
        put(tmp_path / name, ABANDONED_SECONDS + 1)
    found = abandoned(tmp_path, is_temporary, NOW)
    assert next(found)[0].name == "a.tmp"
    (tmp_path / "b.tmp").unlink()
    assert list(found) == []

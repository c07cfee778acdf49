"""Git, and the merge driver."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from pioneer_build.operations.doctor.git_setup import in_git
from tests.operations.doctor.found import examined, is_wrong

if TYPE_CHECKING:
    from pathlib import Path


def test_git(project: Path) -> None:
    subprocess.run(["git", "config", "--unset", "merge.pioneer-lock.driver"], cwd=project, check=True)
    with (project / ".gitignore").open("a") as file:
        file.write("*.lock\n")
    (project / ".gitattributes").unlink()
    found = examined(project)
    assert is_wrong(found, "git", "ignores pioneer.lock")
    assert {one.help for one in found["git"] if one.level == "note"} == {"pioneer-build init"}


def test_git_and_a_split_lock(project: Path) -> None:
    (project / "pioneer.lock.d").mkdir()
    assert not [one for one in in_git(project) if "pioneer.lock.d" in one.text]
    with (project / ".gitignore").open("a") as file:
        file.write("*.d\n")
    (project / ".gitattributes").write_text("pioneer.lock merge=pioneer-lock\n")
    found = [one for one in in_git(project) if "pioneer.lock.d/" in one.text]
    assert [(one.level, one.help) for one in found] == [
        ("wrong", "git check-ignore -v pioneer.lock.d/x.json   # shows the line to remove"),
        ("note", "pioneer-build init"),
    ]


def test_no_repository(tmp_path: Path) -> None:
    [found] = in_git(tmp_path)
    assert (found.level, found.help) == ("note", "git init")


def test_a_program_that_git_would_not_find(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    [found] = in_git(project)
    assert (found.level, "isn't on the PATH" in found.text) == ("note", True)
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}")
    assert [one.level for one in in_git(project)] == ["good"]

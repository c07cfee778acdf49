"""Extras, folders and git that are not as they should be."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from pioneer_build.operations.doctor import machine
from pioneer_build.paths import state_folder
from tests.operations.doctor.found import by_topic, examined, is_wrong

if TYPE_CHECKING:
    from pathlib import Path


def test_versions() -> None:
    found = machine.versions()
    assert found.level == "good"
    assert found.text.startswith("pioneer-build ")
    assert "missing" not in found.text


def test_git(project: Path) -> None:
    subprocess.run(["git", "config", "--unset", "merge.pioneer-lock.driver"], cwd=project, check=True)
    with (project / ".gitignore").open("a") as file:
        file.write("*.lock\n")
    (project / ".gitattributes").unlink()
    found = examined(project)
    assert is_wrong(found, "git", "ignores pioneer.lock")
    assert {one.help for one in found["git"] if one.level == "note"} == {"pioneer-build init"}


def test_no_repository(tmp_path: Path) -> None:
    [found] = machine.in_git(tmp_path)
    assert (found.level, found.help) == ("note", "git init")


def test_a_program_that_git_would_not_find(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine.shutil, "which", lambda _: None)
    [found] = machine.in_git(project)
    assert (found.level, "isn't on the PATH" in found.text) == ("note", True)
    monkeypatch.setattr(machine.shutil, "which", lambda name: f"/bin/{name}")
    assert [one.level for one in machine.in_git(project)] == ["good"]


def test_folders(project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    usage = shutil.disk_usage(tmp_path)._replace(free=5_000_000)
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda _: usage)
    found = examined(project)
    assert is_wrong(found, "store", "is not writable")
    assert is_wrong(found, "state", "only 5 MB are free")


def test_little_room_is_a_note(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=500_000_000)
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda _: usage)
    assert {one.level for one in machine.folders(tmp_path)} == {"note"}


def test_what_others_can_read(tmp_path: Path) -> None:
    store = tmp_path / "store"
    store.mkdir(mode=0o755)
    (state_folder() / "journal").mkdir(parents=True)
    (state_folder() / "journal").chmod(0o755)
    found = by_topic(machine.folders(store))
    assert [(one.level, one.help) for one in found["store"]] == [("note", f"chmod 700 '{store}'")]
    assert "can be read by other users; it contains your submissions" in found["state"][0].text
    store.chmod(0o700)
    assert by_topic(machine.folders(store))["store"][0].level == "good"


def test_a_missing_extra(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_is_there", lambda module: module != "onnxruntime")
    found = examined(project)
    assert is_wrong(found, "extras", "not installed: onnxruntime")
    assert any("pioneer-build[local]" in one.help for one in found["extras"] if one.help)
    assert [one.level for one in machine.extras(local=False)] == ["good"]


def test_a_model_that_can_not_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(machine, "_is_there", lambda _: True)
    monkeypatch.setattr(machine, "embedding_model", fail)
    found = by_topic(machine.extras(local=True))
    assert is_wrong(found, "extras", "can't be read: Permission denied")

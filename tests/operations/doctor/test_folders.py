"""The folders: usable, private, with free space."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from pioneer_build.operations.doctor.folders import folders
from pioneer_build.paths import state_folder
from tests.operations.doctor.found import by_topic, examined, is_wrong

if TYPE_CHECKING:
    from pathlib import Path


def test_folders(project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    usage = shutil.disk_usage(tmp_path)._replace(free=5_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    found = examined(project)
    assert is_wrong(found, "store", "is not writable")
    assert is_wrong(found, "state", "only 5 MB are free")


def test_little_room_is_a_note(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=500_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert {one.level for one in folders(tmp_path)} == {"note"}


def test_what_others_can_read(tmp_path: Path) -> None:
    store = tmp_path / "store"
    store.mkdir(mode=0o755)
    (state_folder() / "journal").mkdir(parents=True)
    (state_folder() / "journal").chmod(0o755)
    found = by_topic(folders(store))
    assert [(one.level, one.help) for one in found["store"]] == [("note", f"chmod 700 '{store}'")]
    assert "can be read by other users; it contains your submissions" in found["state"][0].text
    store.chmod(0o700)
    assert by_topic(folders(store))["store"][0].level == "good"

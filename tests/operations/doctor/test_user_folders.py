"""The folders: usable, private, with free space."""

from __future__ import annotations

import errno
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from pioneer_build.errors import StoreError
from pioneer_build.journal.log import Journal
from pioneer_build.operations.doctor.user_folders import folders
from pioneer_build.paths import state_folder
from pioneer_build.store import Store
from tests.full_disk import failing_disk
from tests.journal.logs import intent
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


def test_folders_in_which_an_apply_could_not_write(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    os.close(store.reserve(0, [("pioneer", "fp1:a")]))
    Journal(state_folder() / "journal").begin(intent(), frozenset())
    scope = next((store.root / "annotations").iterdir())
    for place in (store.root / "rows", scope / "quarantine", scope / "claims", scope / "claims" / "live"):
        with failing_disk(place, errno.EACCES, 0, 1 << 30):
            found = by_topic(folders(store.root))
        assert is_wrong(found, "store", f"the store folder {store.root} is not writable: {place}: Permission denied")
        assert found["store"][0].help is not None
        assert "check the owner and permissions, or set `store:`" in found["store"][0].help
    with failing_disk(state_folder() / "journal" / "journal.jsonl", errno.EPERM, 0, 1 << 30):
        assert is_wrong(by_topic(folders(store.root)), "state", "journal.jsonl: Operation not permitted")
    assert {one.level for one in folders(store.root)} <= {"good", "note"}
    with failing_disk(store.root.parent, errno.EDQUOT, 0, 1 << 30):
        assert is_wrong(by_topic(folders(tmp_path / "new")), "store", "is not writable: Disk quota exceeded")


@pytest.mark.parametrize(("target", "what"), [("store", "itself"), ("/nowhere/it", "/nowhere/it, which isn't there")])
def test_a_link_to_nowhere_is_said_with_the_help_that_apply_gives(tmp_path: Path, target: str, what: str) -> None:
    link = tmp_path / "store"
    link.symlink_to(target)
    found = by_topic(folders(link))
    assert is_wrong(found, "store", f"the store folder {link} is not writable")
    with pytest.raises(StoreError) as caught:
        Store(link).reserve(0)
    assert f"{link} is a link to {what}: replace it" in str(caught.value.hint)
    assert found["store"][0].help == caught.value.hint


def test_a_link_to_nowhere_inside_of_the_store(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir(mode=0o700)
    (tmp_path / "store" / "rows").symlink_to("gone")
    assert is_wrong(by_topic(folders(tmp_path / "store")), "store", f"not writable: {tmp_path / 'store' / 'rows'}")


def test_room_for_the_next_apply(project: Path) -> None:
    free = os.statvfs(project)
    (project / "specs" / "large.yaml").write_text(
        "version: 1\ndataset_name: large\ntask_type: decoder\nprompt: Answer.\n"
        f"num_examples: {free.f_blocks * free.f_frsize // 2000}\n"
    )
    found = examined(project)
    assert is_wrong(found, "store", "is not writable: No space left on device")


def test_nothing_is_left_of_what_is_tried(project: Path, tmp_path: Path) -> None:
    before = sorted(path for path in tmp_path.rglob("*") if ".git" not in path.parts)
    examined(project)
    assert sorted(path for path in tmp_path.rglob("*") if ".git" not in path.parts) == before

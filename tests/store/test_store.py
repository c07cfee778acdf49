"""The store's folder: who may read it, its format, and what is in its way."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from typing import TYPE_CHECKING

import pytest

from pioneer_build.errors import StoreError
from pioneer_build.store import Needed, Store
from tests.full_disk import failing_disk
from tests.store.test_row_files import LINES

if TYPE_CHECKING:
    from pathlib import Path


def test_only_the_user_reads_it(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        store = Store(tmp_path / "store")
        store.put(LINES)
        with store.annotations("local", "fp1:0") as annotations:
            annotations.add([(b"0" * 16, b"{}")])
            annotations.quarantine(b"1" * 16, "odd")
    finally:
        os.umask(old)
    for path in [store.root, *store.root.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_a_teams_folder_stays_the_teams(tmp_path: Path) -> None:
    root = tmp_path / "team"
    root.mkdir()
    root.chmod(0o770)
    old = os.umask(0o077)
    try:
        Store(root).put(LINES)
    finally:
        os.umask(old)
    for path in root.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o770 if path.is_dir() else 0o660), path


@pytest.mark.skipif(os.getuid() == 0, reason="root may do everything")
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="Permission denied"):
        Store(tmp_path / "store").put(LINES)


def test_a_file_where_the_store_should_be(tmp_path: Path) -> None:
    (tmp_path / "store").write_bytes(b"")
    with pytest.raises(StoreError, match=str(tmp_path)):
        Store(tmp_path / "store").put(LINES)


def test_a_newer_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "format").write_bytes(b"pioneer-build store 2\n")
    with pytest.raises(StoreError, match="store 2") as caught:
        Store(tmp_path).put(LINES)
    assert "upgrade" in (caught.value.hint or "")
    with pytest.raises(StoreError, match="store 2"):
        Store(tmp_path).annotations("local", "fp1:0")


def test_room_is_taken_where_rows_and_annotations_go(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    held = store.reserve(100_000, [("pioneer", "fp1:a")])
    assert os.fstat(held).st_size == 100_000
    os.close(held)
    assert not list((store.root / "tmp").iterdir())
    assert store.annotations("pioneer", "fp1:a").count() == 0
    assert store.gc(Needed(annotations={("pioneer", "fp1:a")})).removals == ()


@pytest.mark.parametrize("place", ["", "rows", "rows/ab", "annotations", "SCOPE", "SCOPE/quarantine"])
def test_no_room_is_taken_where_a_folder_can_not_be_written(tmp_path: Path, place: str) -> None:
    store = Store(tmp_path / "store")
    os.close(store.reserve(0, [("pioneer", "fp1:a")]))
    [scope] = (store.root / "annotations").iterdir()
    folder = store.root / place.replace("SCOPE", f"annotations/{scope.name}")
    if folder.is_dir() and place:
        shutil.rmtree(folder)
    elif place:
        folder.parent.mkdir(exist_ok=True)
    else:
        shutil.rmtree(folder)
    folder.write_text("a file")
    with pytest.raises(StoreError, match=f"{folder}") as caught:
        Store(tmp_path / "store").reserve(0, [("pioneer", "fp1:a")])
    assert caught.value.hint


def test_annotations_of_other_scopes_are_not_looked_at(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    os.close(store.reserve(0, [("pioneer", "fp1:a")]))
    [scope] = (store.root / "annotations").iterdir()
    with failing_disk(scope, errno.EROFS, 0, 1 << 30):
        with pytest.raises(StoreError):
            store.reserve(0, [("pioneer", "fp1:a")])
        os.close(store.reserve(0, [("pioneer", "fp1:b")]))


def test_folders_of_a_process_that_died_are_durable_before_anything_is_paid_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It made them, and died before it synced the folders that they are in."""
    store = Store(tmp_path / "data" / "store")
    os.close(store.reserve(0, [("local", "fp1:a")]))
    (scope,) = (store.root / "annotations").iterdir()
    synced: list[str] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    os.close(Store(store.root).reserve(0, [("local", "fp1:a")]))
    way = (store.root / "rows", scope, scope.parent, store.root, store.root.parent, tmp_path)
    assert {str(folder) for folder in way} <= set(synced)


def test_a_folder_of_something_else_is_not_made_a_store(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "id_secret").write_text("x")
    with pytest.raises(StoreError) as caught:
        Store(tmp_path / "keys").reserve(1)
    assert caught.value.message == f"{tmp_path / 'keys'} is not a store, and has files of something else"
    assert "empty folder" in (caught.value.hint or "")
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["id_secret"]


@pytest.mark.parametrize("name", ["journal", "lost+found", ".gitignore", "tmp", "rows"])
def test_what_may_be_in_a_folder_that_becomes_a_store(tmp_path: Path, name: str) -> None:
    (tmp_path / "s" / name).mkdir(parents=True)
    os.close(Store(tmp_path / "s").reserve(1))
    assert (tmp_path / "s" / "format").is_file()


def test_a_folder_that_another_process_makes_a_store_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "s"
    root.mkdir()

    def listed(path: Path) -> list[str]:
        (root / "format").write_bytes(b"pioneer-build store 1\n")
        return ["format", "tmp"]

    monkeypatch.setattr(os, "listdir", listed)
    os.close(Store(root).reserve(1))
    assert (root / "format").is_file()


def test_a_store_of_another_format_that_comes_meanwhile_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "s"
    root.mkdir()

    def listed(path: Path) -> list[str]:
        (root / "format").write_text("another")
        return ["format"]

    monkeypatch.setattr(os, "listdir", listed)
    with pytest.raises(StoreError, match="is a store of another format"):
        Store(root).reserve(1)

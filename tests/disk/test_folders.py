"""Folders that are made, and synced."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pioneer_build.disk.folders import make_folder, sync_folder, sync_way
from pioneer_build.disk.single_files import open_shared
from tests.disk.listed import mode, names

if TYPE_CHECKING:
    pass


@pytest.mark.parametrize(("number", "forgiven"), [(errno.EINVAL, True), (errno.ENOTSUP, True), (errno.EIO, False)])
def test_folders_that_can_not_be_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, forgiven: bool
) -> None:
    def refuse(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    if forgiven:
        sync_folder(tmp_path)
        return
    with pytest.raises(OSError, match=os.strerror(number)):
        sync_folder(tmp_path)


@pytest.mark.parametrize("umask", [0, 0o777])
def test_folders_are_private_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        make_folder(tmp_path / "a" / "b" / "c")
        make_folder(tmp_path / "shared", 0o770)
        os.close(open_shared(tmp_path / "a" / "file"))
        make_folder(f"{tmp_path}/a/slash/")
    finally:
        os.umask(before)
    assert [mode(path) for path in (tmp_path / "a", tmp_path / "a" / "b", tmp_path / "a" / "slash")] == [0o700] * 3
    assert (mode(tmp_path / "shared"), mode(tmp_path / "a" / "file")) == (0o770, 0o600)


def test_a_folder_that_is_there_is_left_as_it_is(tmp_path: Path, synced: list[str]) -> None:
    (tmp_path / "a").mkdir(mode=0o755)
    (tmp_path / "link").symlink_to("a")
    make_folder(tmp_path / "a")
    make_folder(tmp_path / "link")
    assert (mode(tmp_path / "a"), synced) == (0o755, [])
    make_folder(tmp_path / "link" / "b" / "c")
    assert synced == ["a", "b"]
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "nowhere").symlink_to("gone")
    for path in ("file", "file/x", "nowhere"):
        with pytest.raises((FileExistsError, NotADirectoryError)):
            make_folder(tmp_path / path)
    assert names(tmp_path) == ["a", "file", "link", "nowhere"]


def test_a_folder_that_another_process_makes_at_the_same_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.mkdir

    def mkdir(path: str, bits: int) -> None:
        real(path, 0o755)
        real(path, bits)

    monkeypatch.setattr(os, "mkdir", mkdir)
    make_folder(tmp_path / "a")
    assert mode(tmp_path / "a") == 0o755


def test_the_way_to_a_folder_is_synced_as_far_as_it_is_the_users(tmp_path: Path, synced: list[str]) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "link").symlink_to("a/b")
    sync_way(tmp_path / "link")
    assert synced[:3] == ["b", "a", tmp_path.name]

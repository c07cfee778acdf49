"""The store's files on disk: permissions, whole files, and errors in words that help."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

import pytest

from pioneer_build.errors import StoreError
from pioneer_build.store.disk import (
    Modes,
    create_log,
    guarded,
    make_store_folder,
    new_file,
    store_error,
    write_store_file,
)
from tests.full_disk import refuse_writes

if TYPE_CHECKING:
    from pathlib import Path

TEAM = Modes(0o2770, 0o660)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(params=[0, 0o077])
def umask(request: pytest.FixtureRequest) -> object:
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.parametrize(
    ("number", "help_"),
    [
        (errno.ENOSPC, "pioneer-build gc"),
        (errno.EDQUOT, "quota"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "permissions"),
        (errno.EPERM, "permissions"),
        (errno.EFBIG, "ulimit -f"),
        (errno.EIO, "check the disk"),
        (errno.ELOOP, "set `store:` in pioneer.yaml to another folder"),
    ],
)
def test_an_error_says_what_was_tried_where_and_what_helps(tmp_path: Path, number: int, help_: str) -> None:
    error = store_error(OSError(number, os.strerror(number)), tmp_path, "write")
    assert error.message == f"can't write {tmp_path}: {os.strerror(number)}"
    assert help_ in str(error.hint)
    assert "doctor" not in str(error.hint), "which says the same"


def test_an_error_without_a_number(tmp_path: Path) -> None:
    assert store_error(OSError("odd"), tmp_path, "read").message == f"can't read {tmp_path}: odd"


def test_only_errors_of_the_system_are_turned_into_the_stores(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught, guarded(tmp_path, "read"):
        (tmp_path / "none").read_bytes()
    assert isinstance(caught.value.__cause__, FileNotFoundError)
    with pytest.raises(ZeroDivisionError), guarded(tmp_path, "read"):
        raise ZeroDivisionError


def test_whose_a_store_is(tmp_path: Path) -> None:
    assert Modes.of(tmp_path / "none") == Modes() == Modes(0o700, 0o600)
    for bits, modes in (
        (0o700, Modes()),
        (0o755, Modes()),
        (0o770, Modes(0o770, 0o660)),
        (0o2770, TEAM),
        (0o777, Modes(0o770, 0o660)),
    ):
        tmp_path.chmod(bits)
        assert Modes.of(tmp_path) == modes


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize("modes", [Modes(), TEAM], ids=["own", "team"])
def test_what_is_created_has_the_stores_permissions(tmp_path: Path, modes: Modes) -> None:
    make_store_folder(tmp_path / "a" / "b", modes)
    make_store_folder(tmp_path / "a" / "b", modes)
    write_store_file(tmp_path / "a" / "whole", [b"one", memoryview(b"two")], tmp_path / "a" / "b", modes)
    os.close(create_log(tmp_path / "a" / "log", modes))
    with new_file(tmp_path / "a" / "b", modes) as new:
        new.file.write(b"x")
        new.move_to(tmp_path / "a" / "moved")
    assert (tmp_path / "a" / "whole").read_bytes() == b"onetwo"
    assert {mode(tmp_path / "a"), mode(tmp_path / "a" / "b")} == {modes.folder}
    assert {mode(tmp_path / "a" / name) for name in ("whole", "log", "moved")} == {modes.file}
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_new_folders_are_synced_in_theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    make_store_folder(tmp_path / "a" / "b", Modes())
    assert synced == [str(tmp_path), str(tmp_path / "a")]


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(StoreError, match="can't create the folder"):
        make_store_folder(tmp_path / "a" / "b", Modes())


def test_a_log_is_new_and_only_appended_to(tmp_path: Path) -> None:
    descriptor = create_log(tmp_path / "log", Modes())
    os.write(descriptor, b"one")
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.write(descriptor, b"two")
    os.close(descriptor)
    assert (tmp_path / "log").read_bytes() == b"onetwo"
    with pytest.raises(FileExistsError):
        create_log(tmp_path / "log", Modes())


def test_a_file_that_can_not_be_written_whole_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    final = tmp_path / "final"
    final.write_bytes(b"old")
    refuse_writes(monkeypatch, errno.ENOSPC)
    with pytest.raises(StoreError, match=f"can't write {final}: No space left"):
        write_store_file(final, [b"new" * 10], tmp_path, Modes())
    assert [path.name for path in tmp_path.iterdir()] == ["final"]
    assert final.read_bytes() == b"old"

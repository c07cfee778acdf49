"""Spec files are found with their stamps, and what is wrong with a path is told."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pioneer_build.cache.spec_files import spec_stamps
from pioneer_build.disk import stamp_at

if TYPE_CHECKING:
    from pathlib import Path

    from pioneer_build.disk import Stamp


def found(root: Path, folder: str = "specs") -> tuple[dict[str, Stamp], list[tuple[str, str]]]:
    complaints: list[tuple[str, str]] = []
    return spec_stamps(str(root), folder, lambda *complaint: complaints.append(complaint)), complaints


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path.resolve() / "p"
    (root / "specs" / "deep").mkdir(parents=True)
    for name in ("a.yaml", "z.yaml", "deep/b.yml", "notes.txt", ".hidden.yaml"):
        (root / "specs" / name).write_text(name)
    return root


def test_files_and_stamps_in_order(root: Path) -> None:
    files, complaints = found(root)
    assert list(files) == ["specs/a.yaml", "specs/deep/b.yml", "specs/z.yaml"]
    assert files == {path: stamp_at(str(root / path)) for path in files}
    assert not complaints


@pytest.mark.parametrize("folder", ["specs/", "/specs", "specs/deep", "."])
def test_folders_are_spelled_in_more_than_one_way(root: Path, folder: str) -> None:
    files, _ = found(root, folder)
    start = "specs/deep/" if folder.endswith("deep") else "specs/"
    assert files
    assert all(path.startswith(start) for path in files)


def test_there_is_no_folder(root: Path) -> None:
    assert found(root, "nowhere") == ({}, [])


def test_a_link_to_nowhere_hides_no_other_file(root: Path) -> None:
    (root / "specs" / "broken.yaml").symlink_to("nowhere.yaml")
    files, complaints = found(root)
    assert list(files) == ["specs/a.yaml", "specs/deep/b.yml", "specs/z.yaml"]
    assert complaints == [("specs/broken.yaml", "can't be read: a symbolic link to a file that isn't there")]


def test_a_link_out_of_the_project(root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (root / "specs" / "out.yaml").symlink_to(tmp_path / "outside")
    (root / "specs" / "folder").symlink_to(tmp_path / "outside")
    files, complaints = found(root)
    assert len(files) == 3
    assert complaints == [("specs/out.yaml", "a symbolic link that leaves the project")]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_folder_that_cant_be_read(root: Path) -> None:
    (root / "specs" / "deep").chmod(0)
    files, complaints = found(root)
    (root / "specs" / "deep").chmod(0o700)
    assert list(files) == ["specs/a.yaml", "specs/z.yaml"]
    assert complaints == [("specs/deep", "can't be read: Permission denied")]


def test_a_file_in_the_folders_place(root: Path) -> None:
    files, complaints = found(root, "specs/a.yaml")
    assert files == {}
    assert complaints == [("specs/a.yaml", "can't be read: Not a directory")]

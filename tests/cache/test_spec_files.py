"""Spec files are found with their stamps, and what is wrong with a path is told."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pioneer_build.cache.spec_files import spec_stamps
from pioneer_build.disk.stamps import stamp_at

if TYPE_CHECKING:
    from pathlib import Path

    from pioneer_build.disk.stamps import Stamp


def found(root: Path, folder: str = "specs") -> tuple[dict[str, Stamp], list[tuple[str, str]]]:
    complaints: list[tuple[str, str]] = []
    assert not passed_over(root, folder)
    return spec_stamps(str(root), folder, lambda *complaint: complaints.append(complaint), lambda *_: None), complaints


def passed_over(root: Path, folder: str = "specs") -> list[tuple[str, str]]:
    said: list[tuple[str, str]] = []
    spec_stamps(str(root), folder, lambda *_: None, lambda *one: said.append(one))
    return sorted(said)


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
    (root / ".git").mkdir()
    (root / ".git" / "config").write_text("[http]")
    (root / "specs" / "secret.yaml").symlink_to("../.git/config")
    (root / ".pioneer").mkdir()
    (root / ".pioneer" / "a.yaml").write_text("a: 1")
    (root / "specs" / "own.yaml").symlink_to("../.pioneer/a.yaml")
    files, complaints = found(root)
    assert len(files) == 3
    leaves = "a symbolic link that leaves the project"
    assert sorted(complaints) == [
        ("specs/out.yaml", leaves), ("specs/own.yaml", leaves), ("specs/secret.yaml", leaves)
    ]  # fmt: skip


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


def test_what_is_probably_a_spec_is_passed_over_aloud(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (outside / "deep").mkdir(parents=True)
    (outside / "deep" / "o.yaml").write_text("o")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x.csv").write_text("x")
    specs = root / "specs"
    (specs / "linked").symlink_to(outside)
    (specs / "linked.yaml").symlink_to(outside)
    (specs / "data").symlink_to(tmp_path / "data")
    (specs / "same").symlink_to("deep")
    (specs / "loop").symlink_to("loop")
    for name in ("U.YAML", "t.yml.txt", "x.json", "x.yaml.bak"):
        (specs / name).write_text("x")
    os.mkfifo(specs / "pipe.yaml")
    (specs / "pipe").symlink_to("pipe.yaml")
    assert passed_over(root) == [
        ("specs/U.YAML", "its name must end with .yaml or .yml"),
        ("specs/linked", "it is a linked folder"),
        ("specs/linked.yaml", "it is a linked folder"),
        ("specs/pipe.yaml", "it is not a regular file"),
        ("specs/t.yml.txt", "its name must end with .yaml or .yml"),
    ]


def test_a_large_linked_folder_is_not_searched_for_long(root: Path, tmp_path: Path) -> None:
    many = tmp_path / "many"
    for folder in range(3):
        (many / f"{folder}").mkdir(parents=True)
        for name in range(1000):
            (many / f"{folder}" / f"{name}.txt").touch()
    (root / "specs" / "many").symlink_to(many)
    assert passed_over(root) == []


def test_settings_and_installed_files_are_no_specs(root: Path) -> None:
    for path in ("pioneer.yaml", "specs/pioneer.yaml", "node_modules/a/b.yaml", ".github/c.yml"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("version: 1")
    assert list(found(root, ".")[0]) == ["specs/a.yaml", "specs/deep/b.yml", "specs/z.yaml"]


def test_a_folder_of_specs_that_leaves_the_project(root: Path, tmp_path: Path) -> None:
    """It is a link, or one is on the way; in the project, links may lead where they like."""
    outside = tmp_path / "outside"
    (outside / "specs").mkdir(parents=True)
    (outside / "specs" / "theirs.yaml").write_text("x")
    (root / "linked").symlink_to(outside / "specs")
    (root / "way").symlink_to(outside)
    for folder in ("linked", "way/specs", "linked/"):
        assert found(root, folder) == ({}, [(folder.strip("/"), "a symbolic link that leaves the project")])
    (root / "same").symlink_to("specs")
    assert list(found(root, "same")[0]) == ["same/a.yaml", "same/deep/b.yml", "same/z.yaml"]

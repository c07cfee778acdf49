"""What a `stat` can tell."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from pioneer_build.inputs import InputsSurvey, survey, unchanged
from pioneer_build.inputs.freshness import unchanged_glob
from pioneer_build.spec.model import InlineTexts, InputFiles
from tests.built import age

if TYPE_CHECKING:
    from pathlib import Path

INPUTS = InputFiles("*.txt")


@pytest.fixture
def surveyed(tmp_path: Path) -> InputsSurvey:
    """Two files, written long enough ago for their times to prove something."""
    (tmp_path / "a.txt").write_text("a\n")
    (tmp_path / "b.txt").write_text("b\n")
    age()
    return survey(INPUTS, project_root=tmp_path, spec_path="x.yaml")


def same(root: Path, surveyed: InputsSurvey) -> bool:
    return unchanged(INPUTS, surveyed.files, project_root=root, spec_path="x.yaml")


def test_nothing_changed(tmp_path: Path, surveyed: InputsSurvey) -> None:
    assert same(tmp_path, surveyed)
    assert unchanged(InlineTexts(("a",)), (), project_root=tmp_path, spec_path="x.yaml")


def test_content(tmp_path: Path, surveyed: InputsSurvey) -> None:
    (tmp_path / "a.txt").write_text("c\n")
    assert not same(tmp_path, surveyed)


def test_content_with_its_time_set_back(tmp_path: Path, surveyed: InputsSurvey) -> None:
    before = (tmp_path / "a.txt").stat()
    (tmp_path / "a.txt").write_text("c\n")
    os.utime(tmp_path / "a.txt", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert not same(tmp_path, surveyed)


def test_one_more_file(tmp_path: Path, surveyed: InputsSurvey) -> None:
    (tmp_path / "c.txt").write_text("c\n")
    assert not same(tmp_path, surveyed)


def test_one_file_less(tmp_path: Path, surveyed: InputsSurvey) -> None:
    (tmp_path / "b.txt").unlink()
    assert not same(tmp_path, surveyed)


def test_another_file_in_its_place(tmp_path: Path, surveyed: InputsSurvey) -> None:
    (tmp_path / "c").write_text("a\n")
    (tmp_path / "c").replace(tmp_path / "a.txt")
    assert not same(tmp_path, surveyed)


def test_a_stamp_that_is_not_settled_proves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a\n")
    soon = time.time_ns() + 5_000_000_000
    os.utime(tmp_path / "a.txt", ns=(soon, soon))
    found = survey(INPUTS, project_root=tmp_path, spec_path="x.yaml")
    assert found.files == (("a.txt", None),)
    assert not same(tmp_path, found)


def test_a_glob_by_itself(tmp_path: Path, surveyed: InputsSurvey) -> None:
    assert unchanged_glob(str(tmp_path), "x.yaml", "*.txt", surveyed.files)
    assert not unchanged_glob(str(tmp_path), "x.yaml", "a*.txt", surveyed.files)
    (tmp_path / "c.txt").write_text("c\n")
    assert not unchanged_glob(str(tmp_path), "x.yaml", "*.txt", surveyed.files)


def test_a_file_that_cant_be_asked_for_counts_as_changed(tmp_path: Path, surveyed: InputsSurvey) -> None:
    (tmp_path / "a.txt").unlink()
    (tmp_path / "a.txt").symlink_to("a.txt")
    assert not same(tmp_path, surveyed)

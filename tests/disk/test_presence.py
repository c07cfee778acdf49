"""What is at a path: an answer, and never an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pioneer_build.disk.presence import is_file, is_folder, is_there

if TYPE_CHECKING:
    from pathlib import Path


def test_what_is_at_a_path(tmp_path: Path) -> None:
    file, link, nowhere = tmp_path / "file", tmp_path / "link", tmp_path / "nowhere"
    file.touch()
    link.symlink_to(tmp_path)
    nowhere.symlink_to("gone")

    def found(path: Path) -> tuple[bool, bool, bool]:
        return is_there(path), is_folder(path), is_file(str(path))

    assert found(file) == (True, False, True)
    assert found(tmp_path) == found(link) == (True, True, False)
    assert found(nowhere) == found(tmp_path / "absent") == found(file / "below") == (False, False, False)


@pytest.mark.parametrize("name", ["n" * 300, "a\0b"])
def test_a_name_that_no_file_can_have(tmp_path: Path, name: str) -> None:
    path = f"{tmp_path}/{name}"
    assert (is_there(path), is_folder(path), is_file(path)) == (False, False, False)

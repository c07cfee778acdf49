"""Where the store may not be, and that the setting and its line are named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pioneer_build.errors import Problems
from pioneer_build.project.open import open_project
from pioneer_build.project.store_place import wrong_store_place
from tests.built import home

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path.resolve() / "p"
    (root / "data/specs").mkdir(parents=True)
    home(root, monkeypatch)
    monkeypatch.setenv("HOME", str(tmp_path.resolve()))
    return root


@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        ("pioneer.lock", "pioneer.lock has another purpose in a project"),
        ("Pioneer.LOCK", "pioneer.lock has another purpose in a project"),
        ("pioneer.lock.d/rows", "pioneer.lock.d has another purpose in a project"),
        ("pioneer.yaml", "pioneer.yaml has another purpose in a project"),
        (".pioneer/store", ".pioneer has another purpose in a project"),
        (".gitattributes", ".gitattributes has another purpose in a project"),
        (".git", "it is in a folder of git"),
        ("sub/.git/store", "it is in a folder of git"),
        ("data/specs", "data/specs has another purpose in a project"),
        ("data/specs/rows", "data/specs has another purpose in a project"),
        ("data/other/../specs", "data/specs has another purpose in a project"),
        ("data", "data/specs is in it"),
        (".", "the project itself is in it"),
        ("..", "the project itself is in it"),
        ("/", "the project itself is in it"),
        ("~", "the project itself is in it"),
        ("~/p/pioneer.lock", "pioneer.lock has another purpose in a project"),
        ("link", "data/specs has another purpose in a project"),
    ],
)
def test_a_place_of_something_else(root: Path, written: str, wrong: str) -> None:
    (root / "link").symlink_to("data/specs")
    (root / "pioneer.yaml").write_text(f"version: 1\nspecs: data/specs\nstore: '{written}'\n")
    for _ in range(2):
        with pytest.raises(Problems) as caught:
            open_project(root)
        (problem,) = caught.value.problems
        assert (problem.place, problem.message) == ("pioneer.yaml:3:8", f"'store' must be a folder: {wrong}")
        assert problem.hint == "name a folder of its own, such as store"
    assert not (root / "pioneer.lock").exists()


@pytest.mark.parametrize("written", ["store", "data/store", "data/specs-store", "../store", "~/store", ".cache/x"])
def test_a_folder_of_its_own(root: Path, written: str) -> None:
    (root / "pioneer.yaml").write_text(f"specs: data/specs\nstore: {written}\n")
    assert open_project(root).config.store.is_absolute()


def test_specs_everywhere_leave_room_for_a_store(root: Path) -> None:
    assert wrong_store_place(root / "store", root, ".") is None
    assert wrong_store_place(root, root, ".") is not None

"""A project on disk: its root, its spec files, and what is read of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pioneer_build.errors import PioneerError, Problems
from pioneer_build.paths import cache_folder, find_root, state_folder
from pioneer_build.project.open import open_project
from pioneer_build.project.specs import load_specs, spec_files
from tests.built import age, home, spec_text, write_spec

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path.resolve() / "p"
    root.mkdir()
    home(root, monkeypatch)
    (root / "pioneer.yaml").write_text("version: 1\n")
    return root


def test_the_root_is_above(root: Path) -> None:
    deep = root / "specs" / "a"
    deep.mkdir(parents=True)
    assert find_root(str(deep)) == str(root)
    assert open_project(deep).root == root
    (root / "pioneer.yaml").unlink()
    assert find_root(str(deep)) == str(deep)
    (root / "pioneer.lock").write_text("{}")
    assert find_root(str(deep)) == str(root)


def test_a_folder_that_isnt_there(root: Path) -> None:
    with pytest.raises(PioneerError, match="no such folder"):
        open_project(root / "nowhere")


def test_folders_follow_the_environment() -> None:
    assert str(cache_folder({"XDG_CACHE_HOME": "/c"})) == "/c/pioneer-build"
    assert str(cache_folder({"XDG_CACHE_HOME": "relative", "HOME": "/h"})) == "/h/.cache/pioneer-build"
    assert str(state_folder({"HOME": "/h"})) == "/h/.local/state/pioneer-build"


def test_spec_files(root: Path, tmp_path: Path) -> None:
    for file in ("b.yaml", "a/x.yml", "a/deep/y.yaml", ".hidden.yaml", ".git/z.yaml", "notes.txt"):
        write_spec(root, file, spec_text("x"))
    (root / "specs" / "inside.yaml").symlink_to(root / "specs" / "b.yaml")
    (root / "specs" / "folder.yaml").mkdir()
    files, problems = spec_files(root, "specs/")
    assert list(files) == ["specs/a/deep/y.yaml", "specs/a/x.yml", "specs/b.yaml", "specs/inside.yaml"]
    assert not problems
    outside = tmp_path / "outside.yaml"
    outside.write_text("")
    (root / "specs" / "out.yaml").symlink_to(outside)
    (problem,) = spec_files(root, "specs")[1]
    assert (problem.path, problem.code) == ("specs/out.yaml", "outside")


def test_no_specs_folder(root: Path) -> None:
    assert spec_files(root, "specs") == ({}, [])


def test_all_mistakes_of_all_files_at_once(root: Path) -> None:
    write_spec(root, "a.yaml", spec_text("a", more="lables: [x]\n"))
    write_spec(root, "b.yaml", spec_text("b"))
    write_spec(root, "c.yaml", spec_text("b"))
    with pytest.raises(Problems) as error:
        load_specs(open_project(root))
    assert {problem.path for problem in error.value.problems} == {"specs/a.yaml", "specs/c.yaml"}


def test_files_that_are_right_are_not_read_again_because_of_others(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pioneer_build import parse

    read: list[str] = []
    real = parse.parse_files
    monkeypatch.setattr(parse, "parse_files", lambda paths, where: (read.extend(paths), real(paths, where))[1])
    for name in ("a", "b"):
        write_spec(root, f"{name}.yaml", spec_text(name))
    write_spec(root, "c.yaml", spec_text("c", more="lables: [x]\n"))
    age()
    for _ in range(2):
        with pytest.raises(Problems):
            load_specs(open_project(root))
    assert read == ["specs/a.yaml", "specs/b.yaml", "specs/c.yaml", "specs/c.yaml"]

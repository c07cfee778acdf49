"""Specs that a sparse checkout, a link or an odd name keeps away: whose datasets they have. With the real git."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from pioneer_build.project.left_out import datasets_left_out
from pioneer_build.project.specs import PassedOver
from tests.built import spec_text, write_spec

if TYPE_CHECKING:
    from pathlib import Path

_SPARSE = "it is not in this sparse checkout"


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project in a folder of a repository, with specs in two folders."""
    root = tmp_path.resolve() / "repo" / "a project"
    write_spec(root, "mine/a.yaml", spec_text("a"))
    write_spec(root, "other/b.yaml", spec_text("b", more="renamed_from: was-b\n") + "---\n" + spec_text("c"))
    git(root, "init", "-q", "..")
    git(root, "add", ".")
    git(root, "commit", "-qm", "specs")
    return root


def left_out(root: Path, *names: str, passed_over: tuple[PassedOver, ...] = ()) -> dict[str, str]:
    return datasets_left_out(root, "specs", names, passed_over)


@pytest.mark.parametrize("index", ["--sparse-index", "--no-sparse-index"])
def test_a_sparse_checkout(root: Path, index: str) -> None:
    assert left_out(root, "a", "b", "c") == {}
    git(root, "sparse-checkout", "set", "--cone", index, "specs/mine")
    assert not (root / "specs/other").exists()
    assert left_out(root, "a", "b", "c", "was-b", "gone") == dict.fromkeys(
        ("b", "c", "was-b"), f"specs/other/b.yaml: {_SPARSE}"
    )


def test_a_file_that_is_there_is_read_as_it_is(root: Path) -> None:
    git(root, "sparse-checkout", "set", "--cone", "specs/mine")
    write_spec(root, "other/b.yaml", spec_text("b"))
    assert left_out(root, "b", "c") == {}


def test_a_spec_that_cannot_be_read_may_be_that_of_any_dataset(root: Path) -> None:
    write_spec(root, "other/d.yaml", "no spec")
    git(root, "add", ".")
    git(root, "commit", "-qm", "d")
    git(root, "sparse-checkout", "set", "--cone", "specs/mine")
    assert left_out(root, "b", "gone") == {
        "b": f"specs/other/b.yaml: {_SPARSE}",
        "gone": f"specs/other/d.yaml: {_SPARSE}",
    }


def test_a_clone_that_lacks_the_contents(root: Path, tmp_path: Path) -> None:
    blob = subprocess.run(
        ["git", "rev-parse", "HEAD:./specs/other/b.yaml"], cwd=root, check=True, capture_output=True, text=True
    ).stdout.strip()
    git(root, "sparse-checkout", "set", "--cone", "specs/mine")
    path = root.parent / ".git" / "objects" / blob[:2] / blob[2:]
    path.unlink()
    assert left_out(root, "x") == {"x": f"specs/other/b.yaml: {_SPARSE}"}


def test_a_submodule_that_is_not_checked_out(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "team"
    other.mkdir()
    git(other, "init", "-q")
    (other / "x.yaml").write_text(spec_text("x"))
    git(other, "add", ".")
    git(other, "commit", "-qm", "x")
    git(root, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(other), "specs/team")
    assert left_out(root, "x") == {}
    git(root, "submodule", "deinit", "-q", "-f", "specs/team")
    assert left_out(root, "x") == {"x": "specs/team: it is a submodule that is not checked out"}


def test_what_is_passed_over(root: Path, tmp_path: Path) -> None:
    shared = tmp_path / "shared" / "deep"
    shared.mkdir(parents=True)
    (shared / "s.yaml").write_text(spec_text("s"))
    (root / "specs" / "shared").symlink_to(tmp_path / "shared")
    (root / "specs" / "u.YAML").write_text(spec_text("u"))
    passed_over = (PassedOver("specs/shared", "a link"), PassedOver("specs/u.YAML", "its name"))
    assert left_out(root, "s", "u", "gone", passed_over=passed_over) == {
        "s": "specs/shared: a link",
        "u": "specs/u.YAML: its name",
    }


def test_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert left_out(tmp_path, "a") == {}
    monkeypatch.setenv("PATH", os.devnull)
    assert left_out(tmp_path, "a") == {}

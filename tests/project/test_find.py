"""The folder of a project in a sparse checkout that left out its settings. With the real git."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pioneer_build.errors import PioneerError
from pioneer_build.project.find import find_project
from tests.runner import git

_SO = "so what is wanted and what was built is not known"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository that is a project, with another project in the folder `inner`."""
    root = tmp_path.resolve() / "repo"
    for name in ("", "inner/"):
        (root / name / "specs/a").mkdir(parents=True)
        for file in ("pioneer.yaml", "pioneer.lock", "specs/a/s.yaml"):
            (root / name / file).write_text("x\n")
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "x")
    monkeypatch.chdir(root)
    return root


def refused(start: Path) -> tuple[str, str | None]:
    with pytest.raises(PioneerError) as caught:
        find_project(start)
    return caught.value.message, caught.value.hint


def leave(root: Path, *patterns: str) -> None:
    git(root, "sparse-checkout", "set", "--no-cone", *patterns)


@pytest.mark.parametrize(
    ("patterns", "said", "help_"),
    [
        (["specs"], "pioneer.yaml and pioneer.lock are", "/pioneer.lock /pioneer.yaml"),
        (["specs", "/pioneer.lock"], "pioneer.yaml is", "/pioneer.yaml"),
    ],
)
def test_settings_or_lock_are_left_out(root: Path, patterns: list[str], said: str, help_: str) -> None:
    leave(root, *patterns)
    hint = f"git sparse-checkout add {help_}"
    assert refused(root) == (f"{said} not in this sparse checkout, {_SO}", hint)
    assert refused(root / "specs/a")[1] == hint
    subprocess.run(hint, shell=True, check=True, capture_output=True)
    for start in (root, root / "specs/a"):
        assert find_project(start) == root


def test_a_lock_that_is_left_out_is_for_who_reads_it(root: Path) -> None:
    leave(root, "specs", "/pioneer.yaml")
    assert find_project(root / "specs") == root
    git(root, "sparse-checkout", "disable")
    git(root, "rm", "-q", "pioneer.yaml")
    git(root, "commit", "-qm", "x")
    leave(root, "specs")
    assert find_project(root / "specs") == root


def test_a_project_in_the_project(root: Path) -> None:
    leave(root, "specs", "/pioneer.*")
    assert find_project(root / "specs") == root
    said, hint = refused(root / "inner/specs")
    assert said == f"pioneer.yaml and pioneer.lock are not in this sparse checkout, {_SO}"
    assert hint == "git sparse-checkout add /inner/pioneer.lock /inner/pioneer.yaml"
    subprocess.run(hint, shell=True, check=True, capture_output=True)
    assert find_project(root / "inner/specs") == root / "inner"


def test_a_project_of_its_own_in_a_submodule(root: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "other")
    for file in ("pioneer.yaml", "pioneer.lock", "specs/s.yaml"):
        (tmp_path / "other" / file).parent.mkdir(exist_ok=True)
        (tmp_path / "other" / file).write_text("x\n")
    git(tmp_path / "other", "add", ".")
    git(tmp_path / "other", "commit", "-qm", "x")
    git(root, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(tmp_path / "other"), "sub")
    leave(root / "sub", "specs")
    assert refused(root / "sub/specs")[1] == f"git -C {root / 'sub'} sparse-checkout add /pioneer.lock /pioneer.yaml"
    assert find_project(root) == root


def test_what_was_never_there_is_not_missed(root: Path) -> None:
    git(root, "rm", "-q", "pioneer.yaml")
    git(root, "commit", "-qm", "x")
    leave(root, "specs", "/pioneer.*")
    (root / "new").mkdir()
    assert find_project(root) == root
    assert find_project(root / "new") == root
    git(root, "sparse-checkout", "disable")
    (root / "inner/pioneer.yaml").unlink()
    assert find_project(root / "inner") == root / "inner", "it was removed by hand"


def test_an_ordinary_checkout_starts_no_git(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(root))
    (root / "pioneer.yaml").unlink()
    assert find_project(root / "specs/a") == root
    (root / ".git/info/sparse-checkout").write_text("specs\n")
    said = "git can't say whether pioneer.yaml is in this sparse checkout: git is not installed"
    assert refused(root) == (said, "install git")

"""Texts in files that git keeps out of the work tree: they are missed, and said to be. With the real git."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from pioneer_build.inputs.complaints import Complaints
from pioneer_build.inputs.freshness import unchanged_glob
from pioneer_build.inputs.named_files import find_files
from tests.checkouts import LOCAL, commit, put, repository_with_submodule
from tests.runner import git

SPEC = "specs/l/s.yaml"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with texts in several folders, and in a submodule."""
    texts = ("data/one/x.txt", "data/two/x.txt", "data/two/notes.md", "data/[z].txt", "data/three/.hid/x.txt")
    names = (SPEC, *texts, "data/two/w.csv.dvc")
    root = repository_with_submodule(tmp_path.resolve() / "project", names, "more/sub", ("x.txt", "deep/y.txt"))
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def sparse(root: Path) -> Path:
    git(root, "sparse-checkout", "set", "--cone", "specs", "data/one", "more")
    return root


def said(root: Path, pattern: str) -> list[tuple[str, str | None]]:
    """What is complained of; the second of each is what helps."""
    complaints = Complaints(SPEC, (4, 9))
    find_files(pattern, project_root=root, spec_path=SPEC, complaints=complaints)
    assert {one.code for one in complaints.problems()} <= {"left-out", "no-file", "not-a-file", "pointer"}
    return [(one.message, one.hint) for one in complaints.problems()]


def test_an_ordinary_checkout_starts_no_git(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def started(*_: object, **__: object) -> None:
        raise AssertionError("git was started")

    monkeypatch.setattr(subprocess, "Popen", started)
    for pattern in ("../../data/*/x.txt", "../../**/*.txt", "../../data/one/x.txt", "../../more/sub/*.txt"):
        assert said(root, pattern) == []


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("../../data/*/x.txt", "data/two/x.txt is not in this sparse checkout; ../../data/*/x.txt matches it"),
        ("../../data/two/*.txt", "data/two/x.txt is not in this sparse checkout; ../../data/two/*.txt matches it"),
        ("../../data/two/x.txt", "data/two/x.txt is not in this sparse checkout"),
        ("../../data/two/../two/x.txt", "data/two/x.txt is not in this sparse checkout"),
        ("../../data/two/w.csv", "data/two/w.csv.dvc is not in this sparse checkout"),
        ("../../data/*/*.csv", "data/two/w.csv.dvc is not in this sparse checkout; ../../data/*/*.csv matches it"),
    ],
)
def test_a_file_that_a_sparse_checkout_left_out(sparse: Path, pattern: str, message: str) -> None:
    assert said(sparse, pattern) == [(message, "git sparse-checkout add data/two")]
    git(sparse, "sparse-checkout", "add", "data/two")
    assert "sparse" not in repr(said(sparse, pattern)), "if DVC has it, that is said now"


def test_several(sparse: Path) -> None:
    put(sparse, *[f"data/n{number}/x.txt" for number in range(6)])
    git(sparse, "add", "-A", "--sparse")
    git(sparse, "commit", "-qm", "more")
    git(sparse, "sparse-checkout", "reapply")
    ((message, hint),) = said(sparse, "../../data/*/x.txt")
    assert message == (
        "data/n0/x.txt, data/n1/x.txt, data/n2/x.txt and 4 more files are not in this sparse checkout; "
        "../../data/*/x.txt matches them"
    )
    assert hint == "git sparse-checkout add data"
    git(sparse, "sparse-checkout", "add", "data")
    assert said(sparse, "../../data/*/x.txt") == []


@pytest.mark.parametrize("pattern", ["../../data/one/*.txt", "../../data/*/*.md.gz", "../../data/*/none.txt", "*.txt"])
def test_what_a_glob_would_not_match_is_not_missed(sparse: Path, pattern: str) -> None:
    assert [message for message, _ in said(sparse, pattern) if "checkout" in message] == []


def test_hidden_files_are_missed_only_if_they_would_match(sparse: Path) -> None:
    assert "data/three" not in repr(said(sparse, "../../data/**/x.txt"))
    ((message, _),) = said(sparse, "../../data/*/.hid/*.txt")
    assert message.startswith("data/three/.hid/x.txt is not in this sparse checkout")


def test_a_path_that_looks_like_a_glob(sparse: Path) -> None:
    git(sparse, "sparse-checkout", "set", "--no-cone", "specs", "data/one")
    assert said(sparse, "../../data/[z].txt")[0][0].startswith("data/[z].txt is not in this sparse checkout")


def test_a_cached_survey_does_not_hold(root: Path) -> None:
    """Also if the files that are here are those of the last time: a pull may bring files that are left out."""
    git(root, "rm", "-qr", "data/two")
    commit_of_one = [("data/one/x.txt", None)]
    assert not unchanged_glob(str(root), SPEC, "../../data/*/x.txt", commit_of_one), "its stamp isn't known"
    from pioneer_build.disk.stamps import stamp_at

    seen = [("data/one/x.txt", stamp_at(str(root / "data/one/x.txt")))]
    assert unchanged_glob(str(root), SPEC, "../../data/*/x.txt", seen)
    git(root, "reset", "-q", "--hard")
    git(root, "sparse-checkout", "set", "--cone", "specs", "data/one")
    assert not unchanged_glob(str(root), SPEC, "../../data/*/x.txt", seen)


def test_a_link_to_what_was_left_out(root: Path) -> None:
    (root / "data/one/link.txt").symlink_to("../two/x.txt")
    (root / "linked").symlink_to("data/one")
    (root / "data/two/back.txt").symlink_to("../one/x.txt")
    commit(root)
    git(root, "sparse-checkout", "set", "--cone", "specs", "data/one")
    link = "data/one/link.txt leads to data/two/x.txt, which is not in this sparse checkout"
    assert said(root, "../../data/one/link.txt") == [(link, "git sparse-checkout add data/two")]
    assert said(root, "../../data/*/back.txt")[0][0].startswith("data/two/back.txt is not in this sparse checkout")
    git(root, "sparse-checkout", "set", "--no-cone", "specs", "data/one")
    assert not os.path.lexists(root / "linked")
    for pattern in ("../../linked/*.txt", "../../*/x.txt"):
        assert "linked" in repr(said(root, pattern))
    message = "linked/x.txt leads to linked, which is not in this sparse checkout"
    assert said(root, "../../linked/x.txt") == [(message, "git sparse-checkout add /linked")]
    git(root, "sparse-checkout", "add", "/linked")
    assert said(root, "../../linked/x.txt") == []


def test_a_submodule_that_is_not_checked_out(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(tmp_path, "clone", "-q", str(root), "clone")
    root = tmp_path.resolve() / "clone"
    monkeypatch.chdir(root)
    help_ = "git submodule update --init -- more/sub"
    for pattern in ("../../more/sub/*.txt", "../../**/*.txt", "../../more/*/deep/*.txt"):
        message = f"more/sub is a submodule that is not checked out: it may have files that match {pattern}"
        assert said(root, pattern) == [(message, help_)]
    message = "more/sub/deep/y.txt is in more/sub, a submodule that is not checked out"
    assert said(root, "../../more/sub/deep/y.txt") == [(message, help_)]
    assert said(root, "../../data/*/x.txt") == []
    assert "submodule" not in repr(said(root, "../../more/*.txt"))
    git(root, *LOCAL, "submodule", "update", "--init", "--", "more/sub")
    assert said(root, "../../**/*.txt") == []


def test_a_submodule_that_is_sparse(root: Path) -> None:
    git(root / "more/sub", "sparse-checkout", "set", "--no-cone", "/x.txt")
    for pattern in ("../../more/**/*.txt", "../../more/sub/deep/*.txt"):
        ((message, hint),) = said(root, pattern)
        assert message == f"more/sub/deep/y.txt is not in this sparse checkout; {pattern} matches it"
        assert hint == f"git -C {root / 'more/sub'} sparse-checkout add /deep/y.txt"
    assert said(root, "../../more/sub/*.txt") == []
    assert said(root, "../../data/*/x.txt") == []


def test_git_cannot_say(sparse: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")  # what git's own tests say
    ((message, hint),) = said(sparse, "../../data/*/x.txt")
    assert message.startswith("git can't say which files of ../../data/*/x.txt this checkout leaves out: ")
    assert hint == f"git config --global --add safe.directory {sparse}"
    ((message, _),) = said(sparse, "../../data/two/x.txt")
    assert message == "no such file: data/two/x.txt"

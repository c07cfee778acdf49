"""Specs that a sparse checkout, a link or an odd name keeps away: whose datasets they have. With the real git."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from pioneer_build.parse import parse_files
from pioneer_build.project.left_out_specs import LeftOutSpecs
from pioneer_build.project.specs import PassedOver
from tests.built import spec_text, write_spec
from tests.runner import git

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_SPARSE = "it is not in this sparse checkout"


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
    return LeftOutSpecs(root, "specs", passed_over).datasets(names)


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


def _no_program(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(root))


def _another_owner(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")  # what git's own tests say


def _damaged_index(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root.parent / ".git" / "index").write_bytes(b"garbage")


def _no_index(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root.parent / ".git" / "index").unlink()


def _a_work_tree_without_its_repository(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root.parent / ".git").rename(root.parent / "moved")
    (root.parent / ".git").write_text("gitdir: /nowhere/.git/worktrees/x\n")


def _a_link_to_a_repository_that_is_not_mounted(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root.parent / ".git").rename(root.parent / "moved")
    (root.parent / ".git").symlink_to("/nowhere/.git")


@pytest.mark.parametrize(
    ("fails", "said"),
    [
        (_no_program, "git is not installed"),
        (_another_owner, "dubious ownership"),
        (_damaged_index, "index"),
        (_no_index, "this clone has no index"),
        (_a_work_tree_without_its_repository, "not a git repository"),
        (_a_link_to_a_repository_that_is_not_mounted, "not a git repository"),
    ],
)
def test_git_cannot_say(
    root: Path, monkeypatch: pytest.MonkeyPatch, fails: Callable[[Path, pytest.MonkeyPatch], None], said: str
) -> None:
    git(root, "sparse-checkout", "set", "--cone", "specs/mine")
    fails(root, monkeypatch)
    found = left_out(root, "b", "gone")
    assert set(found) == {"b", "gone"}
    for text in found.values():
        assert text.startswith("specs: git can't say which specs this checkout leaves out: ")
        assert said in text


def test_a_repository_without_a_commit_leaves_nothing_out(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    assert left_out(tmp_path.resolve(), "a") == {}


@pytest.mark.parametrize("path", [".github/x.yaml", "node_modules/x.yaml", "pioneer.yaml"])
def test_what_is_never_a_spec_is_not_left_out(root: Path, path: str) -> None:
    (root / "specs/other" / path).parent.mkdir(exist_ok=True)
    (root / "specs/other" / path).write_text("no: spec\n")
    git(root, "add", "-f", ".")
    git(root, "commit", "-qm", "more")
    git(root, "sparse-checkout", "set", "--cone", "specs/mine")
    assert left_out(root, "b", "gone") == {"b": f"specs/other/b.yaml: {_SPARSE}"}


_NOTHING = "it is a link to nothing that is here"
_LINKED = "it is a linked folder, in which not everything can be read as specs"


@pytest.mark.parametrize("target", ["gone", "specs/gone", "../gone", "team"])
def test_a_link_to_nothing_may_have_any_spec(root: Path, target: str) -> None:
    (root / "specs/mine/team").symlink_to(target if target == "team" else root / target)
    assert left_out(root, "x") == {"x": f"specs/mine/team: {_NOTHING}"}


def test_a_linked_folder_that_may_not_be_mounted(root: Path, tmp_path: Path) -> None:
    share = tmp_path / "share"
    (share / "deep").mkdir(parents=True)
    (root / "specs/team").symlink_to(share)
    assert left_out(root, "x") == {"x": f"specs/team: {_LINKED}"}
    (share / "deep/README").write_text("not mounted")
    assert left_out(root, "x") == {"x": f"specs/team: {_LINKED}"}
    (share / "deep/s.yaml").write_text(spec_text("s"))
    assert left_out(root, "s", "x") == {"s": f"specs/team: {_LINKED}"}
    (share / "more").symlink_to("gone")
    assert left_out(root, "s", "x") == dict.fromkeys("sx", f"specs/team: {_LINKED}")
    (share / "more").unlink()
    (share / "more").mkdir()
    assert left_out(root, "x") == {"x": f"specs/team: {_LINKED}"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_link_into_a_folder_that_cannot_be_read(root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret" / "specs").mkdir(parents=True)
    (root / "specs/team").symlink_to(tmp_path / "secret" / "specs")
    (tmp_path / "secret").chmod(0)
    found = left_out(root, "x")
    (tmp_path / "secret").chmod(0o700)
    assert found == {"x": f"specs/team: {_NOTHING}"}


def test_links_that_keep_no_spec_away(root: Path) -> None:
    (root / "texts").mkdir()
    (root / "texts/t.csv").write_text("text\nx\n")
    (root / "specs/texts").symlink_to("../texts")
    (root / "specs/t.csv").symlink_to("../texts/t.csv")
    (root / "specs/same").symlink_to("mine")
    (root / "specs/.hidden").symlink_to("gone")
    assert left_out(root, "x") == {}
    (root / "specs/t.csv").unlink()
    (root / "texts/t.csv").unlink()  # as an empty submodule
    assert left_out(root, "x") == {"x": f"specs/texts: {_LINKED}"}


def clashes(root: Path, *names: str) -> list[tuple[str, str, str | None]]:
    files = sorted((root / "specs").rglob("*.yaml"))
    specs = parse_files(files, root).specs
    return [(one.place, one.message, one.hint) for one in LeftOutSpecs(root, "specs").clashes(specs, names)]


_AWAY = "which is not in this sparse checkout"


def test_names_that_specs_have_which_are_not_here(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(root, "sparse-checkout", "set", "--cone", "specs/mine")
    write_spec(root, "mine/a.yaml", spec_text("a", more="checks: {no_overlap_with: [B2]}\n"))
    write_spec(root, "mine/B.yaml", spec_text("B") + "---\n" + spec_text("B2", more="renamed_from: c\n"))
    write_spec(root, "mine/d.yaml", spec_text("d", more="renamed_from: was-b\n"))
    assert clashes(root, "zebra") == []
    assert clashes(root, "B", "B2", "c", "d", "was-b") == [
        (
            "specs/mine/B.yaml:2:15",
            "the dataset names 'B' and 'b' differ only in letter case",
            f"first used at specs/other/b.yaml:2:15, {_AWAY}",
        ),
        (
            "specs/mine/B.yaml:14:15",
            "the dataset 'c' still has a spec",
            f"remove 'renamed_from', or the spec at specs/other/b.yaml:10:15, {_AWAY}",
        ),
        (
            "specs/mine/d.yaml:7:15",
            "two specs have `renamed_from: was-b`",
            f"the other is at specs/other/b.yaml:7:15, {_AWAY}",
        ),
    ]
    monkeypatch.setenv("PATH", os.devnull)
    assert clashes(root, "B") == []  # what git can't say is no error


def test_a_spec_that_is_not_here_renames_a_dataset_that_is(root: Path) -> None:
    git(root, "sparse-checkout", "set", "--cone", "specs/mine")
    write_spec(root, "mine/b.yaml", spec_text("was-b"))
    assert clashes(root, "was-b") == [
        (
            "specs/other/b.yaml:7:15",
            "the dataset 'was-b' still has a spec",
            "remove 'renamed_from', or the spec at specs/mine/b.yaml:2:15",
        )
    ]


@pytest.fixture
def team(root: Path, tmp_path: Path) -> Path:
    """A submodule below the specs, with specs in two folders."""
    other = tmp_path / "team"
    for name in ("x", "y"):
        (other / name).mkdir(parents=True)
        (other / name / "s.yaml").write_text(spec_text(name))
    git(other, "init", "-q")
    git(other, "add", ".")
    git(other, "commit", "-qm", "x")
    git(root, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(other), "specs/team")
    git(root, "commit", "-qm", "team")
    return root / "specs/team"


def test_a_submodule_that_is_sparse(root: Path, team: Path) -> None:
    git(team, "sparse-checkout", "set", "--cone", "x")
    assert left_out(root, "a", "y", "gone") == {"y": f"specs/team/y/s.yaml: {_SPARSE}"}
    write_spec(root, "mine/y.yaml", spec_text("y"))
    first = f"first used at specs/team/y/s.yaml:2:15, {_AWAY}"
    assert clashes(root, "y") == [("specs/mine/y.yaml:2:15", "the dataset name 'y' is already used", first)]


def test_a_submodule_that_has_all_specs(root: Path, team: Path) -> None:
    (root / "specs/mine/a.yaml").unlink()
    assert LeftOutSpecs(root, "specs/team").datasets(["x", "gone"]) == {}
    git(team, "sparse-checkout", "set", "--cone", "x")
    assert LeftOutSpecs(root, "specs/team").datasets(["y", "gone"]) == {"y": f"specs/team/y/s.yaml: {_SPARSE}"}
    git(root, "submodule", "deinit", "-q", "-f", "specs/team")
    why = "specs/team: it is a submodule that is not checked out"
    assert LeftOutSpecs(root, "specs/team").datasets(["gone"]) == {"gone": why}
    assert LeftOutSpecs(root, "specs/team/x").datasets(["gone"]) == {"gone": why}


def test_a_repository_below_the_specs_that_nobody_tracks(root: Path, team: Path) -> None:
    (root / "specs/.hidden").mkdir()
    (root / "specs/.hidden/.git").write_text("nonsense")
    team.rename(root / "specs/copy")
    git(root, "rm", "-q", "-f", "--cached", "specs/team")
    (root / "specs/copy/.git").unlink()
    git(root / "specs/copy", "init", "-q")
    git(root / "specs/copy", "add", ".")
    git(root / "specs/copy", "commit", "-qm", "x")
    assert left_out(root, "y", "gone") == {}
    git(root / "specs/copy", "sparse-checkout", "set", "--cone", "x")
    assert left_out(root, "y", "gone") == {"y": f"specs/copy/y/s.yaml: {_SPARSE}"}
    (root / "specs/copy/.git/index").write_bytes(b"garbage")
    said = left_out(root, "gone")["gone"]
    assert said.startswith("specs/copy: git can't say which specs this checkout leaves out: ")


def test_links_that_a_sparse_checkout_left_out(root: Path) -> None:
    here = [f"a project/{one}" for one in ("specs/mine", "texts", "shared")]
    (root / "texts").mkdir()
    (root / "texts/t.csv").write_text("text\nx\n")
    (root / "shared").mkdir()
    (root / "shared/s.yaml").write_text(spec_text("s"))
    (root / "specs/other/t.csv").symlink_to("../../texts/t.csv")
    (root / "specs/other/s.yaml").symlink_to("../../shared/s.yaml")
    git(root, "add", ".")
    git(root, "commit", "-qm", "links")
    git(root.parent, "sparse-checkout", "set", "--cone", *here)
    assert left_out(root, "s", "gone") == {"s": f"specs/other/s.yaml: {_SPARSE}"}
    git(root, "sparse-checkout", "disable")
    (root / "specs/other/team").symlink_to("../../shared")
    git(root, "add", ".")
    git(root, "commit", "-qm", "links")
    git(root.parent, "sparse-checkout", "set", "--cone", *here)
    assert left_out(root, "gone") == {"gone": f"specs/other/team: {_SPARSE}"}


def test_the_folder_of_the_specs_is_a_link_that_was_left_out(root: Path) -> None:
    (root / "specs").rename(root / "real")
    (root / "specs").symlink_to("real")
    git(root, "add", ".")
    git(root, "commit", "-qm", "link")
    git(root.parent, "sparse-checkout", "set", "--no-cone", "a project/real")
    assert not (root / "specs").exists()
    assert left_out(root, "gone") == {"gone": f"specs: {_SPARSE}"}


def test_the_folder_of_the_specs_is_a_link(root: Path) -> None:
    (root / "specs").rename(root / "real")
    (root / "specs").symlink_to("real")
    git(root, "add", ".")
    git(root, "commit", "-qm", "link")
    git(root.parent, "sparse-checkout", "set", "--cone", "a project/real/mine")
    assert left_out(root, "b", "gone") == {"b": f"specs/other/b.yaml: {_SPARSE}"}

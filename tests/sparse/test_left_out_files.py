"""What git says is left out, and whether the command that is named brings it here. With the real git."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from pioneer_build import sparse
from pioneer_build.errors import PioneerError
from tests.checkouts import commit, put, repository_with_submodule
from tests.runner import git


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a submodule in the folder `d`."""
    names = ("a/1", "b/1", "b/deep/2", "d/1", "root")
    top = repository_with_submodule(tmp_path.resolve() / "top", names, "d/sub", ("q/1", "r/1"))
    monkeypatch.chdir(top)
    return top


def everything(_: Path) -> bool:
    return True


def found(place: Path, top: Path) -> list[tuple[str, str]]:
    return sorted((one.path.relative_to(top).as_posix(), one.kind) for one in sparse.left_out_in(place, everything))


def run(command: str) -> None:
    """As a user would."""
    allowed = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "protocol.file.allow", "GIT_CONFIG_VALUE_0": "always"}
    said = subprocess.run(command, shell=True, capture_output=True, text=True, env={**os.environ, **allowed})
    assert said.returncode == 0, said.stderr


def test_a_full_checkout_lacks_nothing(top: Path) -> None:
    assert found(top, top) == []
    assert sparse.tracked(top) == sparse.Tracked((), (top / "d/sub",))


def test_what_a_sparse_checkout_left_out(top: Path) -> None:
    git(top, "sparse-checkout", "set", "--cone", "a", "d")
    assert found(top, top) == [("b/1", "file"), ("b/deep/2", "file")]
    assert found(top / "b", top) == [("b/1", "file"), ("b/deep/2", "file")]
    assert found(top / "b/deep/2", top) == [("b/deep/2", "file")]
    assert found(top / "a", top) == []
    put(top, "b/1")
    assert found(top / "b/deep/2", top) == [("b/deep/2", "file")]


def test_in_a_submodule(top: Path) -> None:
    git(top / "d/sub", "sparse-checkout", "set", "--cone", "q")
    assert found(top, top) == [("d/sub/r/1", "file")]
    assert found(top / "d/sub/r", top) == [("d/sub/r/1", "file")]
    assert list(sparse.left_out_in(top, lambda folder: folder.name != "sub")) == []
    (one,) = sparse.left_out_in(top, everything)
    command = sparse.command_for([one])
    assert command == f"git -C {top / 'd/sub'} sparse-checkout add r"
    run(command)
    assert found(top, top) == []


@pytest.mark.parametrize("how", ["deinit", "a clone", "a sparse clone"])
def test_a_submodule_that_is_not_checked_out(top: Path, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if how == "deinit":
        git(top, "submodule", "deinit", "-q", "-f", "d/sub")
    else:
        git(top.parent, "clone", "-q", str(top), "clone")
        top = top.parent / "clone"
        monkeypatch.chdir(top)
    if how == "a sparse clone":
        git(top, "sparse-checkout", "set", "--cone", "a", "b")
        assert not (top / "d").exists()
        assert found(top, top) == [("d/1", "file"), ("d/sub", "submodule")]
    else:
        assert found(top, top) == [("d/sub", "submodule")]
    assert found(top / "d/sub/q/1", top) == [("d/sub", "submodule")]
    (one,) = sparse.left_out_in(top / "d/sub", everything)
    assert sparse.command_for([one]) == "git submodule update --init -- d/sub"
    run(sparse.command_for([one]))
    assert (top / "d/sub/q/1").exists()
    assert ("d/sub", "submodule") not in found(top, top)


def test_a_submodule_that_was_filled_by_hand(top: Path) -> None:
    git(top, "submodule", "deinit", "-q", "-f", "d/sub")
    put(top / "d/sub", "q/1")
    git(top, "sparse-checkout", "set", "--cone", "a", "b", "d")
    assert found(top, top) == []


def test_a_link(top: Path) -> None:
    (top / "b/link").symlink_to("../a/1")
    (top / "b/folder").symlink_to("../a")
    commit(top)
    git(top, "sparse-checkout", "set", "--cone", "a", "d")
    links = {one.path.name: one for one in sparse.left_out_in(top, everything) if one.kind == "link"}
    assert {name: sparse.leads_to_file(one) for name, one in links.items()} == {
        "link": top / "a/1",
        "folder": None,
    }


def test_git_cannot_say(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(top, "sparse-checkout", "set", "--cone", "a", "d")
    (top / ".git/index").write_bytes(b"garbage")
    with pytest.raises(PioneerError):
        found(top, top)
    for place in (top, top / "b/deep/2"):
        command = sparse.command_for_git(place)
        assert command == 'rm -f "$(git rev-parse --absolute-git-dir)/index" && git reset'
    run(command)
    assert found(top, top) == [("b/1", "file"), ("b/deep/2", "file")]
    assert not (top / "b").exists()
    (top / ".git/index").unlink()
    with pytest.raises(PioneerError):
        found(top, top)
    run(f"cd / && {sparse.command_for_git(top / 'a')}")
    assert found(top, top) == [("b/1", "file"), ("b/deep/2", "file")]
    monkeypatch.setenv("PATH", str(top))
    assert sparse.command_for_git(top) == "install git"


@pytest.mark.parametrize("cone", ["--cone", "--no-cone"])
def test_the_command_brings_it_here(top: Path, cone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    put(top, "a b/x", "[x]*/1", "x/1", *[f"s/{number}/f" for number in range(6)])
    commit(top)
    git(top, "sparse-checkout", "set", cone, "a")
    everywhere = {one.path.relative_to(top).as_posix(): one for one in sparse.left_out_in(top, everything)}
    commands = {
        "b/deep/2": ("b/deep", "/b/deep/2"),
        "a b/x": ("'a b'", "'/a b/x'"),
        "[x]*/1": ("--skip-checks '[x]*'", "'/\\[x\\]\\*/1'"),
        **({"root": ("", "/root")} if cone == "--no-cone" else {}),
    }
    for name, named in commands.items():
        command = sparse.command_for([everywhere[name]])
        assert command == f"git sparse-checkout add {named[cone == '--no-cone']}"
        run(command)
        assert (top / name).is_file()
    assert not (top / "s").exists()
    assert not (top / "x").exists()
    assert not (top / "b/1").exists() or cone == "--cone", "no more than is needed"
    monkeypatch.chdir(top / "a")
    command = sparse.command_for([everywhere["s/1/f"], everywhere["s/2/f"]])
    assert command == f"git -C {top} sparse-checkout add {'s/1 s/2' if cone == '--cone' else '/s/1/f /s/2/f'}"
    run(command)
    assert (top / "s/1/f").is_file()
    assert (top / "s/2/f").is_file()
    monkeypatch.chdir(top)
    command = sparse.command_for([one for name, one in everywhere.items() if name.startswith("s/")])
    assert command == f"git sparse-checkout add {'s' if cone == '--cone' else '/s'}"
    run(command)
    assert len(list((top / "s").iterdir())) == 6
    assert sparse.command_for(list(everywhere.values())) == "git sparse-checkout disable"


def test_a_file_whose_bit_was_set_by_hand(top: Path) -> None:
    git(top, "update-index", "--skip-worktree", "b/1")
    (top / "b/1").unlink()
    assert found(top / "b/1", top) == [], "an ordinary checkout isn't asked"
    (one,) = sparse.tracked(top / "b/1").left_out
    command = sparse.command_for([one])
    assert command == "git update-index --no-skip-worktree -- b/1 && git checkout -- b/1"
    run(command)
    assert (top / "b/1").is_file()


def test_names_that_are_left_out(top: Path) -> None:
    assert sparse.left_out_of(top, ["root", "gone"]) == []
    git(top, "sparse-checkout", "set", "--no-cone", "a")
    assert sparse.left_out_of(top, ["a/1", "gone"]) == []
    (one,) = sparse.left_out_of(top, ["a/1", "b/1"])
    error = sparse.refusal([one], top, "so nothing is done")
    assert error.message == "b/1 is not in this sparse checkout, so nothing is done"
    assert error.hint == "git sparse-checkout add /b/1"
    error = sparse.refusal(sparse.left_out_of(top, ["root", "b/1"]), top, "so nothing is done")
    assert error.message == "root and b/1 are not in this sparse checkout, so nothing is done"
    assert error.hint == "git sparse-checkout add /b/1 /root"
    run(error.hint)
    assert sparse.left_out_of(top, ["root", "b/1"]) == []
    (top / ".git/index").write_bytes(b"garbage")
    (top / "root").unlink()
    with pytest.raises(PioneerError, match="git can't say whether root is in this sparse checkout: "):
        sparse.left_out_of(top, ["root"])


def test_a_name_that_the_package_does_not_have() -> None:
    with pytest.raises(AttributeError):
        sparse.nothing  # noqa: B018

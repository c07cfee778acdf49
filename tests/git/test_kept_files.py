"""What git would wait for without end is seen before it is started."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from pioneer_build.errors import PioneerError
from pioneer_build.git import program
from pioneer_build.git.history import reachable_commits
from pioneer_build.git.kept_files import would_wait_for
from pioneer_build.git.objects import Unreadable, objects
from pioneer_build.git.repository import repository_problem
from tests.runner import git

#: Below the top of the repository. Git opens each for some command.
FILES = [
    ".git/HEAD", ".git/config", ".git/index", ".git/packed-refs", ".git/commondir", ".git/shallow", ".git/FETCH_HEAD",
    ".git/info/exclude", ".git/info/attributes", ".git/objects/info/alternates", ".git", ".gitattributes", ".gitignore",
]  # fmt: skip


@pytest.fixture(autouse=True)
def no_git(monkeypatch: pytest.MonkeyPatch) -> None:
    """Git is not to be started: a test would wait."""

    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("git was started")

    monkeypatch.setattr(program.subprocess, "Popen", refuse)


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """A repository, with a project two folders below."""
    (tmp_path / "deep" / "project").mkdir(parents=True)
    (tmp_path / ".git" / "objects" / "info").mkdir(parents=True)
    (tmp_path / ".git" / "info").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (tmp_path / ".git" / "config").write_text("[core]\n\tbare = false\n")
    return tmp_path.resolve()


def put(path: Path, kind: str) -> None:
    """A pipe, or a link to a device or to a pipe, in place of a file."""
    if path.is_dir():
        path.rename(path.with_name("aside"))
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")


@pytest.mark.parametrize("kind", ["pipe", "device"])
@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_none(top: Path, name: str, kind: str) -> None:
    folder = top / "deep" / "project"
    assert would_wait_for(folder) is None
    put(top / name, kind)
    assert would_wait_for(folder) == str(top / name)
    said = f"git is not run: {top / name} is not a regular file"
    with pytest.raises(PioneerError) as caught:
        reachable_commits(folder, 10)
    assert caught.value.message == said
    problem = repository_problem(folder)
    assert problem is not None
    assert (problem.message, problem.hint) == (said, "replace it by a file, or clone the repository again")
    found = list(objects(folder, ["0" * 40] * 3, contents=True))
    assert found == [Unreadable(said)] * 3


def test_what_a_split_index_names(top: Path) -> None:
    name = f"sharedindex.{'0' * 40}"
    put(top / ".git" / name, "pipe")
    assert would_wait_for(top) == str(top / ".git" / name)


def test_the_branch_that_is_checked_out(top: Path) -> None:
    put(top / ".git" / "refs" / "heads" / "main", "pipe")
    assert would_wait_for(top) == str(top / ".git" / "refs" / "heads" / "main")


@pytest.mark.parametrize(
    "setting",
    [
        "[include]\n\tpath = {path}", '[includeIf "gitdir:/"]\n\tpath = "{path}" ; x', "[include] path={path}",
        '[include]\n\tpath = {path.parent}/a" "pipe', "[include]\n\tpath = {path.parent}/a\\\n pipe",
        '[include]\n\tpath = "{path.parent}/\\"x/../a pipe"', '[includeIf "gitdir:/]/"]path = {path} # x',
        "[core][include]path = {path}", "\ufeff[include] path = {path}", "[include]\r\npath=\\\r\n{path}\r\n",
        "[core]\n\tattributesFile = {path}", "[core]\n\texcludesfile={path}",
    ],
)  # fmt: skip
def test_a_file_that_the_configuration_names(top: Path, setting: str) -> None:
    pipe = top / "a pipe"
    (top / '"x').mkdir()
    (top / ".git" / "more").write_text(setting.format(path=pipe))
    with (top / ".git" / "config").open("a") as file:
        file.write("[include]\n\tpath = more\n\tpath = config\n")
    assert would_wait_for(top) is None
    os.mkfifo(pipe)
    found = would_wait_for(top)
    assert found is not None
    assert os.path.realpath(found) == str(pipe)


def test_a_linked_work_tree_and_the_folder_that_has_its_settings(top: Path) -> None:
    other = top.parent / f"{top.name}-other"
    (top / ".git" / "worktrees" / "other").mkdir(parents=True)
    (top / ".git" / "worktrees" / "other" / "commondir").write_text("../..\n")
    (top / ".git" / "worktrees" / "other" / "HEAD").write_text("ref: refs/heads/other\n")
    other.mkdir()
    (other / ".git").write_text(f"gitdir: {top}/.git/worktrees/other\n")
    assert would_wait_for(other) is None
    for name in ("packed-refs", "refs/heads/other"):
        put(top / ".git" / name, "pipe")
        found = would_wait_for(other)
        assert found is not None
        assert os.path.realpath(found) == str(top / ".git" / name)
        (top / ".git" / name).unlink()


@pytest.mark.parametrize("line", ["{path}", "../../../{name}", '"{path}"', '"\\057{path}/\\056"', "# x\n\n{path}\n"])
def test_other_stores_of_objects_are_followed_as_git_follows_them(top: Path, line: str) -> None:
    """They may be in other repositories, as those of `git clone --shared` are."""
    first, second = top.parent / f"{top.name} first", top.parent / f"{top.name}-second"
    for store in (first, second):
        (store / "info").mkdir(parents=True)
    said = line.format(path=first, name=f"{first.name}")
    (top / ".git" / "objects" / "info" / "alternates").write_text(said)
    (first / "info" / "alternates").write_text(f"{second}\n{top}/.git/objects\n")
    assert would_wait_for(top) is None, "a circle ends"
    put(second / "info" / "alternates", "pipe")
    assert would_wait_for(top) == str(second / "info" / "alternates")


@pytest.mark.parametrize(
    ("said", "name"),
    [("gitdir: {0} \n", "x "), ("gitdir:  {0}\r\n", None), ("gitdir: {0}\t\n\n", "x\t"), ("gitdir: {0}\n\n", "x")],
)
def test_white_space_around_the_path_of_a_repository_is_read_as_git_reads_it(
    top: Path, tmp_path: Path, said: str, name: str | None
) -> None:
    """What git would read is what is looked at: only line ends at the end are no part of the path."""
    work = tmp_path / "work"
    work.mkdir()
    for one in ("x", "x ", "x\t"):
        put(tmp_path / one / "HEAD", "pipe")
    (work / ".git").write_text(said.format(tmp_path / "x"))
    assert would_wait_for(work) == (str(tmp_path / name / "HEAD") if name is not None else None)


def test_white_space_around_the_path_of_the_shared_folder(top: Path, tmp_path: Path) -> None:
    (tmp_path / "shared ").mkdir()
    os.mkfifo(tmp_path / "shared " / "packed-refs")
    (top / ".git" / "commondir").write_text(f"{tmp_path}/shared \r\n")
    assert would_wait_for(top) == f"{tmp_path}/shared /packed-refs"


def test_a_repository_whose_work_tree_is_elsewhere(top: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    put(tmp_path / "elsewhere" / "HEAD", "pipe")
    assert would_wait_for(top) == str(tmp_path / "elsewhere" / "HEAD")


def test_what_somebody_switched_off(top: Path) -> None:
    (top / ".git" / "info" / "exclude").symlink_to("/dev/null")
    assert would_wait_for(top) is None


def test_no_repository(tmp_path: Path) -> None:
    assert would_wait_for(tmp_path) is None
    assert would_wait_for(tmp_path / "not" / "there") is None


def test_a_real_repository_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    git(tmp_path, "init", "-q")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "one")
    assert would_wait_for(tmp_path) is None
    assert len(reachable_commits(tmp_path, 10).commits) == 1
    assert subprocess.run(["git", "status"], cwd=tmp_path, capture_output=True).returncode == 0


def test_a_configuration_that_is_too_long_to_be_looked_at(top: Path) -> None:
    with (top / ".git" / "config").open("a") as file:
        file.write("#" + "x" * 2_000_000 + "\n[include]\n\tpath = more\n")
    assert would_wait_for(top) is None
    os.mkfifo(top / ".git" / "more")
    assert would_wait_for(top) == str(top / ".git" / "more")
    (top / ".git" / "more").unlink()
    for name in ("config", "more", "HEAD"):
        before = (top / ".git" / name).read_bytes() if (top / ".git" / name).exists() else b""
        (top / ".git" / name).write_bytes(before + b" ")
        os.truncate(top / ".git" / name, (16 << 20) + 1)
        assert would_wait_for(top) == str(top / ".git" / name)
        with pytest.raises(PioneerError, match=rf"git is not run: .*/{name} has more than 16 MiB"):
            reachable_commits(top, 10)
        (top / ".git" / name).write_bytes(before)
    assert would_wait_for(top) is None


def test_a_configuration_that_includes_itself_is_read_once(top: Path) -> None:
    with (top / ".git" / "config").open("a") as file:
        file.write("[include]\n" + "path = config\npath = ../.git/config\n" * 1_000)
    assert would_wait_for(top) is None


@pytest.mark.parametrize("setting", ["attributesFile", "excludesFile"])
def test_a_file_that_is_relative_to_the_work_tree(top: Path, setting: str) -> None:
    with (top / ".git" / "config").open("a") as file:
        file.write(f"{setting} = below\n")
    os.mkfifo(top / "below")
    assert would_wait_for(top / "deep" / "project") == str(top / "below")

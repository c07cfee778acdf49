"""Every call of git is calm: nothing is fetched or asked, and what goes wrong is said."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from pioneer_build.errors import PioneerError
from pioneer_build.git.driver import driver_of, merges_with_driver, set_driver
from pioneer_build.git.history import branch_with, reachable_commits
from pioneer_build.git.objects import GitObject, Unreadable, objects
from pioneer_build.git.program import _CALM, run, version
from pioneer_build.git.repository import has_remote, is_in_repository, is_shallow, repository_problem
from pioneer_build.git.revisions import commit_of, commits_before, file_at, files_at, merged_commits
from pioneer_build.git.work_tree import (
    absent_files,
    converts_line_ends,
    has_converted_line_ends,
    ignored_files,
    staged,
    unmerged_files,
    untracked_files,
)
from tests.runner import git


def ids(folder: Path) -> tuple[str, ...]:
    """The ids of all commits that can be reached."""
    return tuple(commit.id for commit in reachable_commits(folder, 10).commits)


def test_no_git(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(PioneerError, match="git is not installed"):
        commit_of(repository, "HEAD")
    assert (version(), is_in_repository(repository), driver_of(repository)) == (None, None, None)
    assert staged(repository, "pioneer.lock", 2) is None
    assert not set_driver(repository)
    assert not merges_with_driver(repository)
    assert ignored_files(repository, ["pioneer.lock"]) == []


def put_git(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A program `git` before the real one."""
    program = folder / "bin" / "git"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")


def test_every_call_is_calm(tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No prompt, no lock, no fetch, nothing to read from a terminal, whichever of the functions asks."""
    log = tmp_path / "log"
    put_git(
        tmp_path,
        monkeypatch,
        "read line && said=$line\n"
        f'echo "$1 $GIT_TERMINAL_PROMPT$GIT_OPTIONAL_LOCKS$GIT_NO_LAZY_FETCH$LC_ALL$said" >>{log}',
    )
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    with pytest.raises(PioneerError):
        commit_of(repository, "HEAD")
    file_at(repository, "x", "0" * 40)
    staged(repository, "x", 2)
    set_driver(repository)
    merges_with_driver(repository)
    ignored_files(repository, ["x"])
    is_in_repository(repository)
    version()
    lines = log.read_text().splitlines()
    assert {line.partition(" ")[2] for line in lines} == {"001C"}
    assert {"rev-parse", "cat-file", "config", "check-attr", "check-ignore", "--version"} <= {
        line.partition(" ")[0] for line in lines
    }


@pytest.mark.parametrize("lazy", ["1", "0"], ids=["git 2.45", "older git, which doesn't know the variable"])
def test_nothing_is_fetched_in_a_partial_clone(
    tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch, lazy: str
) -> None:
    """Earlier states of a clone with `--filter=blob:none` are at its remote, and stay there."""
    source = repository.parents[1]
    git(source, "config", "uploadpack.allowFilter", "true")
    git(source, "config", "uploadpack.allowAnySHA1InWant", "true")
    (repository / "pioneer.lock").write_bytes(b"two")
    git(source, "commit", "-qam", "two")
    git(tmp_path, "clone", "-q", "--filter=blob:none", source.as_uri(), "partial")
    clone = tmp_path / "partial" / repository.relative_to(source)
    monkeypatch.setitem(_CALM, "GIT_NO_LAZY_FETCH", lazy)
    assert file_at(clone, "pioneer.lock", commit_of(clone, "HEAD")) == b"two"
    earlier = commit_of(clone, "HEAD~1")
    with pytest.raises(PioneerError, match="can't read"):
        file_at(clone, "pioneer.lock", earlier)
    assert git(clone, "cat-file", "blob", f"{earlier}:./pioneer.lock").startswith("one")  # it could have been had


def test_a_git_that_does_not_end_is_given_up(tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_git(tmp_path, monkeypatch, "exec sleep 20")
    monkeypatch.setattr("pioneer_build.git.program.TIMEOUT", 0.1)
    with pytest.raises(PioneerError, match="didn't finish within"):
        commit_of(repository, "HEAD")
    assert (version(), staged(repository, "pioneer.lock", 2)) == (None, None)


@pytest.mark.parametrize("then", ["exec sleep 20", "exit 0"], ids=["with git", "after git"])
def test_what_git_started_is_given_up_with_it(
    tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    """It has git's output open."""
    late = tmp_path / "late"
    put_git(tmp_path, monkeypatch, f"(sleep 1.5; touch {late}) &\n{then}")
    for module in ("program", "objects"):
        monkeypatch.setattr(f"pioneer_build.git.{module}.TIMEOUT", 0.3)
    began = time.monotonic()
    with pytest.raises(PioneerError, match="didn't finish within"):
        commit_of(repository, "HEAD")
    assert [type(one) for one in objects(repository, ["HEAD"], contents=True)] == [Unreadable]
    assert time.monotonic() - began < 1.4
    time.sleep(1.6)
    assert not late.exists()


def test_a_git_that_can_not_be_run(tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_git(tmp_path, monkeypatch, "")
    (tmp_path / "bin" / "git").chmod(0o644)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(PioneerError, match="git can't be run: Permission denied"):
        commit_of(repository, "HEAD")
    assert version() is None


def test_what_git_complains_of(tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = commit_of(repository, "HEAD")
    put_git(tmp_path, monkeypatch, 'test "$1" = rev-parse || { echo "fatal: bad\n  object" >&2; exit 128; }')
    with pytest.raises(PioneerError, match=f"git can't read pioneer.lock at {commit[:12]}: fatal: bad object"):
        file_at(repository, "pioneer.lock", commit)


@pytest.mark.parametrize(
    ("says", "why"),
    [
        ("fatal: cannot fork", "fatal: cannot fork"),
        (
            "error: unknown option `batch-check'\nusage: git cat-file",
            "unknown option `batch-check': a newer git is needed",
        ),
    ],
)
def test_a_git_that_fails(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str, why: str
) -> None:
    put_git(tmp_path, monkeypatch, f'echo "{says}" >&2; exit 128'.replace("`", "\\`"))
    found = list(objects(repository, ["a", "b", "c"], contents=False))
    assert len(found) == 3
    assert all(isinstance(one, Unreadable) and one.why.endswith(why) for one in found), found


@pytest.mark.parametrize("unknown", ["", "GIT_NO_LAZY_FETCH"], ids=["any git", "an older git"])
def test_what_a_partial_clone_lacks_is_not_fetched(
    repository: Path, tmp_path: Path, unknown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git would run what the clone's configuration says, to fetch a single object."""
    monkeypatch.delitem(_CALM, unknown, raising=False)
    for number in range(3):
        (repository / "pioneer.lock").write_text(f"{number}")
        git(repository, "commit", "-qam", "more")
    git(repository, "config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--filter=blob:none", (tmp_path / "repo").as_uri(), str(clone))
    git(clone, "config", "remote.origin.uploadpack", f"touch {tmp_path}/pwned; git-upload-pack")
    places = [f"{commit}:./a project/ü/pioneer.lock" for commit in ids(clone)]
    found = list(objects(clone, places, contents=True))
    assert sorted(item.data for item in found if isinstance(item, GitObject)) == [b"2"]
    assert len(found) == 4
    assert file_at(clone / "a project" / "ü", "pioneer.lock", commit_of(clone, "HEAD")) == b"2"
    with pytest.raises(PioneerError):
        file_at(clone / "a project" / "ü", "pioneer.lock", commit_of(clone, "HEAD~1"))
    assert not (tmp_path / "pwned").exists()


def test_the_configuration_of_a_clone_runs_nothing(repository: Path, tmp_path: Path) -> None:
    commands = (
        "core.pager", "pager.rev-list", "pager.cat-file", "core.fsmonitor", "core.editor", "core.askPass",
        "core.sshCommand", "core.alternateRefsCommand", "diff.external", "gpg.program", "alias.rev-list",
        "filter.lfs.smudge", "diff.x.textconv", "merge.x.driver", "credential.helper",
    )  # fmt: skip
    for key in commands:
        git(repository, "config", key, f"touch {tmp_path}/pwned")
    git(repository, "config", "log.showSignature", "true")
    (repository / ".gitattributes").write_text("* filter=lfs diff=x merge=x\n")
    commits = ids(repository)
    assert commits
    assert isinstance(next(objects(repository, [f"{commits[0]}:./pioneer.lock"], contents=True)), GitObject)
    assert branch_with(repository, commits[0]) == "main"
    assert not (tmp_path / "pwned").exists()


def test_places_that_git_sets_for_a_hook_are_not_those_of_the_folder(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a hook of a linked worktree git sets `GIT_DIR` alone, which makes every folder the top of the work tree."""
    git(repository, "worktree", "add", "-q", str(tmp_path / "linked"))
    linked = tmp_path / "linked" / "a project" / "ü"
    git(tmp_path, "init", "-q", "other")
    commit = commit_of(linked, "HEAD")
    for places in (
        {"GIT_DIR": git(linked, "rev-parse", "--absolute-git-dir"), "GIT_PREFIX": "a project/"},
        {"GIT_DIR": str(tmp_path / "other" / ".git"), "GIT_INDEX_FILE": str(tmp_path / "other" / ".git" / "index")},
        {"GIT_DIR": str(tmp_path / "other" / ".git"), "GIT_WORK_TREE": str(tmp_path / "other")},
        {"GIT_OBJECT_DIRECTORY": str(tmp_path / "none"), "GIT_COMMON_DIR": str(tmp_path / "none")},
    ):
        with monkeypatch.context() as patch:
            for name, value in places.items():
                patch.setenv(name, value)
            assert ids(linked) == (commit,), places
            (found,) = objects(linked, [f"{commit}:./pioneer.lock"], contents=True)
            assert isinstance(found, GitObject), places
            assert file_at(linked, "pioneer.lock", commit) == b"one\r\n\x00", places


def test_a_repository_with_its_work_tree_elsewhere(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who names both means both; relative to the folder in which the program was started."""
    top = repository.parents[1]
    (top / ".git").rename(tmp_path / "elsewhere")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_DIR", "elsewhere")
    problem = repository_problem(repository)
    assert problem is not None
    assert (problem.hint or "").startswith("export GIT_WORK_TREE=")
    monkeypatch.setenv("GIT_WORK_TREE", "repo")
    assert repository_problem(repository) is None
    (commit,) = ids(repository)
    assert file_at(repository, "pioneer.lock", commit) == b"one\r\n\x00"


#: Settings that change what git prints. Each of them is one that people have, or that a repository may come with.
PRINTING = {
    "i18n.logOutputEncoding": "UTF-16",
    "i18n.commitEncoding": "UTF-16",
    "core.quotePath": "true",
    "core.abbrev": "4",
    "core.warnAmbiguousRefs": "false",
    "color.ui": "always",
    "color.diff": "always",
    "column.ui": "always",
    "log.abbrevCommit": "true",
    "log.date": "relative",
    "log.decorate": "full",
    "log.follow": "true",
    "log.mailmap": "true",
    "log.showRoot": "false",
    "log.showSignature": "true",
    "format.pretty": "%an",
    "diff.context": "0",
    "diff.mnemonicPrefix": "true",
    "diff.noprefix": "true",
    "diff.relative": "true",
    "diff.renames": "copies",
    "diff.submodule": "log",
    "status.short": "true",
}
#: Variables that do.
VARIABLES = ("GIT_GLOB_PATHSPECS", "GIT_ICASE_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_TRACE", "GIT_TRACE_SETUP")


def all_that_is_read(folder: Path) -> list[object]:
    """What every function that reads git's words makes of this project."""
    head = commit_of(folder, "HEAD")
    commits = reachable_commits(folder, 10)
    return [
        commits,
        commits_before(folder, 10),
        merged_commits(folder),
        branch_with(folder, head),
        [file_at(folder, name, head) for name in ("pioneer.lock", "ö.txt", "nothing")],
        files_at(folder, "speçs", head),
        list(objects(folder, [f"{one.id}:./pioneer.lock" for one in commits.commits], contents=True)),
        ignored_files(folder, ["ignöred", "pioneer.lock"]),
        untracked_files(folder),
        unmerged_files(folder),
        absent_files(folder, "."),
        converts_line_ends(folder, ["ö.txt", "pioneer.lock"]),
        has_converted_line_ends(folder, "ö.txt"),
        (merges_with_driver(folder), driver_of(folder)),
        (is_in_repository(folder), is_shallow(folder), has_remote(folder)),
    ]


@pytest.fixture
def much_to_read(repository: Path) -> Path:
    """A repository with a merge, a tag that signs itself as such, and names that git would quote."""
    (repository / "speçs").mkdir()
    (repository / "speçs" / "ä.yaml").write_text("a")
    (repository / "ö.txt").write_bytes(b"one\n")
    (repository / ".gitignore").write_text("ignöred\n")
    (repository / ".gitattributes").write_text("pioneer.lock merge=pioneer-lock -text\n")
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "zwei: ü")
    git(repository, "checkout", "-qb", "sidé")
    git(repository, "commit", "-q", "--allow-empty", "-m", "side")
    git(repository, "checkout", "-q", "-")
    git(repository, "commit", "-q", "--allow-empty", "-m", "main")
    git(repository, "merge", "-q", "-m", "merge", "sidé")
    (repository / "unträcked").write_text("x")
    set_driver(repository)
    return repository


@pytest.mark.parametrize("setting", [*PRINTING, "all"])
def test_no_setting_changes_what_is_read(much_to_read: Path, setting: str) -> None:
    before = all_that_is_read(much_to_read)
    assert len(before[0].commits) == 5  # type: ignore[attr-defined]
    assert before[7] == ["ignöred"]
    for name, value in PRINTING.items():
        if setting in (name, "all"):
            git(much_to_read, "config", name, value)
    assert all_that_is_read(much_to_read) == before


@pytest.mark.parametrize("variable", VARIABLES)
def test_no_variable_changes_what_is_read(much_to_read: Path, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    before = all_that_is_read(much_to_read)
    monkeypatch.setenv(variable, "1")
    assert all_that_is_read(much_to_read) == before
    with pytest.raises(PioneerError) as caught:
        commit_of(much_to_read, "nothing")
    assert "trace" not in str(caught.value)


def test_what_is_overridden_is_known_to_git(much_to_read: Path) -> None:
    """A value that git doesn't know would end each of its commands."""
    for command in (("log", "-1"), ("show", "HEAD"), ("diff-tree", "-p", "HEAD")):
        assert run(much_to_read, *command).returncode == 0

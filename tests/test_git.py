"""Files at revisions, sides of a merge and the merge driver, with the real git."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from pioneer_build import git as git_module
from pioneer_build.errors import PioneerError, UsageError
from pioneer_build.git import (
    DRIVER,
    branch_with,
    commit_of,
    driver_of,
    file_at,
    files_at,
    is_ignored,
    is_in_repository,
    merged_commits,
    merges_with_driver,
    objects,
    reachable_commits,
    repository_problem,
    set_driver,
    staged,
    version,
)

if TYPE_CHECKING:
    from pathlib import Path


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repo"
    project = root / "a project" / "ü"
    project.mkdir(parents=True)
    git(root, "init", "-q")
    (project / "pioneer.lock").write_bytes(b"one\r\n\x00")
    git(root, "add", ".")
    git(root, "commit", "-qm", "one")
    return project


def test_a_file_at_a_revision_is_its_bytes(repository: Path) -> None:
    (repository / ".gitattributes").write_text("pioneer.lock text eol=lf filter=x diff=x\n")
    git(repository, "config", "filter.x.smudge", "touch /nonexistent/pwned; false")
    git(repository, "config", "diff.x.textconv", "false")
    first = commit_of(repository, "HEAD")
    (repository / "pioneer.lock").write_bytes(b"two")
    git(repository, "commit", "-qam", "two")
    assert file_at(repository, "pioneer.lock", first) == b"one\r\n\x00"
    assert file_at(repository, "pioneer.lock", commit_of(repository, "main")) == b"two"
    assert file_at(repository, "pioneer.lock", commit_of(repository, "HEAD~1")) == b"one\r\n\x00"


def test_files_of_a_folder_at_a_revision(repository: Path) -> None:
    entries = repository / "pioneer.lock.d"
    (entries / "deeper").mkdir(parents=True)
    (entries / "ü \n.json").write_bytes(b"one\r\n\x00")
    (entries / "b.json").write_bytes(b"")
    (entries / "c.json").symlink_to("/etc/hostname")
    (entries / "deeper" / "d.json").write_bytes(b"d")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "split")
    head = commit_of(repository, "HEAD")
    assert files_at(repository, "pioneer.lock.d", head) == {"ü \n.json": b"one\r\n\x00", "b.json": b""}
    assert files_at(repository, "pioneer.lock.d", commit_of(repository, "HEAD~1")) == {}
    assert files_at(repository, "pioneer.lock", head) == {}, "not a folder"


def test_a_file_that_was_not_there(repository: Path) -> None:
    assert file_at(repository, "other", commit_of(repository, "HEAD")) is None


@pytest.mark.parametrize("name", ["--help", "-p", "--output=pwned", "", "a\nb", "a\0b", "--end-of-options", "-"])
def test_an_option_is_no_revision(repository: Path, name: str) -> None:
    with pytest.raises(UsageError):
        commit_of(repository, name)
    assert not (repository / "pwned").exists()


@pytest.mark.parametrize(
    "name", ["nope", "HEAD..HEAD", "main...main", "HEAD:pioneer.lock", ":/", "$(touch pwned)", "HEAD^{tree}", "@{u}"]
)
def test_what_names_no_commit(repository: Path, name: str) -> None:
    with pytest.raises(PioneerError, match=r"can't find the commit|range"):
        commit_of(repository, name)
    assert not (repository / "pwned").exists()


def test_a_branch_whose_name_looks_odd(repository: Path) -> None:
    for name in ("x--upload-pack", "feature/ü", "a;b", "a'b"):
        git(repository, "branch", name)
        assert commit_of(repository, name) == commit_of(repository, "HEAD")


def test_an_annotated_tag_is_its_commit(repository: Path) -> None:
    git(repository, "tag", "-a", "v1", "-m", "v1")
    assert commit_of(repository, "v1") == commit_of(repository, "HEAD")


def test_no_repository_no_commit_no_history(tmp_path: Path, repository: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(PioneerError, match="not in a git repository"):
        commit_of(empty, "HEAD")
    git(empty, "init", "-q")
    with pytest.raises(PioneerError, match="no commit yet"):
        commit_of(empty, "HEAD")
    git(repository, "commit", "-q", "--allow-empty", "-m", "two")
    git(tmp_path, "clone", "-q", "--depth", "1", repository.parent.parent.as_uri(), "shallow")
    with pytest.raises(PioneerError) as caught:
        commit_of(tmp_path / "shallow", "HEAD~1")
    assert "fetch-depth: 0" in (caught.value.hint or "")


def test_no_git(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(PioneerError, match="git is not installed"):
        commit_of(repository, "HEAD")
    assert (version(), is_in_repository(repository), driver_of(repository)) == (None, None, None)
    assert staged(repository, "pioneer.lock", 2) is None
    assert not set_driver(repository)
    assert not merges_with_driver(repository)
    assert not is_ignored(repository, "pioneer.lock")


# -- sides of a merge ----------------------------------------------------------------------------------------------


def test_the_sides_of_a_merge(repository: Path) -> None:
    assert staged(repository, "pioneer.lock", 2) is None, "no merge, no sides"
    lock = repository / "pioneer.lock"
    git(repository, "switch", "-qc", "theirs")
    lock.write_bytes(b"theirs\xff\n")
    git(repository, "commit", "-qam", "theirs")
    git(repository, "switch", "-q", "main")
    lock.write_bytes(b"ours\r\n")
    git(repository, "commit", "-qam", "ours")
    subprocess.run(["git", "merge", "-q", "theirs"], cwd=repository, check=False, capture_output=True)
    sides = (staged(repository, lock.name, 1), staged(repository, lock.name, 2), staged(repository, lock.name, 3))
    assert sides == (b"one\r\n\x00", b"ours\r\n", b"theirs\xff\n")
    assert staged(repository, "other", 2) is None
    git(repository, "add", "pioneer.lock")
    assert staged(repository, "pioneer.lock", 3) is None, "what is resolved has no sides"


def test_the_commits_of_a_merge(repository: Path) -> None:
    assert merged_commits(repository) is None
    base = commit_of(repository, "HEAD")
    for branch in ("one", "two"):
        git(repository, "switch", "-q", "-c", branch, base)
        (repository / branch).write_text("x")
        git(repository, "add", branch)
        git(repository, "commit", "-q", "-m", branch)
    sides = commit_of(repository, "two"), commit_of(repository, "one")
    git(repository, "merge", "-q", "--no-edit", "one")
    assert merged_commits(repository) == (base, *sides)


# -- the merge driver ----------------------------------------------------------------------------------------------


def test_where_there_is_a_repository(repository: Path, tmp_path: Path) -> None:
    assert is_in_repository(repository) is True
    assert is_in_repository(repository.parent.parent / ".git") is False
    assert is_in_repository(tmp_path) is False


def test_the_driver_is_set_once_and_never_over_another(repository: Path) -> None:
    assert driver_of(repository) is None
    assert set_driver(repository)
    assert driver_of(repository) == DRIVER
    for earlier in (DRIVER.replace(" %P", ""), "pioneer-build merge-lock %O %A %B"):
        git(repository, "config", "merge.pioneer-lock.driver", earlier)
        assert set_driver(repository)
        assert driver_of(repository) == DRIVER, "an earlier one of ours doesn't know the path"
    git(repository, "config", "merge.pioneer-lock.driver", "mine %A")
    assert set_driver(repository)
    assert driver_of(repository) == "mine %A"


def test_a_configuration_that_can_not_be_written(repository: Path) -> None:
    (repository.parent.parent / ".git" / "config.lock").write_bytes(b"")  # another git holds it
    assert not set_driver(repository)


def test_what_the_attributes_say(repository: Path) -> None:
    assert not merges_with_driver(repository)
    (repository / ".gitattributes").write_text("pioneer.lock merge=pioneer-lock\n")
    assert merges_with_driver(repository)
    assert not merges_with_driver(repository, "pioneer.lock.d/a.json")
    (repository / ".gitattributes").write_text("pioneer.lock.d/*.json merge=pioneer-lock\n")
    assert merges_with_driver(repository, "pioneer.lock.d/a.json")
    (repository / ".gitattributes").write_text("pioneer.lock merge=union\n")
    assert not merges_with_driver(repository)


def test_what_is_ignored(repository: Path) -> None:
    (repository / ".gitignore").write_text("plan.json\n")
    assert is_ignored(repository, "plan.json")
    assert not is_ignored(repository, "pioneer.yaml")


# -- the program ---------------------------------------------------------------------------------------------------


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
    is_ignored(repository, "x")
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
    monkeypatch.setitem(git_module._CALM, "GIT_NO_LAZY_FETCH", lazy)
    assert file_at(clone, "pioneer.lock", commit_of(clone, "HEAD")) == b"two"
    earlier = commit_of(clone, "HEAD~1")
    with pytest.raises(PioneerError, match="can't read"):
        file_at(clone, "pioneer.lock", earlier)
    assert git(clone, "cat-file", "blob", f"{earlier}:./pioneer.lock").startswith("one")  # it could have been had


def test_a_git_that_does_not_end_is_given_up(tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_git(tmp_path, monkeypatch, "exec sleep 20")
    monkeypatch.setattr("pioneer_build.git._TIMEOUT", 0.1)
    with pytest.raises(PioneerError, match="didn't finish within"):
        commit_of(repository, "HEAD")
    assert (version(), staged(repository, "pioneer.lock", 2)) == (None, None)


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


# -- everything that a clone can reach -----------------------------------------------------------------------------


def test_commits_of_all_branches_tags_and_reflogs(repository: Path) -> None:
    first = commit_of(repository, "HEAD")
    git(repository, "commit", "-q", "--allow-empty", "-m", "thrown away")
    lost = commit_of(repository, "HEAD")
    git(repository, "reset", "-q", "--hard", first)
    for kind in ("switch -qc side", "switch -q --detach"):
        git(repository, *kind.split())
        git(repository, "commit", "-q", "--allow-empty", "-m", kind)
    tip, detached = commit_of(repository, "side"), commit_of(repository, "HEAD")
    assert set(reachable_commits(repository, 10)) == {first, lost, tip, detached}
    assert len(reachable_commits(repository, 2)) == 2
    assert branch_with(repository, first) == "main"
    assert branch_with(repository, tip) == "side"
    assert branch_with(repository, lost) is None
    git(repository, "tag", "kept", lost)
    git(repository, "update-ref", "refs/remotes/origin/HEAD", detached)
    assert branch_with(repository, lost) == "kept"
    assert branch_with(repository, detached) is None


def test_no_commit_and_no_repository(tmp_path: Path) -> None:
    assert reachable_commits(tmp_path, 10) == ()
    git(tmp_path, "init", "-q")
    assert reachable_commits(tmp_path, 10) == ()
    (tmp_path / "x").touch()
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "one")
    git(tmp_path, "switch", "-q", "--orphan", "empty")
    assert len(reachable_commits(tmp_path, 10)) == 1


def test_objects_one_after_the_other(repository: Path) -> None:
    commit = commit_of(repository, "HEAD")
    names = [f"{commit}:./pioneer.lock", f"{commit}:./other", "nonsense", f"{commit}:./"]
    lock, *missing, folder = objects(repository, names, contents=True)
    assert lock is not None
    assert (lock.kind, lock.size, lock.data) == ("blob", 6, b"one\r\n\x00")
    assert missing == [None, None]
    assert folder is not None
    assert folder.kind == "tree"
    (sized,) = objects(repository, [lock.id], contents=False)
    assert sized is not None
    assert (sized.size, sized.data) == (6, b"")
    assert list(objects(repository, [], contents=True)) == []


@pytest.mark.parametrize("unknown", ["", "GIT_NO_LAZY_FETCH"], ids=["any git", "an older git"])
def test_what_a_partial_clone_lacks_is_not_fetched(
    repository: Path, tmp_path: Path, unknown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git would run what the clone's configuration says, to fetch a single object."""
    monkeypatch.delitem(git_module._CALM, unknown, raising=False)
    for number in range(3):
        (repository / "pioneer.lock").write_text(f"{number}")
        git(repository, "commit", "-qam", "more")
    git(repository, "config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--filter=blob:none", (tmp_path / "repo").as_uri(), str(clone))
    git(clone, "config", "remote.origin.uploadpack", f"touch {tmp_path}/pwned; git-upload-pack")
    places = [f"{commit}:./a project/ü/pioneer.lock" for commit in reachable_commits(clone, 10)]
    found = list(objects(clone, places, contents=True))
    assert sorted(item.data for item in found if item is not None) == [b"2"]
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
    commits = reachable_commits(repository, 10)
    assert commits
    assert list(objects(repository, [f"{commits[0]}:./pioneer.lock"], contents=True)) != [None]
    assert branch_with(repository, commits[0]) == "main"
    assert not (tmp_path / "pwned").exists()


# -- which repository ----------------------------------------------------------------------------------------------


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
            assert reachable_commits(linked, 10) == (commit,), places
            (found,) = objects(linked, [f"{commit}:./pioneer.lock"], contents=True)
            assert found is not None, places
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
    (commit,) = reachable_commits(repository, 10)
    assert file_at(repository, "pioneer.lock", commit) == b"one\r\n\x00"


def test_what_keeps_git_from_reading_a_repository(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert repository_problem(repository) is None
    assert repository_problem(tmp_path) is None
    top = repository.parents[1]
    with monkeypatch.context() as patch:  # git's own switch to test this
        patch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
        problem = repository_problem(repository)
        assert problem is not None
        assert "belongs to another user" in problem.message
        assert problem.hint == f"git config --global --add safe.directory {top}"
        with pytest.raises(PioneerError, match="another user"):
            reachable_commits(repository, 10)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", "/nonexistent")
        assert repository_problem(tmp_path) is None, "no repository, so no git is needed"
        with pytest.raises(PioneerError, match="git is not installed"):
            reachable_commits(repository, 10)
    (top / ".git" / "HEAD").write_text("nonsense")
    with pytest.raises(PioneerError, match="git can't read the repository"):
        reachable_commits(repository, 10)


def test_a_link_leads_to_a_file_of_the_same_commit(repository: Path) -> None:
    (repository / "real.json").write_bytes(b"real\n")
    for name, target in (("near", "real.json"), ("far", "../../far.json"), ("out", "/etc/hostname"), ("loop", "loop")):
        (repository / name).symlink_to(target)
    (repository.parents[1] / "far.json").symlink_to("a project/ü/real.json")
    git(repository, "add", "--all")
    git(repository, "commit", "-qm", "links")
    head = commit_of(repository, "HEAD")
    places = [f"{head}:./{name}" for name in ("loop", "near", "out", "far", "none", "real.json")]
    found = [item and item.data for item in objects(repository, places, contents=True, follow_links=True)]
    assert found == [None, b"real\n", None, b"real\n", None, b"real\n"]

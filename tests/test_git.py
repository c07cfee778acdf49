"""Files at revisions, sides of a merge and the merge driver, with the real git."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from pioneer_build import git as git_module
from pioneer_build.errors import PioneerError, UsageError
from pioneer_build.git import (
    DRIVER,
    GitObject,
    Unreadable,
    branch_with,
    commit_of,
    contents,
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
    work_with,
)


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def ids(folder: Path) -> tuple[str, ...]:
    """The ids of all commits that can be reached."""
    return tuple(commit.id for commit in reachable_commits(folder, 10).commits)


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
    assert set(ids(repository)) == {first, lost, tip, detached}
    assert len(reachable_commits(repository, 2).commits) == 2
    assert branch_with(repository, first) == "main"
    assert branch_with(repository, tip) == "side"
    assert branch_with(repository, lost) is None
    git(repository, "tag", "kept", lost)
    git(repository, "update-ref", "refs/remotes/origin/HEAD", detached)
    assert branch_with(repository, lost) == "kept"
    assert branch_with(repository, detached) is None


def test_no_commit_and_no_repository(tmp_path: Path) -> None:
    assert reachable_commits(tmp_path, 10) == ((), None)
    git(tmp_path, "init", "-q")
    assert reachable_commits(tmp_path, 10) == ((), None)
    (tmp_path / "x").touch()
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "one")
    git(tmp_path, "switch", "-q", "--orphan", "empty")
    assert len(ids(tmp_path)) == 1


def test_commits_that_git_is_at_are_on_no_branch(repository: Path, tmp_path: Path) -> None:
    """`git pull URL BRANCH`: before the merge is committed, only git's notes of its work have the other side."""
    top = repository.parents[1]
    forks = []
    for number in range(2):
        fork = tmp_path / f"fork-{number}"
        git(tmp_path, "clone", "-q", str(top), str(fork))
        (fork / "pioneer.lock").write_text(f"{number}")
        git(fork, "add", "--all")
        git(fork, "commit", "-qm", "theirs")
        forks.append((fork, commit_of(fork, "HEAD")))
    (top / "pioneer.lock").write_text("ours")
    git(repository, "add", "--all")
    git(repository, "commit", "-qm", "ours")
    linked = tmp_path / "linked"
    git(repository, "worktree", "add", "-q", "-b", "other", str(linked))
    fork, theirs = forks[0]
    git(linked, "fetch", "-q", str(fork), "HEAD")
    assert theirs in ids(linked)
    assert theirs not in ids(repository), "each work tree has its own"
    assert work_with(linked, theirs) == "FETCH_HEAD"
    assert work_with(repository, theirs) is None
    subprocess.run(["git", "merge", "-q", theirs], cwd=linked, check=False, capture_output=True)
    git(linked, "fetch", "-q", str(top), "main")
    assert theirs in ids(linked)
    assert work_with(linked, theirs) == "MERGE_HEAD"
    git(linked, "merge", "--abort")
    git(linked, "fetch", "-q", str(fork), "HEAD")
    subprocess.run(["git", "cherry-pick", theirs], cwd=linked, check=False, capture_output=True)
    git(linked, "fetch", "-q", str(top), "main")
    assert work_with(linked, theirs) == "CHERRY_PICK_HEAD"
    git(linked, "cherry-pick", "--abort")
    # of several heads, a revision names only the first
    git(linked, "reset", "-q", "--hard", "HEAD~1")
    for number, (fork, one) in enumerate(forks):
        git(linked, "fetch", "-q", str(fork), f"HEAD:refs/heads/fork-{number}")
        assert one in ids(linked)
    merge = Path(git(linked, "rev-parse", "--absolute-git-dir")) / "MERGE_HEAD"
    merge.write_text("".join(f"{one}\n" for _, one in forks))
    for number in range(2):
        git(linked, "branch", "-qD", f"fork-{number}")
    git(linked, "fetch", "-q", str(top), "main")
    assert {one for _, one in forks} <= set(ids(linked))
    merge.write_text("nonsense\n" + "0" * 40 + "\n" + "1" * 40 + "\n")
    assert not {one for _, one in forks} & set(ids(linked))


def test_what_was_fetched_once_may_be_gone(repository: Path, tmp_path: Path) -> None:
    """Git removes what nothing refers to, in any order."""
    fork = tmp_path / "fork"
    git(tmp_path, "clone", "-q", str(repository.parents[1]), str(fork))
    for number in range(2):
        git(fork, "commit", "-q", "--allow-empty", "-m", f"{number}")
    parent = commit_of(fork, "HEAD~1")
    git(repository, "fetch", "-q", str(fork), "HEAD")
    assert parent in ids(repository)
    loose = repository.parents[1] / ".git" / "objects" / parent[:2] / parent[2:]
    loose.unlink()
    assert reachable_commits(repository, 10).problem is None
    assert commit_of(repository, "HEAD") in ids(repository)


def test_a_branch_whose_commit_is_gone(repository: Path) -> None:
    """It is said, and all other branches are searched."""
    git(repository, "switch", "-qc", "lost")
    git(repository, "commit", "-q", "--allow-empty", "-m", "two")
    lost = commit_of(repository, "HEAD")
    git(repository, "switch", "-q", "main")
    (repository.parents[1] / ".git" / "objects" / lost[:2] / lost[2:]).unlink()
    found = reachable_commits(repository, 10)
    assert [commit.id for commit in found.commits] == [commit_of(repository, "HEAD")]
    assert found.problem is not None
    assert found.problem.hint == "git fsck"


def test_objects_one_after_the_other(repository: Path) -> None:
    commit = commit_of(repository, "HEAD")
    names = [f"{commit}:./pioneer.lock", f"{commit}:./other", "nonsense", f"{commit}:./"]
    lock, *missing, folder = objects(repository, names, contents=True)
    assert isinstance(lock, GitObject)
    assert (lock.kind, lock.size, lock.data) == ("blob", 6, b"one\r\n\x00")
    assert missing == [Unreadable(""), Unreadable("")]
    assert isinstance(folder, GitObject)
    assert folder.kind == "tree"
    (sized,) = objects(repository, [lock.id], contents=False)
    assert isinstance(sized, GitObject)
    assert (sized.size, sized.data) == (6, b"")
    assert list(objects(repository, [], contents=True)) == []


def test_objects_that_are_damaged_or_missing(repository: Path) -> None:
    """They are not what isn't there, and what comes after them is read."""
    (repository / "other").write_text("other")
    git(repository, "add", "--all")
    git(repository, "commit", "-qm", "two")
    names = [git(repository, "rev-parse", f"HEAD:./{name}") for name in ("pioneer.lock", "other")]
    file = repository.parents[1] / ".git" / "objects" / names[0][:2] / names[0][2:]
    file.chmod(0o644)
    whole = file.read_bytes()
    file.write_bytes(whole[:20])
    damaged, other = objects(repository, names, contents=True)
    assert isinstance(damaged, Unreadable)
    assert isinstance(other, GitObject)
    file.unlink()
    assert next(objects(repository, names, contents=True)) == Unreadable("")
    assert contents(repository, names) == [None, b"other"]
    with pytest.raises(PioneerError, match=r"git can't read pioneer\.lock at"):
        file_at(repository, "pioneer.lock", commit_of(repository, "HEAD"))


@pytest.mark.parametrize("lost", ["HEAD:./", "HEAD:./entries"])
def test_a_folder_that_git_cannot_read_is_not_empty(repository: Path, lost: str) -> None:
    (repository / "entries").mkdir()
    (repository / "entries" / "a.json").write_text("a")
    git(repository, "add", "--all")
    git(repository, "commit", "-qm", "two")
    commit, tree = commit_of(repository, "HEAD"), git(repository, "rev-parse", lost)
    (repository.parents[1] / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    with pytest.raises(PioneerError, match="git can't read entries at"):
        files_at(repository, "entries", commit)
    if lost == "HEAD:./":
        with pytest.raises(PioneerError, match=r"git can't read pioneer\.lock at"):
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
    monkeypatch.delitem(git_module._CALM, unknown, raising=False)
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
    nowhere = GitObject("", "nowhere", 0)
    found = [
        item.data if isinstance(item, GitObject) and item != nowhere else item
        for item in objects(repository, places, contents=True, follow_links=True)
    ]
    assert found == [nowhere, b"real\n", nowhere, b"real\n", Unreadable(""), b"real\n"]


def test_a_commit_comes_before_the_one_that_it_was_made_from(tmp_path: Path) -> None:
    """Whatever the clocks of their machines said; and a ref of any name is one."""
    git(tmp_path, "init", "-q", "-b", "main")
    commits = []
    for day in ("2026-03-03", "2026-03-02", "2026-03-01"):
        (tmp_path / "file").write_text(day)
        git(tmp_path, "add", "file")
        when = {"GIT_COMMITTER_DATE": f"{day}T00:00:00Z", "GIT_AUTHOR_DATE": f"{day}T00:00:00Z"}
        subprocess.run(["git", "commit", "-qm", day], cwd=tmp_path, env={**os.environ, **when}, check=True)
        commits.append(subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=tmp_path, text=True).strip())
    assert [one.id for one in reachable_commits(tmp_path, 10).commits] == commits[::-1]
    git(tmp_path, "update-ref", "refs/pull/1/head", commits[-1])
    git(tmp_path, "reset", "-q", "--hard", commits[0])
    git(tmp_path, "reflog", "expire", "--expire=now", "--all")
    (tmp_path / ".git" / "ORIG_HEAD").unlink()
    assert [one.id for one in reachable_commits(tmp_path, 10).commits] == commits[::-1]

"""Every commit that a clone can reach, with the real git."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from pioneer_build.git.history import branch_with, reachable_commits, work_with
from pioneer_build.git.revisions import commit_of
from tests.runner import git


def ids(folder: Path) -> tuple[str, ...]:
    """The ids of all commits that can be reached."""
    return tuple(commit.id for commit in reachable_commits(folder, 10).commits)


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

"""Files at a commit, and the commits that a name means.

The name of a revision comes from a command line or a CI variable, so it is never passed as an option: git gets the id
of the commit, and the name itself only after `--end-of-options`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pioneer_build.errors import PioneerError, UsageError
from pioneer_build.git.objects import contents
from pioneer_build.git.places import is_below_repository
from pioneer_build.git.program import answer, complaint_of, run

if TYPE_CHECKING:
    from pathlib import Path


def commit_of(folder: Path, revision: str) -> str:
    """The id of the commit that `revision` names in the repository that `folder` is in.

    Args:
        folder: a folder of the work tree.
        revision: a branch, tag, id, `HEAD~3` or whatever gitrevisions(7) allows for one commit.

    Raises:
        UsageError: it can't be the name of a revision.
        PioneerError: git is not installed, or there is no repository, or no such commit.
    """
    if not revision or revision.startswith("-") or "\0" in revision or "\n" in revision:
        raise UsageError(f"{revision!r} is not a git revision", hint="pass a branch, a tag or a commit")
    done = run(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    # old versions of git print the option itself, too
    commit = done.stdout.decode("ascii", "replace").split()[-1:] if done.returncode == 0 else []
    if commit and len(commit[0]) in (40, 64) and set(commit[0]) <= set("0123456789abcdef"):
        return commit[0]
    raise _no_commit(folder, revision)


def file_at(folder: Path, name: str, commit: str) -> bytes | None:
    """The bytes of the file `name` in `folder` at `commit`; `None` if the commit doesn't have it.

    Args:
        folder: a folder of the work tree.
        name: a file's name, without a folder.
        commit: an id, as returned by `commit_of`.

    Raises:
        PioneerError: git can't read it.
    """
    blob = _listed_at(folder, name, commit)
    if blob is None:
        return None
    read = run(folder, "cat-file", "blob", blob)
    if read.returncode != 0:
        raise PioneerError(f"git can't read {name} at {commit[:12]}: {complaint_of(read)}")
    return read.stdout


def files_at(folder: Path, below: str, commit: str) -> dict[str, bytes]:
    """The bytes of all files directly in the folder `below` at `commit`, by name; empty if there is no such folder.

    Links are passed over.

    Args:
        folder: a folder of the work tree.
        below: the name of a folder in it.
        commit: an id, as returned by `commit_of`.

    Raises:
        PioneerError: git can't read them.
    """
    tree = _listed_at(folder, below, commit, "tree")
    if tree is None:
        return {}
    listed = run(folder, "ls-tree", "-z", "--full-tree", tree)
    if listed.returncode != 0:
        raise PioneerError(f"git can't read {below} at {commit[:12]}: {complaint_of(listed)}")
    blobs: dict[str, str] = {}
    for line in os.fsdecode(listed.stdout).split("\0")[:-1]:
        about, _, name = line.partition("\t")
        mode, kind, blob = about.split(" ")
        if kind == "blob" and mode != "120000":
            blobs[name] = blob
    found: dict[str, bytes] = {}
    for name, data in zip(blobs, contents(folder, tuple(blobs.values())), strict=True):
        if data is None:
            raise PioneerError(f"git can't read {below}/{name} at {commit[:12]}: this clone doesn't have it")
        found[name] = data
    return found


def _listed_at(folder: Path, name: str, commit: str, kind: str | None = None) -> str | None:
    """The id of what has this name in `folder` at `commit`; `None` if the commit has nothing of this name and kind.

    Args:
        folder: a folder of the work tree.
        name: of the file or folder, without a folder.
        commit: an id.
        kind: `blob` or `tree`; by default, either.

    Raises:
        PioneerError: git can't read the folder, so it isn't known.
    """
    listed = run(folder, "ls-tree", "-z", commit, "--", f"./{name}")
    if listed.returncode != 0:
        raise PioneerError(f"git can't read {name} at {commit[:12]}: {complaint_of(listed)}", hint="git fsck")
    about = os.fsdecode(listed.stdout).partition("\t")[0].split(" ")
    return about[2] if len(about) == 3 and kind in (None, about[1]) else None


def merged_commits(folder: Path) -> tuple[str, str, str] | None:
    """If the commit that is checked out merges two others: the ids of their common ancestor, and of both.

    Args:
        folder: a folder of the work tree.

    Raises:
        PioneerError: git can't be run.
    """
    if not is_below_repository(folder):
        return None
    read = run(folder, "rev-parse", "HEAD^1", "HEAD^2")
    if read.returncode != 0:  # there is no second one
        return None
    base = run(folder, "merge-base", "HEAD^1", "HEAD^2")
    ids = [*base.stdout.decode("ascii", "replace").split()[:1], *read.stdout.decode("ascii", "replace").split()]
    return (ids[0], ids[1], ids[2]) if len(ids) == 3 else None


def commits_being_merged(folder: Path) -> tuple[str, str, str] | None:
    """The commits of a merge, cherry-pick, revert or rebase with conflicts: common ancestor, our side and theirs.

    Args:
        folder: a folder of the work tree.

    Raises:
        PioneerError: git can't be run.
    """
    for head, base, theirs in (
        ("MERGE_HEAD", None, "MERGE_HEAD"),
        ("CHERRY_PICK_HEAD", "CHERRY_PICK_HEAD^", "CHERRY_PICK_HEAD"),
        ("REBASE_HEAD", "REBASE_HEAD^", "REBASE_HEAD"),
        ("REVERT_HEAD", "REVERT_HEAD", "REVERT_HEAD^"),
    ):
        if not answer(folder, "rev-parse", "--verify", "--quiet", head):
            continue
        before = answer(folder, "merge-base", "HEAD", head) if base is None else base
        read = run(folder, "rev-parse", "--verify", "--quiet", f"{before}^{{commit}}") if before else None
        ids = [] if read is None or read.returncode != 0 else read.stdout.decode("ascii", "replace").split()
        for side in ("HEAD", theirs):
            ids += (answer(folder, "rev-parse", "--verify", "--quiet", f"{side}^{{commit}}") or "").split()
        return (ids[0], ids[1], ids[2]) if len(ids) == 3 else None
    return None


def commits_before(folder: Path, most: int) -> tuple[str, ...]:
    """The ids of at most `most` commits, from the one that is checked out back: first those of its own branch.

    Args:
        folder: a folder of the work tree.
        most: how many of its branch, and of others that were merged.

    Raises:
        PioneerError: git can't be run.
    """
    found: dict[str, None] = {}
    for which in (("--first-parent",), ()):
        listed = run(folder, "rev-list", *which, f"--max-count={most}", "HEAD", "--")
        found |= dict.fromkeys(listed.stdout.decode("ascii", "replace").split())
    return tuple(found)


def _no_commit(folder: Path, revision: str) -> PioneerError:
    if run(folder, "rev-parse", "--git-dir").returncode != 0:
        return PioneerError(
            f"{folder} is not in a git repository",
            hint="run `git init` and commit pioneer.lock: diff compares revisions in git",
        )
    if ".." in revision:
        return PioneerError(f"'{revision}' is a range, not a commit", hint="pass two revisions: pioneer-build diff A B")
    if revision == "HEAD":
        return PioneerError("this repository has no commit yet", hint="commit specs and pioneer.lock first")
    shallow = run(folder, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true"
    hint = "this clone is shallow: `git fetch --unshallow` (in a workflow: `fetch-depth: 0`)" if shallow else None
    log = "`git log --oneline -- pioneer.lock` lists the commits of the lock"
    return PioneerError(f"git can't find the commit '{revision}'", hint=hint or log)

"""Every commit that a clone can reach, and where one of them is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from pioneer_build.errors import PioneerError
from pioneer_build.git.objects import GitObject, objects
from pioneer_build.git.places import is_below_repository
from pioneer_build.git.program import NEWER_GIT, answer, last_words, run
from pioneer_build.git.repository import repository_problem

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Sequence
    from pathlib import Path


class ReachableCommit(NamedTuple):
    """A commit, and the tree at the top of its files: their ids."""

    id: str
    tree: str


#: What git is doing right now: the other side of a merge (of several, for an octopus), what is picked, reverted or
#: rebased. It needs to be on no branch: `git pull URL BRANCH`, which hosting services recommend for forks.
_UNDER_WAY: Final = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "REBASE_HEAD")
#: What it did before: nothing keeps their commits from being removed.
_BEFORE: Final = ("FETCH_HEAD", "ORIG_HEAD")
#: A fetch of everything lists each branch of the remote.
_MOST_LISTED: Final = 4 * 1024 * 1024


class ReachableCommits(NamedTuple):
    """Commits, newest first. `problem` says why there may be more; `None` if these are all."""

    commits: tuple[ReachableCommit, ...]
    problem: PioneerError | None = None


def reachable_commits(folder: Path, most: int) -> ReachableCommits:
    """At most `most` commits, newest first: of all refs (branches, tags, what was fetched) and reflogs.

    Those that a merge, pick, revert or rebase is at, and that were fetched last, are among them. There are none if
    `folder` is not in a repository. Nothing is fetched: in a shallow clone they end where it ends.

    Raises:
        PioneerError: there is a repository, but git can't read it, or is not installed.
    """
    if (problem := repository_problem(folder)) is not None:
        raise problem
    if not is_below_repository(folder):
        return ReachableCommits(())
    tips = _tips(folder)
    done = _list_commits(folder, most, [one for ids in tips.values() for one in ids])
    problem = None
    if done.returncode != 0:  # what was fetched once may be gone in part
        now = [one for name, ids in tips.items() if name not in _BEFORE for one in ids]
        done = _list_commits(folder, most, now)
        if done.returncode != 0:
            said = last_words(done.stderr) or f"exit code {done.returncode}"
            problem = PioneerError(
                f"git can't list all commits: {said}", hint=None if NEWER_GIT in said else "git fsck"
            )
            done = _list_commits(folder, most, now, "--ignore-missing")  # but all others
        if done.returncode != 0 and problem is not None:
            raise problem
    words = [line.split() for line in done.stdout.decode("ascii", "replace").splitlines()]
    return ReachableCommits(
        tuple(ReachableCommit(*line) for line in words if len(line) == 2 and line[0] != "commit"), problem
    )


def _list_commits(folder: Path, most: int, tips: Sequence[str], *options: str) -> subprocess.CompletedProcess[bytes]:
    # no commit before one that was made from it, whatever the clocks of their authors said
    refs = ("--date-order", "--all", "--reflog", "--stdin")
    typed = "".join(f"{one}\n" for one in tips).encode()
    return run(folder, "rev-list", f"--max-count={most}", "--format=%H %T", *options, *refs, typed=typed)


def _tips(folder: Path) -> dict[str, tuple[str, ...]]:
    """The commits that HEAD, and whatever git notes of its work outside of branches, name: those that are there."""
    named = {name: [name] for name in ("HEAD", *_UNDER_WAY, *_BEFORE)}
    for name in ("MERGE_HEAD", "FETCH_HEAD"):  # as a revision, only their first line counts
        said = answer(folder, "rev-parse", "--git-path", name)
        lines = _head_of(folder / said) if said else []
        named[name] += [
            word for word in (line[:64].split(b"\t")[0].decode("ascii", "replace") for line in lines) if word
        ]
    asked = [(name, one) for name, ones in named.items() for one in dict.fromkeys(ones)]
    found: dict[str, dict[str, None]] = {name: {} for name in named}
    items = objects(folder, [f"{one}^{{commit}}" for _, one in asked], contents=False)
    for (name, _), item in zip(asked, items, strict=True):
        if isinstance(item, GitObject):
            found[name][item.id] = None
    return {name: tuple(ids) for name, ids in found.items()}


def _head_of(file: Path) -> list[bytes]:
    try:
        with file.open("rb") as stream:
            return stream.read(_MOST_LISTED).splitlines()
    except OSError:
        return []


def branch_with(folder: Path, commit: str) -> str | None:
    """A branch that has `commit`: a local one, else a remote-tracking one, else a tag; `None` if none of them has it.

    Args:
        folder: a folder of the work tree.
        commit: an id, as returned by `reachable_commits`.
    """
    for place in ("refs/heads/", "refs/remotes/", "refs/tags/"):
        said = answer(folder, "for-each-ref", "--count=2", f"--contains={commit}", "--format=%(refname)", place)
        names = [line.removeprefix(place) for line in (said or "").splitlines()]
        if named := [name for name in names if not name.endswith("/HEAD")]:
            return named[0]
    return None


def work_with(folder: Path, commit: str) -> str | None:
    """What git is doing, or did last, with `commit` or something that follows it: `MERGE_HEAD`, for example.

    Args:
        folder: a folder of the work tree.
        commit: an id, as returned by `reachable_commits`.
    """
    for name, ids in _tips(folder).items():
        if name not in ("HEAD", "ORIG_HEAD") and any(
            run(folder, "merge-base", "--is-ancestor", commit, one).returncode == 0 for one in ids[:_MOST_ASKED]
        ):
            return name
    return None


#: At most this many of the branches that were fetched last are asked whether they have a commit.
_MOST_ASKED: Final = 20

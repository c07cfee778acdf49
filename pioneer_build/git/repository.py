"""The repository that a folder is in, and what keeps git from reading it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pioneer_build.errors import PioneerError
from pioneer_build.escaping import shell_word
from pioneer_build.git.places import ancestors, is_below_repository
from pioneer_build.git.program import answer, complaint_of, run

if TYPE_CHECKING:
    from pathlib import Path


def folder_in_repository(folder: Path) -> tuple[str, ...]:
    """The names of the folders that lead to `folder` from the top of its work tree."""
    said = run(folder, "rev-parse", "--show-prefix").stdout
    return tuple(os.fsdecode(said).rstrip("\n").split("/")[:-1])


def is_shallow(folder: Path) -> bool:
    """Whether the clone lacks commits (`git clone --depth`)."""
    return answer(folder, "rev-parse", "--is-shallow-repository") == "true"


def has_remote(folder: Path) -> bool:
    """Whether the repository has a remote, which may have branches that weren't fetched."""
    return bool(answer(folder, "config", "--get-regexp", r"^remote\..*\.url$"))


def first_commit(folder: Path) -> str | None:
    """The id of the commit that the repository began with; `None` if there is none, or this clone doesn't have it."""
    said = answer(folder, "rev-list", "--max-parents=0", "HEAD")
    return said.split()[-1] if said and not is_shallow(folder) else None


def is_partial(folder: Path) -> bool:
    """Whether the clone may lack files of its commits (`git clone --filter`)."""
    return bool(answer(folder, "config", "--get-regexp", r"^remote\..*\.promisor$"))


def is_in_repository(folder: Path) -> bool | None:
    """Whether `folder` is in the work tree of a git repository; `None` if git is not installed."""
    found = answer(folder, "rev-parse", "--is-inside-work-tree")
    return None if found is None else found == "true"


def repository_problem(folder: Path) -> PioneerError | None:
    """What keeps git from reading the repository that `folder` is in; `None` if nothing does, or there is none.

    The message says it in words, and the hint is a command.
    """
    if not is_below_repository(folder):
        if not os.getenv("GIT_DIR"):
            return None
        message = "GIT_DIR is set, but not GIT_WORK_TREE to a folder that contains the project"
        return PioneerError(message, hint='export GIT_WORK_TREE="$PWD"   # at the top of the work tree')
    try:
        done = run(folder, "rev-parse", "--git-dir")
    except PioneerError as error:
        missing = "not installed" in error.message
        return PioneerError(error.message, hint="install git" if missing else error.hint or "git rev-parse --git-dir")
    if done.returncode == 0:
        return None
    if b"dubious ownership" in done.stderr or b"unsafe repository" in done.stderr:
        owned = next(one for one in ancestors(folder) if os.path.lexists(one / ".git"))
        message = f"the repository {owned} belongs to another user, so git doesn't read it"
        return PioneerError(message, hint=f"git config --global --add safe.directory {shell_word(str(owned))}")
    if b"GIT_DISCOVERY_ACROSS_FILESYSTEM" in done.stderr:
        message = f"{folder} is a mount of its own, and git doesn't look for a repository above it"
        return PioneerError(message, hint="export GIT_DISCOVERY_ACROSS_FILESYSTEM=1")
    return PioneerError(f"git can't read the repository: {complaint_of(done)}", hint="git rev-parse --git-dir")

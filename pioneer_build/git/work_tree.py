"""The work tree and the index: what git tracks, ignores or left out there, and both sides of a merge."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from pioneer_build.errors import PioneerError
from pioneer_build.git.program import answer, complaint_of, run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

#: What git's index calls the three sides of a merge (gitrevisions(7)).
IndexStage: TypeAlias = Literal[1, 2, 3]
#: The ids of a file's content by stage of the index: the common ancestor, our side, theirs; `None` where there is none.
StageIds: TypeAlias = "tuple[str | None, str | None, str | None]"


def staged(folder: Path, name: str, stage: IndexStage) -> bytes | None:
    """The bytes of a file in git's index during a merge; `None` if there are none, or no git.

    Args:
        folder: a folder of the work tree.
        name: a file's path in it, with `/`.
        stage: 1 for the common ancestor, 2 for our side, 3 for theirs.
    """
    try:
        read = run(folder, "cat-file", "blob", f":{stage}:./{name}", index=True)
    except PioneerError:
        return None
    return read.stdout if read.returncode == 0 else None


def staged_alone(folder: Path, name: str) -> str | None:
    """The id of a file's content in git's index, if it is not unmerged there.

    Args:
        folder: a folder of the work tree.
        name: a file's path in it, with `/`.
    """
    return answer(folder, "rev-parse", "--verify", "--quiet", f":0:./{name}") or None


class AbsentFile(NamedTuple):
    """A file or submodule that git tracks, but that is not in the work tree on purpose.

    `path` is relative to the folder that was asked about, with `/`. `blob` is the id of its content; `None` for a
    submodule. The content of a link is where it leads.
    """

    path: str
    blob: str | None
    is_link: bool = False


def absent_files(folder: Path, *below: str) -> list[AbsentFile]:
    """What a sparse checkout left out below some folders, and the submodules there.

    Args:
        folder: a folder of the work tree.
        below: folders or files in it, relative, with `/`; they needn't exist.

    Raises:
        PioneerError: git doesn't say: it is not installed, refuses to read the repository, or its index is damaged.
    """
    listed = run(folder, "--literal-pathspecs", "ls-files", "-z", "-t", "--stage", "--", *below)
    if listed.returncode != 0:
        raise PioneerError(complaint_of(listed))
    if not listed.stdout and answer(folder, "rev-parse", "--verify", "--quiet", "HEAD"):
        index = answer(folder, "rev-parse", "--git-path", "index")
        if not index or not (folder / index).exists():  # git takes it for an empty one
            raise PioneerError("this clone has no index")
    found = []
    for line in os.fsdecode(listed.stdout).split("\0")[:-1]:
        about, _, path = line.partition("\t")
        tag, mode, blob, _stage = about.split(" ")
        if mode == "160000":
            found.append(AbsentFile(path, None))
        elif tag == "S":  # skip-worktree
            found.append(AbsentFile(path, blob, is_link=mode == "120000"))
    return found


def is_sparse(folder: Path) -> bool:
    """Whether the checkout that `folder` is in is sparse now."""
    return answer(folder, "config", "--bool", "--get", "core.sparseCheckout") == "true"


def unmerged_files(folder: Path, *below: str) -> dict[str, StageIds]:
    """The files that are unmerged in git's index, relative to `folder`, with what it has of each. None without git.

    Args:
        folder: a folder of the work tree.
        below: folders or files in it, relative, with `/`; they needn't exist.
    """
    try:
        listed = run(folder, "--literal-pathspecs", "ls-files", "-z", "--unmerged", "--", *below, index=True)
    except PioneerError:
        return {}
    stages: dict[str, dict[str, str]] = {}
    for line in os.fsdecode(listed.stdout).split("\0")[:-1]:
        about, _, path = line.partition("\t")
        _mode, blob, stage = about.split(" ")
        stages.setdefault(path, {})[stage] = blob
    return {path: (found.get("1"), found.get("2"), found.get("3")) for path, found in stages.items()}


def is_by_folders(folder: Path) -> bool:
    """Whether the sparse checkout that `folder` is in is one of whole folders ("cone mode")."""
    return answer(folder, "config", "--bool", "--get", "core.sparseCheckoutCone") == "true"


def ignored_files(folder: Path, paths: Sequence[str]) -> list[str]:
    """Those of some files that git ignores, and doesn't track. None without git or a repository.

    Args:
        folder: a folder of the work tree.
        paths: the files, relative to it; they needn't exist.
    """
    typed = b"".join(os.fsencode(path) + b"\0" for path in paths)
    try:
        said = run(folder, "check-ignore", "-z", "--stdin", typed=typed)
    except PioneerError:
        return []
    return os.fsdecode(said.stdout).split("\0")[:-1]


def untracked_files(folder: Path, *below: str) -> list[str]:
    """The files that git neither tracks nor ignores, relative to `folder`. None without git or a repository.

    Args:
        folder: a folder of the work tree.
        below: folders or files in it, relative, with `/`; they needn't exist.
    """
    try:
        listed = run(
            folder, "--literal-pathspecs", "ls-files", "-z", "--others", "--exclude-standard", "--", *below, index=True
        )
    except PioneerError:
        return []
    return os.fsdecode(listed.stdout).split("\0")[:-1]


def converts_line_ends(folder: Path, paths: Sequence[str]) -> list[str]:
    """Those of some files whose line ends git may convert, here or on a machine with `core.autocrlf`.

    Only files with the attribute `-text` (which `binary` sets) are never converted.

    Args:
        folder: a folder of the work tree.
        paths: the files, relative to it.
    """
    try:
        said = run(
            folder, "check-attr", "-z", "--stdin", "text", typed=b"".join(os.fsencode(one) + b"\0" for one in paths)
        )
    except PioneerError:
        return []
    words = os.fsdecode(said.stdout).split("\0")
    return [path for path, value in zip(words[::3], words[2::3], strict=False) if value != "unset"]


def has_converted_line_ends(folder: Path, path: str) -> bool:
    """Whether the line ends of a file in the work tree are others than in the index, and git made them so.

    Args:
        folder: a folder of the work tree.
        path: the file, relative to it.
    """
    said = answer(folder, "--literal-pathspecs", "ls-files", "--eol", "--", path) or ""
    # "i/lf    w/crlf  attr/text=auto  \tpath"
    words = said.partition("\t")[0].split()
    return len(words) > 1 and words[0][:2] == "i/" and words[0][2:] != words[1][2:] and "attr/-text" not in words

"""Files as they were at a revision, read with the git program.

Reading only: no hooks, filters or text conversion run, and nothing is fetched. A revision's name comes from a command
line or a CI variable, so it is never taken for an option: git gets the commit's own id, and the name itself only after
`--end-of-options`.
"""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Final

from pioneer_build.errors import PioneerError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

#: No prompts, no lock files for the sake of speed, no fetching of what a partial clone lacks, messages in English.
_CALM: Final = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "LC_ALL": "C",
}


def commit_of(folder: Path, revision: str) -> str:
    """The id of the commit that `revision` names in the repository that `folder` is in.

    Args:
        folder: a folder of the work tree.
        revision: a branch, tag, id, `HEAD~3` or whatever gitrevisions(7) allows for one commit.

    Raises:
        UsageError: it can't be a revision's name.
        PioneerError: there is no git, no repository, or no such commit.
    """
    if not revision or revision.startswith("-") or "\0" in revision or "\n" in revision:
        raise UsageError(f"{revision!r} is no git revision", hint="give a branch, a tag or a commit")
    done = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    # old versions of git print the option itself, too
    commit = done.stdout.decode("ascii", "replace").split()[-1:] if done.returncode == 0 else []
    if commit and len(commit[0]) in (40, 64) and set(commit[0]) <= set("0123456789abcdef"):
        return commit[0]
    raise _no_commit(folder, revision)


def file_at(folder: Path, name: str, commit: str) -> bytes | None:
    """The bytes of the file `name`, which is in `folder`, at `commit`; `None` where it wasn't there.

    Args:
        folder: a folder of the work tree.
        name: a file's name, without a folder.
        commit: an id, as `commit_of` gives it.

    Raises:
        PioneerError: git can't read it.
    """
    found = _git(folder, "rev-parse", "--verify", "--quiet", f"{commit}:./{name}")
    if found.returncode != 0:
        return None
    blob = found.stdout.decode("ascii", "replace").strip()
    read = _git(folder, "cat-file", "blob", blob)
    if read.returncode != 0:
        raise PioneerError(f"git can't read {name} at {commit[:12]}: {_said(read)}")
    return read.stdout


def _no_commit(folder: Path, revision: str) -> PioneerError:
    if _git(folder, "rev-parse", "--git-dir").returncode != 0:
        return PioneerError(
            f"{folder} is in no git repository", hint="`git init`, and commit pioneer.lock: diff compares what git has"
        )
    if ".." in revision:
        return PioneerError(f"'{revision}' is a range, not a commit", hint="give two revisions: pioneer-build diff A B")
    if revision == "HEAD":
        return PioneerError("this repository has no commit yet", hint="commit specs and pioneer.lock first")
    shallow = _git(folder, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true"
    hint = "this clone is shallow: `git fetch --unshallow` (in a workflow: `fetch-depth: 0`)" if shallow else None
    return PioneerError(f"git knows no commit '{revision}'", hint=hint or "`git log --oneline -- pioneer.lock`")


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(  # noqa: S603 - a list, no shell
            ["git", *arguments],  # noqa: S607 - the user's own git
            cwd=folder,
            env={**os.environ, **_CALM},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        raise PioneerError(
            "the program git was not found", hint="install git: earlier states are read with it"
        ) from None
    except OSError as error:
        raise PioneerError(f"git can't be run: {error.strerror}") from None


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    return " ".join(done.stderr.decode("utf-8", "replace").split())[:200] or f"it ended with {done.returncode}"

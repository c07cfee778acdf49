"""What changed between two states of the lock: of git revisions, or of the working tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.diff.locks import diff_locks
from pioneer_build.diff.state import State
from pioneer_build.errors import LockError, PioneerError
from pioneer_build.git.revisions import commit_of
from pioneer_build.lock.model import Lock
from pioneer_build.operations.locked_rows import locked_lines
from pioneer_build.project.lock_at import lock_at
from pioneer_build.results.diff import DiffResult
from pioneer_build.rows import parse_line
from pioneer_build.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pioneer_build.diff.locks import Reader
    from pioneer_build.diff.rows import RowLines
    from pioneer_build.lock.model import Entry
    from pioneer_build.project.open import Project


def diff(project: Project, revisions: Sequence[str], *, backend: str | None, samples: int) -> DiffResult:
    """Compares two states of the project's lock, and their rows if both are in the store.

    Args:
        project: an opened project.
        revisions: at most two git revisions, the earlier state and the later one. Without the second, the later state
            is the working tree; without any, the earlier state is the last commit.
        backend: compare only the datasets of this backend.
        samples: number of changed rows of each kind in the result.

    Raises:
        LockError: a lock can't be read.
        PioneerError: there is no such revision.
    """
    old = state_at(project, revisions[0] if revisions else "HEAD")
    new = state_at(project, revisions[1]) if len(revisions) == 2 else state_now(project)
    reader = kept_rows(Store(project.config.store))
    return DiffResult(diff_locks(old.lock, new.lock, reader, backend=backend, samples=samples), old, new)


def state_now(project: Project) -> State:
    """The lock in the working tree.

    Raises:
        LockError: it can't be read.
    """
    lock = project.lockfile.read()
    if project.lockfile.stamp() is None:
        return State(lock, None, None, "absent")
    return State(lock, None, None, "conflicted" if project.lockfile.conflicted else "present")


def state_at(project: Project, revision: str) -> State:
    """The lock at a git revision.

    Raises:
        LockError: it can't be read; the message says where.
        PioneerError: there is no such revision.
    """
    commit = commit_of(project.root, revision)
    try:
        found = lock_at(project.root, commit)
    except LockError as error:
        hint = error.hint if error.hint is not None and "upgrade" in error.hint else "compare with another revision"
        raise LockError(f"at {revision}: {error.message}", hint=hint) from None
    if found is None:
        return State(Lock(), revision, commit, "absent")
    return State(found.lock, revision, commit, "conflicted" if found.conflicted else "present")


def kept_rows(store: Store) -> Reader:
    """Reads the rows of entries from `store`; either all of them, undamaged and in normal form, or none."""

    def read(entry: Entry) -> RowLines | str:
        try:
            locked_lines(entry, store)
            for digest in entry.content_digests:
                store.check(digest, parse_line)
        except PioneerError as error:
            return error.message
        return lambda: locked_lines(entry, store)

    return read

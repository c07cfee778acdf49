"""States of the lock to compare: of a git revision, or of the working tree; and the rows that they name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.diff.state import State
from pioneer_build.errors import LockError, PioneerError
from pioneer_build.lock.conflict import is_conflicted, sides
from pioneer_build.lock.merge import merge
from pioneer_build.lock.model import Lock
from pioneer_build.lock.text import read_lock
from pioneer_build.operations.locked_rows import locked_lines
from pioneer_build.project.lock_file import LOCK_NAME
from pioneer_build.revisions import commit_of, file_at

if TYPE_CHECKING:
    from pioneer_build.diff.locks import Reader
    from pioneer_build.diff.rows import Lines
    from pioneer_build.lock.model import Entry
    from pioneer_build.project.open import Project
    from pioneer_build.store import Store


def state_now(project: Project) -> State:
    """The lock as it stands in the working tree.

    Raises:
        LockError: it can't be read.
    """
    lock = project.lockfile.read()
    if project.lockfile.signature() is None:
        return State(lock, None, None, "absent")
    text = project.lockfile.path.read_text("utf-8")
    return State(lock, None, None, "conflicted" if is_conflicted(text) else "present")


def state_at(project: Project, revision: str) -> State:
    """The lock as it was at a git revision.

    Raises:
        LockError: it can't be read; the message says where.
        PioneerError: there is no such revision.
    """
    commit = commit_of(project.root, revision)
    data = file_at(project.root, LOCK_NAME, commit)
    if data is None:
        return State(Lock(), revision, commit, "absent")
    try:
        text = data.decode("utf-8")
        if is_conflicted(text):
            ours, theirs = sides(text)
            return State(merge(read_lock(ours), read_lock(theirs)), revision, commit, "conflicted")
        return State(read_lock(text), revision, commit, "present")
    except UnicodeDecodeError:
        raise LockError(f"at {revision}: {LOCK_NAME} is not UTF-8") from None
    except LockError as error:
        hint = error.hint if error.hint is not None and "upgrade" in error.hint else "compare with another revision"
        raise LockError(f"at {revision}: {error.message}", hint=hint) from None


def kept_rows(store: Store) -> Reader:
    """Reads the rows that entries name from `store`; whole and undamaged, or not at all."""

    def read(entry: Entry) -> Lines | str:
        try:
            locked_lines(entry, store)
            named = [entry.labelling.content] if entry.labelling is not None else [job.rows for job in entry.readable()]
            for digest in named:
                next(iter(store.lines(digest or "")), None)
        except PioneerError as error:
            return error.message
        return lambda: locked_lines(entry, store)

    return read

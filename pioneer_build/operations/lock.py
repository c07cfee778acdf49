"""Stores the lock as one file per dataset, or as one file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.errors import PioneerError
from pioneer_build.escaping import shell_word
from pioneer_build.git.repository import is_in_repository
from pioneer_build.git.work_tree import ignored_files
from pioneer_build.lock.split import SPLIT_FOLDER, entry_path
from pioneer_build.operations.init.project_files import check_lines_for_git, write_lines_for_git
from pioneer_build.paths import state_folder
from pioneer_build.project.run_lock import ProjectHold
from pioneer_build.results.lock import LockLayoutResult
from pioneer_build.sparse.signs import is_in_checkout
from pioneer_build.wording import count

if TYPE_CHECKING:
    from collections.abc import Callable

    from pioneer_build.project.open import Project


def convert_lock(project: Project, *, split: bool, waiting: Callable[[str], None]) -> LockLayoutResult:
    """Converts the lock. No entry changes, and a lock of which both forms are there becomes one again.

    Args:
        project: an opened project.
        split: whether it is split from now on.
        waiting: called with the holder of the project, if another run holds it.

    Raises:
        LockError: the lock can't be read, written or split.
        PioneerError: git ignores the files of a split lock, or the lines for git can't be written.
    """
    with ProjectHold(project.root, state_folder(), waiting):
        paths = [entry_path(name) for name in ("x", *project.lockfile.dataset_names())] if split else []
        if ignored := ignored_files(project.root, paths):
            hint = f"`git check-ignore -v {shell_word(ignored[0])}` shows the line to remove"
            what = f"{SPLIT_FOLDER}/" if entry_path("x") in ignored else ignored[0]
            raise PioneerError(f"git ignores {what}, so a split lock would not be committed", hint=hint)
        if split:
            check_lines_for_git(project.root)
        changed = project.lockfile.convert(split=split)
        exists = project.lockfile.stamp() is not None
        extended: tuple[str, ...] = ()
        if split and exists and is_in_repository(project.root):
            extended = write_lines_for_git(project.root)
    return LockLayoutResult(
        split,
        exists,
        changed,
        len({name for name, _ in project.lockfile.read().entries}),
        extended,
        setting_differs=project.config.split_lock != split,
    )


def ignored_note(project: Project) -> tuple[str, str] | None:
    """What to say if git ignores files of the lock that were just written, and the command that shows why.

    Raises:
        LockError: the lock can't be accessed.
    """
    if not is_in_checkout(project.root):
        return None
    ignored = ignored_files(project.root, project.lockfile.files())
    if not ignored:
        return None
    more = f" and {count(len(ignored) - 1, 'other file')} of the lock" if len(ignored) > 1 else ""
    return (
        f"git ignores {ignored[0]}{more}: `git add` leaves out what other people and CI then build again",
        f"git check-ignore -v {shell_word(ignored[0])}   # shows the line to remove",
    )


def layout_note(project: Project) -> tuple[str, str] | None:
    """What to say if pioneer.yaml wants the lock to be stored in another way than it is, and the command that helps."""
    wanted, lockfile = project.config.split_lock, project.lockfile
    if lockfile.is_split == wanted or lockfile.stamp() is None:
        return None
    if wanted:
        return "pioneer.yaml has `lock: split`, but pioneer.lock is one file, and stays one", "pioneer-build lock split"
    return (
        "pioneer.lock is split, but pioneer.yaml has no `lock: split`: add it, or join the lock",
        "pioneer-build lock join",
    )

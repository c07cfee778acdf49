"""Where other journals of this user are. None is read, so that a plan of what changed needn't import what reads one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pioneer_build.disk.presence import is_file
from pioneer_build.journal.log_presence import LOG, begins_with, is_gone, obstacle
from pioneer_build.paths import APP, journal_copies

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pioneer_build.project.open import Project


def more_may_be_known(project: Project) -> bool:
    """Whether a journal may know more than a cached plan: another one, or one that is gone or can't be written. Cheap.

    A plan that was cached before there was a journal holds again once both lock and journal are gone.
    """
    folder = project.journal_folder
    if is_gone(folder, project.journal_copy) or obstacle(folder) is not None:
        return True
    return next(other_logs(project), None) is not None


def kept_where_it_is_ignored(project: Project, environ: Mapping[str, str] = os.environ) -> Path | None:
    """The journal below a relative XDG_STATE_HOME, which is ignored; `None` if there is none."""
    value = environ.get("XDG_STATE_HOME", "")
    if not value or value.startswith("/"):
        return None
    for start in (Path.cwd(), project.root):
        path = start / value / APP / "journal" / LOG
        if is_file(path):
            return path
    return None


def other_logs(project: Project) -> Iterator[Path]:
    """The logs of other journals, and copies of logs that are gone. The local engine's are each project's own."""
    if project.config.in_process:
        return
    if (ignored := kept_where_it_is_ignored(project)) is not None:
        yield ignored
    if (mine := project.journal_copy) is None:
        return
    try:
        with os.scandir(journal_copies()) as files:
            names = sorted(file.name for file in files if file.name.endswith(".jsonl"))
    except OSError:
        return
    log = project.journal_folder / LOG
    if mine.name in names and not begins_with(log, mine):
        from pioneer_build.journal.copies import is_of_another  # reads the lines: only of a copy that has others

        if is_of_another(mine, log):
            yield mine
    yield from (mine.with_name(name) for name in names if name != mine.name and not name.startswith("."))

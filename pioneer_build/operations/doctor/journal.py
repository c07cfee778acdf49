"""The journal of submissions: it can be read, nothing in it is damaged, and which submissions are unfinished."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pioneer_build.disk.advice import advice
from pioneer_build.disk.writable import check_writable
from pioneer_build.errors import PioneerError
from pioneer_build.journal.copies import is_of_another
from pioneer_build.journal.log import Journal
from pioneer_build.journal.log_presence import obstacle
from pioneer_build.journal.model import REPAIR
from pioneer_build.operations.journal_gaps import damage_remark, remarks
from pioneer_build.operations.other_state_folders import OtherJournals, journal_remarks
from pioneer_build.results.doctor import DoctorFinding
from pioneer_build.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pioneer_build.journal.model import Submission
    from pioneer_build.project.open import Project


def journal(opened: Project) -> list[DoctorFinding]:
    """Whether the backend's log of submissions is undamaged, and which submissions are unfinished."""
    log = Journal(opened.journal_folder, opened.journal_copy)
    try:
        submissions = log.submissions(opened.config.backend)
        damage = log.damage()
    except PioneerError as error:
        return [DoctorFinding("journal", "wrong", error.message, error.hint)]
    if damage is not None:
        text = damage.error().message if damage.lost else damage_remark(damage)
        return [DoctorFinding("journal", "wrong" if damage.lost else "note", text, REPAIR)]
    if (odd := obstacle(opened.journal_folder)) is not None:
        return [DoctorFinding("journal", "wrong", odd.message, odd.hint)]
    findings = _about_copy(opened.journal_copy, log.path)
    findings += [DoctorFinding("journal", "good", f"{count(len(submissions), 'submission')}{_unfinished(submissions)}")]
    try:
        lock = opened.read_lock()
    except PioneerError:
        return findings  # the check of the lock says so
    said = [*journal_remarks(opened, log, lock), *OtherJournals(opened, lock, submissions).remarks(lock)]
    said += remarks(lock, opened.config.backend, submissions, log.path)
    return [*findings, *(DoctorFinding("journal", "note", text) for text in said)]


def _about_copy(copy: Path | None, log: Path) -> list[DoctorFinding]:
    """What is wrong with the place of the copy: it is written if that is possible, and nothing stops if it isn't."""
    if copy is None:
        return []
    if is_of_another(copy, log):
        text = (
            f"the copy of the journal {copy} is of another journal: one of the two was brought from a backup or from"
            " another machine. The jobs of both count, and the copy is kept under another name"
        )
        return [DoctorFinding("journal", "note", text)]
    there = copy
    while not os.path.lexists(there) and there != there.parent:
        there = there.parent
    try:
        check_writable(there)
    except OSError as error:
        text = f"the copy of the journal {copy} can't be written: {error.strerror}"
        return [DoctorFinding("journal", "note", text, advice(error, copy, "export XDG_DATA_HOME=/another/folder"))]
    return []


def _unfinished(submissions: Iterable[Submission]) -> str:
    states = [item.state for item in submissions]
    parts = [
        (states.count("open"), "open"),
        (states.count("unknown") + states.count("submitting"), "with unknown outcome"),
    ]
    said = ", ".join(f"{number:,} {what}" for number, what in parts if number)
    return f", {said}" if said else ""

"""The journal of submissions: it can be read, no line is damaged, and which submissions are unfinished."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

from pioneer_build.errors import PioneerError
from pioneer_build.journal.log import Journal
from pioneer_build.operations.journal_gaps import remarks
from pioneer_build.results.doctor import DoctorFinding
from pioneer_build.wording import count, noun_for

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pioneer_build.journal.model import Submission
    from pioneer_build.project.open import Project


_JOURNAL_HELP = "copy the file, then restore it from a backup; `pioneer-build status` shows what is known"


def journal(opened: Project) -> list[DoctorFinding]:
    """Whether the backend's log of submissions is undamaged, and which submissions are unfinished."""
    log = Journal(opened.journal_folder)
    try:
        submissions = log.submissions(opened.config.backend)
        damaged = damaged_lines(log.path)
    except PioneerError as error:
        return [DoctorFinding("journal", "wrong", error.message, error.hint or _JOURNAL_HELP)]
    except OSError as error:
        return [DoctorFinding("journal", "wrong", f"the journal {log.path} can't be read: {error.strerror}")]
    if damaged:
        numbers = ", ".join(f"{number:,}" for number in damaged[:5])
        text = f"{count(len(damaged), 'damaged line')} in {log.path} ({noun_for(len(damaged), 'line')} {numbers})"
        return [DoctorFinding("journal", "wrong", text, _JOURNAL_HELP)]
    findings = [DoctorFinding("journal", "good", f"{count(len(submissions), 'submission')}{_unfinished(submissions)}")]
    try:
        lock = opened.read_lock()
    except PioneerError:
        return findings  # the check of the lock says so
    said = remarks(lock, opened.config.backend, submissions, log.path)
    return [*findings, *(DoctorFinding("journal", "note", text) for text in said)]


def _unfinished(submissions: Iterable[Submission]) -> str:
    states = [item.state for item in submissions]
    parts = [
        (states.count("open"), "open"),
        (states.count("unknown") + states.count("submitting"), "with unknown outcome"),
    ]
    said = ", ".join(f"{number:,} {what}" for number, what in parts if number)
    return f", {said}" if said else ""


def damaged_lines(path: Path) -> list[int]:
    """The numbers of damaged lines in the journal. An incomplete last line is not damage, but left by a crash."""
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    return [number for number, line in enumerate(lines[:-1], 1) if line and not _is_whole(line)]


def _is_whole(line: bytes) -> bool:
    text, _, checksum = line.rpartition(b"\t")
    return b"%08x" % crc32(text) == checksum

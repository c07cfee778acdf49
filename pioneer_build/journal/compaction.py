"""Rewrites the journal's file with one line for each submission, so that it doesn't grow forever."""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pioneer_build.disk.whole_files import beside
from pioneer_build.journal.lines import VERSION, JournalLine, encode_line

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pioneer_build.journal.model import Submission

#: The log is compacted when it has more lines than this, and more than half of them are obsolete.
COMPACT_FROM = 2000


def is_due(lines: int, submissions: int) -> bool:
    """Whether a log with this many lines, about this many submissions, should be rewritten."""
    return lines > COMPACT_FROM and lines > 2 * submissions


def begin_fields(submission: Submission) -> dict[str, Any]:
    """The fields of a `begin` line, which has all of a submission."""
    return {name: value for name, value in asdict(submission).items() if name != "token"}


def head_line(path: Path, number: int, token: str | None = None) -> bytes:
    """The first line of a log.

    Args:
        path: the log.
        number: the number of the line.
        token: what identifies the log; `None` for a new one.
    """
    return encode_line(
        JournalLine(VERSION, number, "head", token or secrets.token_hex(8), {"folder": str(path.parent)})
    )


def rewrite(path: Path, submissions: Iterable[Submission], number: int, token: str | None = None) -> None:
    """Replaces the log by a file with one line for each submission, without refused ones.

    Call it only while holding the journal's lock.

    Args:
        path: the log.
        submissions: all submissions of the log.
        number: the number of the first line.
        token: what identifies the log: that of its head, if it has one.

    Raises:
        OSError: the disk failed; the old log stays, and nothing is lost.
    """
    with suppress(OSError):
        # left by a process that died here, of this version or of an earlier one
        for left in (*path.parent.glob(f".{path.name}.*.tmp"), *path.parent.glob(f"{path.stem}.*.tmp")):
            left.unlink(missing_ok=True)
    kept = [submission for submission in submissions if submission.state != "refused"]
    with beside(path) as new:
        new.file.write(head_line(path, number, token))
        for place, item in enumerate(kept, number + 1):
            new.file.write(encode_line(JournalLine(VERSION, place, "begin", item.token, begin_fields(item))))
        new.move_to(path)

"""Rewrites the journal's file with one line a submission, so that it doesn't grow without end."""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pioneer_build.disk import beside
from pioneer_build.journal.lines import VERSION, Line, encode_line

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pioneer_build.journal.model import Submission

#: Compact once the log has this many lines, and more than half of them say something that a later one replaced.
COMPACT_FROM = 2000


def is_due(lines: int, submissions: int) -> bool:
    """Whether a log of so many lines, about so many submissions, is to be rewritten."""
    return lines > COMPACT_FROM and lines > 2 * submissions


def begin_fields(submission: Submission) -> dict[str, Any]:
    """The fields of the line that says all of a submission."""
    return {name: value for name, value in asdict(submission).items() if name != "token"}


def rewrite(path: Path, submissions: Iterable[Submission], number: int) -> None:
    """Puts a file with one line a submission in the log's place; a submission that nothing came of is dropped.

    Only while the journal is held. Where the disk refuses, the long log stays, which is as good.

    Args:
        path: the log.
        submissions: all that the log tells of.
        number: of the first line.
    """
    with suppress(OSError):
        for left in path.parent.glob(f".{path.name}.*.tmp"):  # of a process that died here
            left.unlink(missing_ok=True)
    kept = [submission for submission in submissions if submission.state != "refused"]
    with suppress(OSError), beside(path) as new:
        new.file.write(encode_line(Line(VERSION, number, "compacted", secrets.token_hex(8), {})))
        for place, item in enumerate(kept, number + 1):
            new.file.write(encode_line(Line(VERSION, place, "begin", item.token, begin_fields(item))))
        new.move_to(path)

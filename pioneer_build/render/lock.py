"""The result of `lock split` and `lock join` as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.escaping import Lines, lines_text
from pioneer_build.wording import count

if TYPE_CHECKING:
    from pioneer_build.results.lock import LockLayoutResult


def lock_layout_text(result: LockLayoutResult) -> Lines:
    """How the lock is stored now, and what is left to do."""
    lines = [_stored(result)]
    lines += [f"{name} has new lines for the files of a split lock." for name in result.extended]
    if result.setting_differs:
        todo = "add `lock: split` to" if result.split else "remove `lock: split` from"
        lines.append(f"Next: {todo} pioneer.yaml, so that a new lock is stored in the same way.")
    if result.changed:
        lines.append("Commit all files of the lock together: git add --all pioneer.lock pioneer.lock.d")
    return lines_text(lines)


def _stored(result: LockLayoutResult) -> str:
    if not result.exists:
        return "There is no pioneer.lock yet; nothing was written."
    how = "split, with a file per dataset in pioneer.lock.d/" if result.split else "one file"
    if not result.changed:
        return f"pioneer.lock is already {how}; nothing was written."
    return f"pioneer.lock is now {how}: {count(result.datasets, 'dataset')}."

"""The result of `diff`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pioneer_build.diff.locks import LockDiff
    from pioneer_build.diff.state import State


@dataclass(frozen=True, slots=True)
class DiffResult:
    """The changes from the state `old` of the lock to `new`."""

    changes: LockDiff
    old: State
    new: State

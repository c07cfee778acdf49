"""One state of the lock: of the working tree, or of a git revision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pioneer_build.lock.model import Lock


@dataclass(frozen=True, slots=True)
class State:
    """The lock at one point.

    `revision` is the name the user gave, `None` for the working tree; `commit` its id. `found` says whether there is
    a lock, and whether git's conflict markers are in it: then `lock` has both sides joined.
    """

    lock: Lock
    revision: str | None
    commit: str | None
    found: Literal["present", "absent", "conflicted"]

    @property
    def title(self) -> str:
        """`main (1a2b3c4d5e6f)`, or `working tree`."""
        if self.revision is None:
            return "working tree"
        short = (self.commit or "")[:12]
        return short if short.startswith(self.revision) else f"{self.revision} ({short})"

"""One finding of the doctor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

#: `note` is worth knowing and nothing to mend at once; `wrong` makes the command fail.
Level: TypeAlias = Literal["good", "note", "wrong"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`topic` is a stable word; `help` is what mends it: a command where there is one."""

    topic: str
    level: Level
    text: str
    help: str | None = None

"""`--split train=0.9,test=0.1`: which part each row goes to.

The part of a row depends only on its text (`row_text_digest`), so a row never moves when the dataset grows, and rows
with the same text are in the same part. The shares are reached on average, not exactly.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pioneer_build.errors import UsageError
from pioneer_build.rows import row_text_digest

if TYPE_CHECKING:
    from pioneer_build.rows import Row

#: The name of a part is used for a file or folder, and must be allowed by `datasets`.
_NAME = re.compile(r"\w+(\.\w+)*", re.ASCII)
_SPACE = 1 << 64


@dataclass(frozen=True, slots=True)
class Split:
    """Named parts of a dataset: `names` in order, and the end of each in the space of digests."""

    names: tuple[str, ...]
    ends: tuple[int, ...]

    def side_of(self, row: Row) -> str:
        """The name of the part that contains `row`."""
        point = int.from_bytes(row_text_digest(row)[:8], "big")
        return self.names[min(bisect_right(self.ends, point), len(self.names) - 1)]


def parse_splits(text: str) -> Split:
    """`train=0.9,test=0.1` as a `Split`.

    Raises:
        UsageError: a name is not a safe file name or occurs twice, a share is not a number above 0, or the shares don't
            add up to 1.
    """
    names: list[str] = []
    shares: list[float] = []
    for part in text.split(","):
        name, sign, share = (piece.strip() for piece in part.partition("="))
        if not sign:
            raise UsageError(f"'{part.strip()}' is not a valid part of a split", hint="write it as train=0.9,test=0.1")
        if not _NAME.fullmatch(name) or len(name) > 50:
            raise UsageError(f"'{name}' can't name a part of a split", hint="use letters, digits, '_' and '.'")
        if name.casefold() in (other.casefold() for other in names):
            raise UsageError(f"'{name}' occurs twice in the split")
        names.append(name)
        shares.append(_share(name, share))
    total = math.fsum(shares)
    if abs(total - 1) > 1e-6:
        raise UsageError(f"the shares of the split add up to {total:g}, not to 1", hint="such as train=0.9,test=0.1")
    ends = tuple(round(math.fsum(shares[: place + 1]) * _SPACE) for place in range(len(shares)))
    return Split(tuple(names), ends)


def _share(name: str, text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        raise UsageError(f"the share of '{name}' is '{text}', not a number", hint="such as train=0.9") from None
    if not 0 < share <= 1:
        raise UsageError(f"the share of '{name}' is {text}, not between 0 and 1")
    return share

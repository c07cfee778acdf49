"""Which paths a glob matches, whether they are there or not.

As `pathlib` reads it: `**` is any number of folders, and hidden ones don't match unless the glob says so.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Glob(NamedTuple):
    """A glob: the folder that it begins in, and the parts of the pattern below it."""

    base: Path
    parts: tuple[str, ...]

    @property
    def names_hidden(self) -> bool:
        """Whether it says itself that a file or folder is hidden; otherwise hidden ones don't match."""
        return any(part.startswith(".") for part in self.parts)

    def matches(self, path: Path) -> bool:
        """Whether it would match a file."""
        return len(self.parts) in self._after(path.relative_to(self.base).parts)

    def reaches(self, folder: Path, *, link: bool = False) -> bool:
        """Whether it could match files in a folder.

        Args:
            folder: in the folder that it begins in, or above it.
            link: whether it is a link, which `**` doesn't follow.
        """
        if self.base.is_relative_to(folder):
            return True
        if not folder.is_relative_to(self.base):
            return False
        return any(at < len(self.parts) for at in self._after(folder.relative_to(self.base).parts, link=link))

    def _after(self, names: Sequence[str], *, link: bool = False) -> set[int]:
        """At which parts it may go on after the parts of a path; their number is the end."""
        if not self.names_hidden and any(name.startswith(".") for name in names):
            return set()
        found = self._with_skipped({0})
        for number, name in enumerate(names, 1):
            stays = not link or number < len(names)
            after = set()
            for at in found - {len(self.parts)}:
                if self.parts[at] != "**":
                    after |= {at + 1} if fnmatchcase(name, self.parts[at]) else set()
                elif stays:
                    after.add(at)
            found = self._with_skipped(after)
        return found

    def _with_skipped(self, found: set[int]) -> set[int]:
        """Also what comes after `**`, which may be no folder at all."""
        for at in sorted(found):
            while at < len(self.parts) and self.parts[at] == "**":
                at += 1
                found.add(at)
        return found

"""Which paths a glob matches, whether they are there or not.

As `pathlib` reads it: `**` is any number of folders, and hidden ones don't match unless the glob says so.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


GLOB_CHARACTERS = re.compile(r"[*?\[]")


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
        found = self.beginning()
        for number, name in enumerate(names, 1):
            found = self.step(found, name, link=link and number == len(names))
        return found

    def beginning(self) -> set[int]:
        """The parts that a path may begin with."""
        return self._with_skipped({0})

    def step(self, found: Iterable[int], name: str, *, link: bool = False) -> set[int]:
        """At which parts it may go on after one more name.

        Args:
            found: the parts that the name may be.
            name: of a file or folder.
            link: whether it is a link, which `**` doesn't follow.
        """
        after = set()
        for at in found:
            if at == len(self.parts):
                continue
            part = self.parts[at]
            if part != "**":
                after |= {at + 1} if _fits(name, part) else set()
            elif not link:
                after.add(at)
        return self._with_skipped(after)

    def _with_skipped(self, found: set[int]) -> set[int]:
        """Also what comes after `**`, which may be no folder at all."""
        for at in sorted(found):
            while at < len(self.parts) and self.parts[at] == "**":
                at += 1
                found.add(at)
        return found


def _fits(name: str, part: str) -> bool:
    return name == part if GLOB_CHARACTERS.search(part) is None else fnmatchcase(name, part)

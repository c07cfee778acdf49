"""Whether the stored rows of datasets are what the lock says. What matched its digest isn't read again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.disk.stamps import stamp_at
from pioneer_build.errors import StoreError
from pioneer_build.store import Store

if TYPE_CHECKING:
    from pioneer_build.disk.stamps import Stamp
    from pioneer_build.project.open import Project


class StoredContents:
    """The files of rows in the project's store. A file that matched its digest, had only rows and has the same stamp
    still does.

    Args:
        project: an opened project; which files match is cached with `save`.
    """

    def __init__(self, project: Project) -> None:
        self._cache = project.cache
        self._store = Store(project.config.store)
        self._known = self._cache.verified_contents()
        self._verified: dict[str, Stamp] = {}
        self._here: dict[str, Stamp] = {}

    @property
    def count(self) -> int:
        """The number of files that are on this machine."""
        return len(self._here)

    def has(self, digest: str) -> bool:
        """Whether the file with this digest is on this machine."""
        try:
            stamp = stamp_at(str(self._store.path(digest)))
        except OSError:
            stamp = None
        if stamp is None:
            self._store.has(digest)  # raises an error, unless the file just doesn't exist
            return False
        self._here[digest] = stamp
        return True

    def fault(self, digest: str) -> str | None:
        """What is wrong with a file that is on this machine."""
        stamp = self._here[digest]
        if self._known.get(digest) != stamp:
            from pioneer_build.rows import parse_line  # ten modules: only where a file has to be read

            try:
                self._store.check(digest, parse_line)
            except StoreError as error:
                return error.message
        self._verified[digest] = stamp
        return None

    def save(self) -> bool:
        """Caches which files matched their digests; returns whether there are new ones."""
        if all(self._known.get(digest) == stamp for digest, stamp in self._verified.items()):
            return False
        self._cache.put_verified_contents(self._verified)
        self._cache.save()
        return True


class DamagedContents:
    """The digests of rows that are on this machine, but damaged; only membership can be tested."""

    def __init__(self, contents: StoredContents) -> None:
        self._contents = contents

    def __contains__(self, digest: object) -> bool:
        return isinstance(digest, str) and self._contents.has(digest) and self._contents.fault(digest) is not None

"""Remembers which unmerged files of a lock this program has merged itself, until git's index has another conflict.

The right result of a merge may be what one side has, and git leaves one side alone in a file if it can't run the merge
driver: the text doesn't say which of the two it is. So what is written during a merge leaves a note in the user's state
folder. It counts as long as the file and both of its sides are the same; if git or a person writes the file anew, even
with the same bytes, it doesn't. Without the note (it couldn't be written, or is on another machine), the file is merged
again.
"""

from __future__ import annotations

import json
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from pioneer_build.disk.folders import make_folder
from pioneer_build.disk.regular_files import read_regular
from pioneer_build.disk.whole_files import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pioneer_build.project.lock_texts import Snapshot

#: Bytes of a note that is read: far more than for any split lock.
_MOST: Final = 16 << 20


class SolvedConflicts:
    """The notes about the project at `root`.

    Args:
        root: the project's folder.
        state: the user's state folder.
    """

    def __init__(self, root: Path, state: Path) -> None:
        name = sha256(str(root.resolve()).encode()).hexdigest()[:24]
        self._place = state / "solved-conflicts" / f"{name}.json"

    def is_solved(self, path: str, found: Snapshot, stages: tuple[str | None, ...]) -> bool:
        """Whether the file at `path` stands as this program wrote it to end this conflict.

        Args:
            path: of the file in the project.
            found: the files of the lock.
            stages: the ids of the common ancestor, our side and theirs in git's index.
        """
        return path in found.stamps and self._notes().get(path) == _note(path, found, stages)

    def remember(self, written: Snapshot, stages: Mapping[str, tuple[str | None, ...]]) -> None:
        """Notes that files are merged as they stand.

        Args:
            written: the files of the lock.
            stages: of each of these files, what `is_solved` needs; files that don't exist any more are passed over.
        """
        notes = {path: _note(path, written, ids) for path, ids in stages.items() if path in written.stamps}
        if notes == self._notes():
            return
        with suppress(OSError):  # then the file is merged again
            make_folder(self._place.parent)
            write_whole(self._place, [json.dumps(notes).encode()], durable=False)

    def _notes(self) -> dict[str, Any]:
        try:
            found = json.loads(read_regular(self._place, _MOST))
        except (OSError, ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


def _note(path: str, found: Snapshot, stages: tuple[str | None, ...]) -> dict[str, Any]:
    """What is noted about a file. Its ctime doesn't count: permissions and links change it, but no text."""
    digest = sha256(found.texts[path].encode()).hexdigest()
    return {"stages": list(stages), "stamp": list(found.stamps[path][:3]), "digest": digest}

"""Which project a submission belongs to: the journal of a user is one for all projects.

All clones of a repository have its first commit, so that and the place of the project in it are its id. Without one (no
repository, no commit yet, a shallow clone), it is the folder.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from pioneer_build.disk.presence import is_folder
from pioneer_build.git.repository import first_commit, folder_in_repository
from pioneer_build.journal.model import Origin

if TYPE_CHECKING:
    from pioneer_build.journal.model import Submission


def origin_of(root: Path) -> Origin:
    """What the journal records of a project, to know its submissions again.

    Args:
        root: the folder of the project.
    """
    folder = str(root.resolve())
    commit = first_commit(root)
    place = ["folder", folder] if commit is None else ["commit", commit, *folder_in_repository(root)]
    return Origin(sha256(json.dumps(place).encode()).hexdigest()[:16], folder)


class OtherProjects:
    """Tells the submissions of other projects from those of one. Git is asked only if the folder is another.

    Args:
        root: the folder of the project.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folder = str(root.resolve())
        self._here: str | None = None
        self._known: dict[tuple[str, str], bool] = {}

    def has(self, item: Submission) -> bool:
        """Whether another project began a submission; of those of earlier versions that is not known."""
        if not item.project or item.folder == self._folder:
            return False
        key = (item.project, item.folder)
        if key not in self._known:
            self._known[key] = self._is_other(item)
        return self._known[key]

    def _is_other(self, item: Submission) -> bool:
        if self._here is None:
            self._here = origin_of(self._root).project
        if item.project == self._here:
            return False
        folder = Path(item.folder)  # it may have its first commit since then
        return not (is_folder(folder) and origin_of(folder).project == self._here)

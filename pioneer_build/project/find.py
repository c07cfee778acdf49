"""Finds the folder of a project. One whose settings a sparse checkout left out is refused: the defaults would count."""

from __future__ import annotations

import os
from pathlib import Path

from pioneer_build import sparse
from pioneer_build.paths import PROJECT_FILES, SETTINGS_NAME, find_root, real_folder
from pioneer_build.sparse.signs import folders_up, may_be_sparse


def find_project(start: Path) -> Path:
    """The folder of the project that `start` is in: see `paths.find_root`.

    In a sparse checkout without `pioneer.yaml`, git is asked whether it is left out. A lock that is left out makes its
    folder the project, too: who reads the lock says that it isn't here.

    Raises:
        PioneerError: the current folder was removed, `pioneer.yaml` is not in this sparse checkout, or git can't say
            whether it is.
    """
    real = real_folder(start)
    root = find_root(real)
    for folder in folders_up(real, root):
        if os.path.lexists(f"{folder}/{SETTINGS_NAME}") or not may_be_sparse(folder):
            continue
        found = sparse.left_out_of(Path(folder), PROJECT_FILES)
        if any(one.path.name == SETTINGS_NAME for one in found):
            raise sparse.refusal(found, Path(folder), "so what is wanted and what was built is not known")
        if found:
            return Path(folder)
    return Path(root)

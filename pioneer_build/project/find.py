"""Finds the folder of a project, and refuses one whose settings or lock a sparse checkout left out.

Without them, the settings would be the defaults, and everything would look as if it had never been built.
"""

from __future__ import annotations

import os
from pathlib import Path

from pioneer_build import sparse
from pioneer_build.paths import find_root
from pioneer_build.sparse.signs import PROJECT_FILES, folders_up, may_be_sparse


def find_project(start: Path) -> Path:
    """The folder of the project that `start` is in: see `paths.find_root`. Runs git in a sparse checkout without them.

    Raises:
        PioneerError: `pioneer.yaml` or `pioneer.lock` is not in this sparse checkout, or git can't say whether it is.
    """
    real = os.path.realpath(start)
    root = find_root(real)
    for folder in folders_up(real, root):
        there = all(os.path.lexists(f"{folder}/{name}") for name in PROJECT_FILES)
        if not there and may_be_sparse(folder):
            sparse.check_in_checkout(Path(folder), PROJECT_FILES, "so what is wanted and what was built is not known")
    return Path(root)

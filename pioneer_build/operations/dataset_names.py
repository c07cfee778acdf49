"""The names of a project's datasets, as fast as shell completion needs them.

They are found in the text of the specs and the lock without parsing: a wrong name in a completion does no harm, and a
spec that is still being written and has errors already has its name.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pioneer_build.disk.regular_files import read_regular
from pioneer_build.errors import PioneerError
from pioneer_build.paths import SETTINGS_NAME, find_root, link_that_leaves
from pioneer_build.spec.dataset_name import DATASET_NAME
from pioneer_build.spec.written_path import wrong_specs_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

#: `dataset_name: x` of YAML, and `"dataset_name": "x"` of JSON.
_NAME: Final = re.compile(rb"""\bdataset_name["']?\s*:\s*["']?(%s)""" % DATASET_NAME.encode())
_FILE: Final = re.compile(DATASET_NAME)
_FOLDER: Final = re.compile(rb"""^specs\s*:\s*["']?([^"'#\n]+)""", re.MULTILINE)

_ENDINGS: Final = (".yaml", ".yml")
#: Nobody waits for a completion: at most this many files and folders are looked at.
_MOST_ENTRIES: Final = 100_000


def dataset_names(directory: str) -> list[str]:
    """The dataset names in the specs and the lock of the project that `directory` is in, sorted. Never raises."""
    try:
        root = Path(find_root(os.path.realpath(directory)))
        settings = _read(root / SETTINGS_NAME)
        found = _FOLDER.search(settings)
        named = found.group(1).decode("utf-8", "replace").strip() if found else "specs"
        folder = root / (named if wrong_specs_folder(named) is None else "specs")
        texts = [_read(root / "pioneer.lock"), *map(_read, _specs(root, folder))]
        # a shell puts what it completes into the command line as it is
        split = {path.stem for path in (root / "pioneer.lock.d").glob("*.json") if _FILE.fullmatch(path.stem)}
        return sorted({name.decode("ascii") for text in texts for name in _NAME.findall(text)} | split)
    except (OSError, PioneerError):
        return []


def _specs(root: Path, folder: Path) -> Iterator[Path]:
    if link_that_leaves(str(root), str(folder)) is not None:
        return
    looked_at = 0
    for here, _, names in os.walk(folder):
        looked_at += len(names) + 1
        if looked_at > _MOST_ENTRIES:
            return
        for name in names:
            if name.endswith(_ENDINGS):
                yield Path(here, name)


def _read(path: Path) -> bytes:
    try:
        return read_regular(path)
    except OSError:
        return b""

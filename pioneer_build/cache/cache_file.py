"""How a file of the cache is written."""

from __future__ import annotations

import os

from pioneer_build.disk.folders import make_folder
from pioneer_build.disk.whole_files import write_whole


def write_cache_file(path: str, data: bytes) -> bool:
    """Writes a file of the cache, whole or not at all, and makes its folders; whether that could be done."""
    try:
        make_folder(os.path.dirname(path))  # noqa: PTH120 - its path is text
        write_whole(path, [data], durable=False)
    except OSError:
        return False
    return True

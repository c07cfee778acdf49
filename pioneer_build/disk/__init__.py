"""Files and folders that are private, whole and durable, whatever happens while they are written.

whole_files    writes a file completely or not at all
single_files   opens, makes and fills a single file
abandoned      finds what processes that died left behind
folders        makes folders, and syncs them
held_folders   folders that are written to without following a link
regular_files  reads what a repository may have replaced by a link, a pipe or a device
writable       whether files can be written, and whether there is room for them
advice         what a failed write means, and what helps
presence       whether something is at a path, whatever the path
stamps         whether a file has changed, by its `stat`
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import os

    AnyPath: TypeAlias = "str | os.PathLike[str]"

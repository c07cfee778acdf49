"""What git is doing in the checkout around a project, without running git.

On the way of a plan with nothing to do: imports next to nothing, and reads one folder.
"""

from __future__ import annotations

import os
from typing import Final

from pioneer_build.paths import git_folders

#: What git keeps in its folder until a merge, cherry-pick, revert, rebase or `stash pop` with conflicts is done.
_UNDER_WAY: Final = frozenset(
    {
        "AUTO_MERGE", "CHERRY_PICK_HEAD", "MERGE_HEAD", "MERGE_MSG", "REBASE_HEAD", "REVERT_HEAD", "SQUASH_MSG",
        "rebase-apply", "rebase-merge",
    }
)  # fmt: skip


def may_be_merging(root: str) -> bool:
    """Whether files may be unmerged in git's index. If this is false, they aren't.

    Args:
        root: the project's folder, absolute.
    """
    try:
        return any(not _UNDER_WAY.isdisjoint(os.listdir(folder)) for folder in git_folders(root))
    except (FileNotFoundError, NotADirectoryError):
        return False  # a `.git` that leads to nothing
    except OSError:
        return True  # git has to say

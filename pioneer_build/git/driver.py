"""The merge driver for `pioneer.lock`.

The configuration of a clone is never in the repository, so each clone sets up the driver once: `init` does it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pioneer_build.git.program import answer

if TYPE_CHECKING:
    from pathlib import Path

#: The name that `.gitattributes` gives the driver.
DRIVER_NAME: Final = "pioneer-lock"
#: If the program isn't on the PATH of the person who merges, git's own merge leaves conflict markers, which a plan
#: reads.
DRIVER: Final = (
    "if command -v pioneer-build >/dev/null; then pioneer-build merge-lock %O %A %B %P; "
    "else git merge-file -L ours -L base -L theirs %A %O %B; fi"
)
#: What earlier versions configured: without the path, the file of a dataset in a split lock could get another one's.
_EARLIER_DRIVERS: Final = (DRIVER.replace(" %P", ""), "pioneer-build merge-lock %O %A %B")


def driver_of(folder: Path) -> str | None:
    """The merge driver that is configured in the clone; `None` if there is none."""
    return answer(folder, "config", "--get", f"merge.{DRIVER_NAME}.driver") or None


def set_driver(folder: Path) -> bool:
    """Configures the merge driver in this clone if none, or an earlier one of ours, is. Returns whether one is now."""
    if driver_of(folder) not in (None, *_EARLIER_DRIVERS):
        return True
    answer(folder, "config", f"merge.{DRIVER_NAME}.name", "pioneer.lock: per dataset, no job is lost")
    answer(folder, "config", f"merge.{DRIVER_NAME}.driver", DRIVER)
    return driver_of(folder) is not None


def merges_with_driver(folder: Path, path: str = "pioneer.lock") -> bool:
    """Whether git's attributes set the driver for the file at `path` in `folder`."""
    said = answer(folder, "check-attr", "merge", "--", path) or ""
    return said.endswith(f": {DRIVER_NAME}")

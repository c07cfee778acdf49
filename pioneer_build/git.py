"""What this tool asks of git: the merge driver of `pioneer.lock`, and the attribute that names it.

A clone's configuration is never in the repository, so each clone sets the driver up once: `init` does.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

#: The name that `.gitattributes` gives the driver.
DRIVER_NAME: Final = "pioneer-lock"
#: Where the program isn't on the PATH of whoever merges, git's own merge leaves conflict markers, which a plan reads.
DRIVER: Final = (
    "if command -v pioneer-build >/dev/null; then pioneer-build merge-lock %O %A %B; "
    "else git merge-file -L ours -L base -L theirs %A %O %B; fi"
)


def is_in_repository(folder: Path) -> bool | None:
    """Whether `folder` is in the work tree of a git repository; `None` where there is no git."""
    found = _git(folder, "rev-parse", "--is-inside-work-tree")
    return None if found is None else found == "true"


def driver_of(folder: Path) -> str | None:
    """The merge driver that is configured for the clone; `None` where there is none."""
    return _git(folder, "config", "--get", f"merge.{DRIVER_NAME}.driver") or None


def set_driver(folder: Path) -> bool:
    """Configures the merge driver in this clone, unless there is one; whether it is there now."""
    if driver_of(folder) is not None:
        return True
    _git(folder, "config", f"merge.{DRIVER_NAME}.name", "pioneer.lock: per dataset, no job is lost")
    _git(folder, "config", f"merge.{DRIVER_NAME}.driver", DRIVER)
    return driver_of(folder) is not None


def merges_with_driver(folder: Path) -> bool:
    """Whether git's attributes give `pioneer.lock` in `folder` the driver."""
    said = _git(folder, "check-attr", "merge", "--", "pioneer.lock") or ""
    return said.endswith(f": {DRIVER_NAME}")


def is_ignored(folder: Path, name: str) -> bool:
    """Whether git ignores the file."""
    return _git(folder, "check-ignore", "--", name) == name


def version() -> str | None:
    """git's version; `None` where there is no git."""
    from pathlib import Path

    said = _git(Path.cwd(), "--version")
    return said.removeprefix("git version ") if said else None


def _git(folder: Path, *arguments: str) -> str | None:
    """What git says, stripped; "" where it fails, `None` where there is no git."""
    try:
        done = subprocess.run(  # noqa: S603
            ["git", *arguments],  # noqa: S607
            cwd=folder,
            capture_output=True,
            check=False,
            text=True,
            errors="replace",
            timeout=20,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else ""

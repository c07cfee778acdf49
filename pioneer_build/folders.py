"""Where this tool keeps things outside a project: the XDG Base Directory Specification's folders."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

APP = "pioneer-build"


def state_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Journal, locks, pacers and the local engine's jobs."""
    return _folder(environ, "XDG_STATE_HOME", ".local/state")


def data_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The store, unless the setting `store` says otherwise."""
    return _folder(environ, "XDG_DATA_HOME", ".local/share")


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """What can be made again."""
    return _folder(environ, "XDG_CACHE_HOME", ".cache")


def local_folder(root: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """The local engine's world for the project at `root`: its jobs and datasets, and the journal of what it was asked.

    One a project, so that two projects with a dataset of one name don't meet, and what is built is the same everywhere.
    """
    name = sha256(os.fsencode(root)).hexdigest()[:24]
    return state_folder(environ) / "local" / name


def _folder(environ: Mapping[str, str], variable: str, default: str) -> Path:
    value = environ.get(variable, "")
    # the specification: a relative path is invalid and must be ignored
    base = Path(value) if value.startswith("/") else Path(environ.get("HOME") or Path.home()) / default
    return base / APP

"""Where this tool keeps things outside a project: the XDG Base Directory Specification's folders."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

APP = "pioneer-build"


def state_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Journal, locks, pacers and the local engine's jobs."""
    return _path(state_path(environ))


def data_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The store, unless the setting `store` says otherwise."""
    return _path(_folder(environ, "XDG_DATA_HOME", ".local/share"))


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """What can be made again."""
    return _path(cache_path(environ))


def state_path(environ: Mapping[str, str]) -> str:
    """`state_folder` for a plan with nothing to do, which does without pathlib."""
    return _folder(environ, "XDG_STATE_HOME", ".local/state")


def cache_path(environ: Mapping[str, str]) -> str:
    """`cache_folder` likewise."""
    return _folder(environ, "XDG_CACHE_HOME", ".cache")


def local_folder(root: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """The local engine's world for the project at `root`: its jobs and datasets, and the journal of what it was asked.

    One a project, so that two projects with a dataset of one name don't meet, and what is built is the same everywhere.
    """
    return _path(local_path(os.fspath(root), environ))


def local_path(root: str, environ: Mapping[str, str] = os.environ) -> str:
    """`local_folder` as text. Its name is cheap to make: it tells a user's projects apart, and is no digest."""
    name = os.fsencode(root)
    return f"{state_path(environ)}/local/{crc32(name):08x}{crc32(name[::-1]):08x}"


def find_root(start: str) -> str:
    """The nearest folder from `start` upwards that has `pioneer.yaml` or `pioneer.lock`; else `start`.

    Args:
        start: a real and absolute path.
    """
    folder = start
    while True:
        if os.path.isfile(f"{folder}/pioneer.yaml") or os.path.isfile(f"{folder}/pioneer.lock"):  # noqa: PTH113
            return folder
        parent = os.path.dirname(folder)  # noqa: PTH120
        if parent == folder:
            return start
        folder = parent


def _folder(environ: Mapping[str, str], variable: str, default: str) -> str:
    value = environ.get(variable, "")
    # the specification: a relative path is invalid and must be ignored
    base = value if value.startswith("/") else f"{environ.get('HOME') or os.path.expanduser('~')}/{default}"  # noqa: PTH111
    return f"{base.rstrip('/')}/{APP}"


def _path(text: str) -> Path:
    from pathlib import Path  # a plan with nothing to do asks for text

    return Path(text)

"""The folders that this tool uses outside a project, by the XDG Base Directory Specification."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

APP = "pioneer-build"


def state_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of the journal, locks, rate-limit files and the jobs of the local engine."""
    return _path(state_path(environ))


def data_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of the store, unless the setting `store` names another one."""
    return _path(_folder(environ, "XDG_DATA_HOME", ".local/share"))


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of caches, which may be deleted."""
    return _path(cache_path(environ))


def state_path(environ: Mapping[str, str]) -> str:
    """`state_folder` as text, for a plan with nothing to do, which doesn't import pathlib."""
    return _folder(environ, "XDG_STATE_HOME", ".local/state")


def cache_path(environ: Mapping[str, str]) -> str:
    """`cache_folder` as text, for the same purpose."""
    return _folder(environ, "XDG_CACHE_HOME", ".cache")


def local_folder(root: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of the local engine for the project at `root`: its jobs and datasets, and the journal of its requests.

    Each project has its own, so that datasets with the same name don't collide and a build has the same result
    everywhere.
    """
    return _path(local_path(os.fspath(root), environ))


def local_path(root: str, environ: Mapping[str, str] = os.environ) -> str:
    """`local_folder` as text. Its name is cheap to compute; it is a checksum that only separates a user's projects."""
    name = os.fsencode(root)
    return f"{state_path(environ)}/local/{crc32(name):08x}{crc32(name[::-1]):08x}"


def find_root(start: str) -> str:
    """The nearest folder from `start` upwards that has `pioneer.yaml` or `pioneer.lock`; else `start`.

    Args:
        start: an absolute path without symbolic links.
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
    # by the specification, a relative path is invalid and must be ignored
    base = value if value.startswith("/") else f"{environ.get('HOME') or os.path.expanduser('~')}/{default}"  # noqa: PTH111
    return f"{base.rstrip('/')}/{APP}"


def _path(text: str) -> Path:
    from pathlib import Path  # a plan with nothing to do only needs text

    return Path(text)

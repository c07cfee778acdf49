"""A project on disk: its folder, its settings, its specs, its lock. What didn't change isn't read again."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pioneer_build.cache.plan_cache import Key
from pioneer_build.cache.spec_cache import Seen
from pioneer_build.disk import Stamp, stamp_of
from pioneer_build.errors import PioneerError, Problems
from pioneer_build.paths import cache_folder, find_root
from pioneer_build.project.config import Config, resolve
from pioneer_build.project.lock_file import LockFile
from pioneer_build.spec.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping


SETTINGS_NAME = "pioneer.yaml"


@dataclass(slots=True)
class Project:
    """An opened project. `root` is absolute; `seen` is saved by whoever ends the command.

    `key` is what its verdict is kept under; `files` are its spec files, once they were looked for.
    """

    root: Path
    settings: Settings
    config: Config
    lockfile: LockFile
    seen: Seen
    key: Key
    files: dict[str, Stamp] = field(default_factory=dict)


def open_project(start: Path, backend: str | None = None, environ: Mapping[str, str] = os.environ) -> Project:
    """Opens the project that `start` is in.

    Raises:
        Problems: `pioneer.yaml` has mistakes.
        PioneerError: a setting can't be used.
    """
    if not start.is_dir():
        raise PioneerError(f"no such folder: {start}")
    root = Path(find_root(os.path.realpath(start)))
    seen = Seen(cache_folder(environ) / "seen", root)
    key = Key(str(root), backend, environ)
    settings = _settings(root, seen)
    return Project(root, settings, resolve(settings, root, backend, environ), LockFile(root), seen, key)


def _settings(root: Path, seen: Seen) -> Settings:
    path = root / SETTINGS_NAME
    try:
        stamp = stamp_of(os.stat(path))  # noqa: PTH116
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        raise PioneerError(f"can't read {SETTINGS_NAME}: {error.strerror}") from None
    if (known := seen.settings(stamp)) is not None:
        return known
    from pioneer_build.parse import parse_settings  # pydantic and yaml: only where there is news

    try:
        data = path.read_bytes()
    except OSError as error:
        raise PioneerError(f"can't read {SETTINGS_NAME}: {error.strerror}") from None
    settings, problems = parse_settings(data, SETTINGS_NAME)
    if problems or settings is None:
        raise Problems(problems)
    seen.keep_settings(stamp, settings)
    return settings


# -- specs ---------------------------------------------------------------------------------------------------------

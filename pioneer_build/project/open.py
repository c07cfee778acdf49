"""A project on disk: found, and opened with its settings. What didn't change isn't read again."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pioneer_build.cache.plan_cache import PlanKey
from pioneer_build.cache.project_cache import ProjectCache
from pioneer_build.disk import stamp_at
from pioneer_build.errors import PioneerError, Problems
from pioneer_build.paths import cache_folder, find_root, local_folder, state_folder
from pioneer_build.project.config import Config, resolve
from pioneer_build.project.lock_file import LockFile
from pioneer_build.spec.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pioneer_build.lock.model import Lock


SETTINGS_NAME = "pioneer.yaml"


@dataclass(frozen=True, slots=True)
class Project:
    """An opened project. `root` is absolute, `config` the settings in force.

    `cache` is what is known of the project from before; whoever ends the command saves it. `plan_key` is what its plan
    is cached under.
    """

    root: Path
    config: Config
    lockfile: LockFile
    cache: ProjectCache
    plan_key: PlanKey

    @property
    def journal_folder(self) -> Path:
        """Where the journal is: the user's, for a service; the project's own, for the local engine."""
        return (local_folder(self.root) if self.config.local else state_folder()) / "journal"

    def read_lock(self) -> Lock:
        """The lock; the digests of an unchanged one aren't verified a second time.

        Raises:
            LockError: it can't be read, or isn't what it says it is.
        """
        stamp = self.lockfile.stamp()
        trusted = stamp is not None and self.cache.has_verified_lock(stamp)
        lock = self.lockfile.read(trusted=trusted)
        if stamp is not None and not trusted:
            self.cache.put_verified_lock(stamp)
        return lock


def open_project(start: Path, backend: str | None = None, environ: Mapping[str, str] = os.environ) -> Project:
    """Opens the project that `start` is in.

    Args:
        start: a folder.
        backend: the flag `--backend`.
        environ: the environment.

    Raises:
        Problems: `pioneer.yaml` has mistakes.
        PioneerError: a setting can't be used.
    """
    if not start.is_dir():
        raise PioneerError(f"no such folder: {start}")
    root = Path(find_root(os.path.realpath(start)))
    cache = ProjectCache(cache_folder(environ) / "projects", root)
    plan_key = PlanKey(str(root), backend, environ)
    config = resolve(_read_settings(root, cache), root, backend, environ)
    return Project(root, config, LockFile(root), cache, plan_key)


def _read_settings(root: Path, cache: ProjectCache) -> Settings:
    path = root / SETTINGS_NAME
    try:
        stamp = stamp_at(str(path))
        if stamp is None:
            return Settings()
        if (known := cache.settings(stamp)) is not None:
            return known
        data = path.read_bytes()
    except OSError as error:
        raise PioneerError(f"can't read {SETTINGS_NAME}: {error.strerror}") from None
    from pioneer_build.parse import parse_settings  # pydantic and yaml: only where the settings changed

    settings, problems = parse_settings(data, SETTINGS_NAME)
    if problems or settings is None:
        raise Problems(problems)
    cache.put_settings(stamp, settings)
    return settings

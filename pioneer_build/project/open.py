"""Opens a project on disk with its settings. Unchanged files aren't read again."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pioneer_build.cache.project_cache import ProjectCache
from pioneer_build.cache.unchanged_plan import PlanKey
from pioneer_build.disk.presence import is_folder
from pioneer_build.disk.regular_files import read_regular
from pioneer_build.disk.stamps import stamp_at
from pioneer_build.errors import LockError, PioneerError, Problems
from pioneer_build.paths import (
    SETTINGS_NAME,
    cache_folder,
    checkout_of,
    is_inside,
    journal_copy,
    local_folder,
    state_folder,
)
from pioneer_build.project.config import Config, resolve
from pioneer_build.project.find import find_project
from pioneer_build.project.key_check import refuse_key_in_path, refuse_long_key
from pioneer_build.project.lock_file import LockFile
from pioneer_build.project.store_place import wrong_store_place
from pioneer_build.spec.base_url import one_name
from pioneer_build.spec.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pioneer_build.lock.model import Lock


@dataclass(frozen=True, slots=True)
class Project:
    """An opened project. `root` is absolute, `config` has the effective settings.

    `cache` is what is known about the project from earlier commands; each command saves it at its end. `plan_key` is
    the key of the cached plan.
    """

    root: Path
    config: Config
    lockfile: LockFile
    cache: ProjectCache
    plan_key: PlanKey

    @property
    def journal_folder(self) -> Path:
        """The folder of the journal: the user's state folder for a service, the project for the local engine."""
        return (local_folder(self.root) if self.config.in_process else state_folder()) / "journal"

    @property
    def journal_copy(self) -> Path | None:
        """The copy of that journal; `None` without a data folder. What the local engine makes is free, and has none."""
        try:
            return None if self.config.free else journal_copy(self.journal_folder)
        except PioneerError:  # HOME is not set, and `store` says where the store is
            return None

    def read_lock(self) -> Lock:
        """The lock; the digests in an unchanged file aren't verified a second time.

        Raises:
            LockError: it can't be read, or is damaged.
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
        environ: the environment variables.

    Raises:
        Problems: `pioneer.yaml` has errors.
        PioneerError: a setting is invalid, or a sparse checkout left out the settings or the lock.
    """
    if not is_folder(start):
        raise PioneerError(f"no such folder: {start}")
    root = find_project(start)
    refuse_long_key(environ)
    refuse_key_in_path(root)
    cache = ProjectCache(cache_folder(environ) / "projects", root)
    plan_key = PlanKey(str(root), backend, environ)
    settings = _read_settings(root, cache)
    config = resolve(settings, root, backend, environ)
    if settings.store is not None and (wrong := wrong_store_place(config.store, root, config.specs)) is not None:
        _parse(root, wrong)
    lockfile = LockFile(root, split=config.split_lock, environ=environ)
    if (name := one_name(config.backend)) != config.backend or config.backend.startswith("http://localhost"):
        config = replace(config, backend=_spelling_in_lock(lockfile, config.backend, name))
    return Project(root, config, LockFile(root, split=config.split_lock, environ=environ), cache, plan_key)


def _spelling_in_lock(lockfile: LockFile, backend: str, name: str) -> str:
    """How the lock spells a backend on this machine, so that another spelling finds its jobs; `backend` by default.

    Args:
        lockfile: the project's lock.
        backend: as the settings spell it.
        name: its one name.
    """
    try:
        found = {where for _, where in lockfile.read(trusted=True).entries if one_name(where) == name}
    except LockError:  # reported when it is needed
        return backend
    return backend if not found or backend in found else min(found)


def _read_settings(root: Path, cache: ProjectCache) -> Settings:
    path = root / SETTINGS_NAME
    try:
        stamp = stamp_at(str(path))
        if stamp is None:
            return Settings()
        if (known := cache.settings(stamp)) is not None:
            return known
    except OSError as error:
        raise _unreadable(error) from None
    settings = _parse(root)
    cache.put_settings(stamp, settings)
    return settings


def _parse(root: Path, wrong_store: tuple[str, str] | None = None) -> Settings:
    """The settings in `pioneer.yaml`; `wrong_store` is what is wrong with the place of the store, and what to do."""
    from pioneer_build.parse import parse_settings  # pydantic and yaml: only if the settings changed

    path = root / SETTINGS_NAME
    if path.is_symlink() and not is_inside(os.path.realpath(path), checkout_of(str(root))):
        # nothing of it is shown: whoever wrote the repository chose where it leads
        message = f"{SETTINGS_NAME} is a symbolic link to a file that is not in the repository"
        raise PioneerError(message, hint="replace it by the file itself")
    try:
        data = read_regular(path)
    except OSError as error:
        raise _unreadable(error) from None
    settings, problems = parse_settings(data, SETTINGS_NAME, wrong_store)
    if problems or settings is None:
        raise Problems(problems)
    return settings


def _unreadable(error: OSError) -> PioneerError:
    return PioneerError(f"can't read {SETTINGS_NAME}: {error.strerror}")

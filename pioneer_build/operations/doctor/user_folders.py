"""The folders: state, store and cache are usable, have free space, and are private."""

from __future__ import annotations

import fcntl
import glob
import os
import shutil
import tempfile
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from pioneer_build.disk.advice import advice
from pioneer_build.disk.presence import is_there
from pioneer_build.disk.writable import check_writable, reserve
from pioneer_build.operations.disk_check import LEAST_ROOM, Room
from pioneer_build.paths import cache_folder, state_folder
from pioneer_build.results.doctor import DoctorFinding
from pioneer_build.store.scope import FOLDERS

if TYPE_CHECKING:
    from pathlib import Path

#: With less free space than this a run is likely to fail, in bytes; with less than the other there is a warning.
_TOO_LITTLE: Final = 100_000_000
_LITTLE: Final = 1_000_000_000


def folders(store: Path, room: Room = LEAST_ROOM) -> list[DoctorFinding]:
    """Whether the folders are usable: journal and jobs (state), rows and annotations (store), cache.

    Args:
        store: the folder of the store.
        room: what the next apply will need.
    """
    findings = []
    for name, path, size in (
        ("state", state_folder(), room.journal),
        ("store", store, room.store),
        ("cache", cache_folder(), 0),
    ):
        findings.append(_folder(name, path, size) or DoctorFinding(name, "good", str(path)))
    return findings


def _folder(name: str, path: Path, size: int) -> DoctorFinding | None:
    """What is wrong with a folder, or with the place where it would be created."""
    there = path
    while not os.path.lexists(there) and there != there.parent:
        there = there.parent
    variable = {"state": "XDG_STATE_HOME", "cache": "XDG_CACHE_HOME"}.get(name, "XDG_DATA_HOME")
    fix = "set `store:` in pioneer.yaml to another folder" if name == "store" else f"export {variable}=/another/folder"
    place = there
    try:
        with suppress(FileNotFoundError):
            path.stat()  # its name may be too long to be made
        for place in _written(name, path):
            check_writable(place)
        place = there
        with tempfile.TemporaryFile(dir=there) as file:
            _take_a_lock(file.fileno())
        os.close(reserve(there, size))
        free = shutil.disk_usage(there).free
    except OSError as error:
        which = "" if place in (there, path) else f": {place}"
        text = f"the {name} folder {path} is not writable{which}: {error.strerror}"
        return DoctorFinding(name, "wrong", text, advice(error, path, fix) or fix)
    if free < _LITTLE:
        text = f"only {free / 1e6:,.0f} MB are free for the {name} folder {path}"
        return DoctorFinding(name, "wrong" if free < _TOO_LITTLE else "note", text, f"free some space, or {fix}")
    held = path / "journal" if name == "state" else path
    if is_there(held) and name != "cache" and held.stat().st_mode & 0o077:
        text = f"{held} can be read by other users; it contains your {'submissions' if name == 'state' else 'rows'}"
        return DoctorFinding(name, "note", text, f"chmod 700 '{held}'")
    return None


def _written(name: str, path: Path) -> list[Path]:
    """What is in a folder already, and is written by an apply: each may belong to another user."""
    patterns = {
        "state": ("journal", "journal/journal.jsonl", "runs"),
        "store": (
            "tmp",
            "rows",
            "rows/*",
            "annotations",
            "annotations/*",
            *(f"annotations/*/{one}" for one in FOLDERS),
        ),
    }
    found = (glob.glob(pattern, root_dir=path) for pattern in patterns.get(name, ()))  # noqa: PTH207 - also finds dead links
    return [path / one for names in found for one in sorted(names)]


def _take_a_lock(fd: int) -> None:
    """Takes a lock: some network file systems have none, and submissions need them."""
    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)

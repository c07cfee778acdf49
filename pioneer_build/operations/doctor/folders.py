"""The folders: state, store and cache are usable, have free space, and are private."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from typing import TYPE_CHECKING, Final

from pioneer_build.paths import cache_folder, state_folder
from pioneer_build.results.doctor import DoctorFinding

if TYPE_CHECKING:
    from pathlib import Path

#: With less free space than this a run is likely to fail, in bytes; with less than the other there is a warning.
_TOO_LITTLE: Final = 100_000_000


_LITTLE: Final = 1_000_000_000


def folders(store: Path) -> list[DoctorFinding]:
    """Whether the folders are usable: journal and jobs (state), rows and annotations (store), cache."""
    findings = []
    for name, path in {"state": state_folder(), "store": store, "cache": cache_folder()}.items():
        findings.append(_folder(name, path) or DoctorFinding(name, "good", str(path)))
    return findings


def _folder(name: str, path: Path) -> DoctorFinding | None:
    """What is wrong with a folder, or with the place where it would be created."""
    there = path
    while not there.exists() and there != there.parent:
        there = there.parent
    variable = {"state": "XDG_STATE_HOME", "cache": "XDG_CACHE_HOME"}.get(name, "XDG_DATA_HOME")
    fix = "set `store:` in pioneer.yaml to another folder" if name == "store" else f"export {variable}=/another/folder"
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            _take_a_lock(file.fileno())
        free = shutil.disk_usage(there).free
    except OSError as error:
        return DoctorFinding(name, "wrong", f"the {name} folder {path} is not writable: {error.strerror}", fix)
    if free < _LITTLE:
        text = f"only {free / 1e6:,.0f} MB are free for the {name} folder {path}"
        return DoctorFinding(name, "wrong" if free < _TOO_LITTLE else "note", text, f"free some space, or {fix}")
    held = path / "journal" if name == "state" else path
    if held.exists() and name != "cache" and held.stat().st_mode & 0o077:
        text = f"{held} can be read by other users; it contains your {'submissions' if name == 'state' else 'rows'}"
        return DoctorFinding(name, "note", text, f"chmod 700 '{held}'")
    return None


def _take_a_lock(fd: int) -> None:
    """Takes a lock: some network file systems have none, and submissions need them."""
    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)

"""Texts that the service refuses, one file each: they count as done until they are removed from here."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pioneer_build.disk.folders import sync_folder
from pioneer_build.disk.regular_files import read_regular
from pioneer_build.store.disk import Modes, check_no_link, guarded, make_store_folder, write_store_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class RefusedText:
    """A text without annotation because the service refused it, and the service's reason."""

    reason: str


class Quarantine:
    """The refused texts of one scope, in `folder`."""

    def __init__(self, folder: Path, tmp: Path, modes: Modes) -> None:
        self._folder = folder
        self._tmp = tmp
        self._modes = modes

    def add(self, digest: bytes, reason: str) -> None:
        """Adds a text; durable when this returns."""
        make_store_folder(self._folder, self._modes)
        make_store_folder(self._tmp, self._modes)
        data = json.dumps({"text": digest.hex(), "reason": reason}, indent=2).encode() + b"\n"
        write_store_file(self._path(digest), [data], self._tmp, self._modes)

    def clear(self, digests: Iterable[bytes] | None = None) -> int:
        """Removes some or all refused texts; returns how many there were."""
        paths = list(self._files()) if digests is None else [self._path(digest) for digest in digests]
        cleared = 0
        check_no_link(self._folder)
        with guarded(self._folder, "change"):
            for path in paths:
                with suppress(FileNotFoundError):
                    path.unlink()
                    cleared += 1
            if cleared:
                sync_folder(self._folder)
        return cleared

    def all(self) -> dict[bytes, RefusedText]:
        """The refused texts, by digest."""
        found = {}
        for path in self._files():
            digest = bytes.fromhex(path.stem)
            try:
                found[digest] = RefusedText(str(json.loads(read_regular(path))["reason"]))
            except FileNotFoundError:  # removed just now
                continue
            except (OSError, ValueError, KeyError, TypeError):
                found[digest] = RefusedText("unknown: the file with the reason can't be read")
        return found

    def _path(self, digest: bytes) -> Path:
        return self._folder / f"{digest.hex()}.json"

    def _files(self) -> Iterable[Path]:
        try:
            return sorted(path for path in self._folder.iterdir() if path.suffix == ".json" and len(path.stem) == 32)
        except FileNotFoundError:
            return ()

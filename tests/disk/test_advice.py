"""What helps where a write fails."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

from pioneer_build.disk.advice import advice

if TYPE_CHECKING:
    pass


def test_what_helps(tmp_path: Path) -> None:
    def said(number: int, path: Path = tmp_path) -> str | None:
        return advice(OSError(number, os.strerror(number)), path, "go elsewhere")

    assert said(errno.ENOSPC) == "the disk is full: free some space, or go elsewhere"
    assert said(errno.EROFS) == "the file system is read-only: mount it for writing, or go elsewhere"
    assert said(errno.ELOOP) is None
    (tmp_path / "file").write_bytes(b"")
    blocked = f"{tmp_path / 'file'} is a file, not a folder: go elsewhere, or move it away"
    assert said(errno.ENOTDIR, tmp_path / "file" / "a" / "b") == blocked
    assert said(errno.ENOTDIR, tmp_path / "none") is None
    assert advice(OSError(errno.EIO, ""), tmp_path) == "the disk reports an I/O error: check the disk first"

"""Merges many files of batches into one, so that a year of daily runs doesn't leave hundreds.

Batches are copied unchanged, with their times. The new file is complete and named before an old one is removed: after
an interruption some batches exist twice, but none is lost. Files that are still being written, and files that contain
anything other than whole batches, are not touched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.disk.folders import sync_folder
from pioneer_build.disk.regular_files import open_regular
from pioneer_build.disk.single_files import random_name
from pioneer_build.store.disk import Modes, guarded, make_store_folder, new_file
from pioneer_build.store.frames import whole_frames
from pioneer_build.store.segments import SEALED

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

#: At the end of a run, the files of a scope are merged if there are more than this.
COMPACT_FROM = 32
#: Larger files are not copied again.
LARGE = 256 << 20


def is_due(files: int) -> bool:
    """Whether this many files of one scope should be merged."""
    return files > COMPACT_FROM


def compact(folder: Path, tmp: Path, scope: bytes, modes: Modes) -> bool:
    """Merges the smaller sealed files of `folder`; returns whether there were any to merge.

    Args:
        folder: of one scope.
        tmp: the store's folder of temporary files.
        scope: the key of the checksums.
        modes: the permissions of the store.

    Raises:
        StoreError: nothing is lost, but some batches may exist twice.
    """
    with guarded(folder, "read"):
        try:
            sealed = sorted(path for path in folder.iterdir() if path.suffix == SEALED)
            sealed = [path for path in sealed if path.stat().st_size < LARGE]
        except FileNotFoundError:
            return False
    if len(sealed) < 2:
        return False
    make_store_folder(tmp, modes)
    final = folder / (random_name() + SEALED)
    merged: list[Path] = []
    seen: set[bytes] = set()
    with guarded(final, "write"), new_file(tmp, modes) as new:
        for source in sealed:
            try:
                copied = _copy(source, new.file, scope, seen)
            except FileNotFoundError:  # another process is merging these files
                return False
            if copied:
                merged.append(source)
        if len(merged) < 2:
            return False
        new.move_to(final)
        for source in merged:
            source.unlink(missing_ok=True)
        sync_folder(folder)
    return True


def _copy(source: Path, target: BinaryIO, scope: bytes, seen: set[bytes]) -> bool:
    """Copies all batches of `source` that were not copied yet; nothing, if it contains anything else."""
    with open_regular(source) as file:
        size = file.seek(0, 2)
        frames = list(whole_frames(file, 0, size, scope))
        if sum(frame.end - frame.start for frame in frames) != size:
            return False
        for frame in frames:
            file.seek(frame.start)
            data = file.read(frame.end - frame.start)
            head = data[:48]
            if head not in seen:
                seen.add(head)
                target.write(data)
    return True

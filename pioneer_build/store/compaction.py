"""Many files of batches made into one, so that a year of daily runs doesn't leave hundreds.

Batches are copied as they are, with their times. The new file is whole and named before an old one goes;
whatever happens in between leaves batches twice, never not at all. Files still being written, and files
with anything in them that isn't a whole batch, are left alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.disk import random_name, sync_folder
from pioneer_build.store.disk import Modes, guarded, make_folder, new_file
from pioneer_build.store.frames import whole_frames
from pioneer_build.store.segments import SEALED

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

#: Files beyond this size are not copied again.
LARGE = 256 << 20


def compact(folder: Path, tmp: Path, scope: bytes, modes: Modes) -> bool:
    """Merges the smaller sealed files of `folder`; whether there were any to merge.

    Args:
        folder: of one scope.
        tmp: the store's folder of temporary files.
        scope: what the checksums are keyed with.
        modes: the store's permissions.

    Raises:
        StoreError: nothing is lost; batches may be there twice.
    """
    with guarded(folder, "read"):
        try:
            sealed = sorted(path for path in folder.iterdir() if path.suffix == SEALED)
            sealed = [path for path in sealed if path.stat().st_size < LARGE]
        except FileNotFoundError:
            return False
    if len(sealed) < 2:
        return False
    make_folder(tmp, modes)
    final = folder / (random_name() + SEALED)
    merged: list[Path] = []
    seen: set[bytes] = set()
    with guarded(final, "write"), new_file(tmp, modes) as new:
        for source in sealed:
            try:
                copied = _copy(source, new.file, scope, seen)
            except FileNotFoundError:  # somebody else is merging: leave it to them
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
    """Copies all batches of `source` that were not copied yet; nothing, if there is anything else in it."""
    with source.open("rb") as file:
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

"""Exports to files and folders: completely or not at all, and readable only by the owner."""

from __future__ import annotations

import os
import re
import shutil
import stat
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from pioneer_build.disk.abandoned import abandoned
from pioneer_build.disk.folders import make_folder, sync_folder
from pioneer_build.disk.held_folders import held_folder
from pioneer_build.disk.presence import is_folder, is_there
from pioneer_build.disk.whole_files import beside, write_whole
from pioneer_build.errors import PioneerError, UsageError
from pioneer_build.exports.base import RowStream
from pioneer_build.exports.formats import exporter, format_named
from pioneer_build.exports.losses import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pioneer_build.exports.splits import Split
    from pioneer_build.rows import Row
    from pioneer_build.spec.model import TaskType

#: The files of a folder that was exported, and of one whose folders are its parts; no other folder is ever replaced.
_INFO, _PARTS = "dataset_info.json", "dataset_dict.json"
#: What else is in the first, with what the library keeps there when it is used.
_EXPORTED = re.compile(r"(dataset_info|state)\.json|data-\d{5}-of-\d{5}\.arrow|cache-[0-9a-z_-]+\.arrow")


def export_to_stream(
    name: str, rows: Iterable[Row], target: BinaryIO, task_type: TaskType, labels: Sequence[str] = ()
) -> Ledger:
    """Writes `rows` in the format `name` to an open binary stream, such as stdout's buffer.

    Args:
        name: of the format.
        rows: in normal form; a stream that is read once.
        target: it is not closed.
        task_type: the task that the rows are for.
        labels: the declared labels, in the author's order.

    Raises:
        UsageError: the format doesn't exist, or needs a path.
        MissingExtra: its library isn't installed.
    """
    if format_named(name).needs_path:
        raise UsageError(f"the format '{name}' can't be written to stdout", hint="pass --to PATH")
    return exporter(name).write(RowStream(rows, task_type, labels), target)


def export_to_path(
    name: str, rows: Iterable[Row], path: Path, task_type: TaskType, labels: Sequence[str] = ()
) -> Ledger:
    """Writes `rows` in the format `name` to `path`, a file or a folder, depending on the format.

    Existing content is kept until everything is written, and then replaced at once. New files get the mode 0600 and
    folders 0700; a file that is replaced keeps its mode. A folder that is not an earlier export is never replaced.

    Args:
        name: of the format.
        rows: in normal form; a stream that is read once.
        path: of the file or folder.
        task_type: the task that the rows are for.
        labels: the declared labels, in the author's order.

    Raises:
        UsageError: the format doesn't exist, or something else is at `path`.
        MissingExtra: its library isn't installed.
        PioneerError: the path can't be written.
    """
    form, writer = format_named(name), exporter(name)
    source = RowStream(rows, task_type, labels)
    with _readable(path):
        if form.folder:
            with _whole_folder(path) as folder:
                return writer.write(source, folder)
        with _whole_file(path) as target:
            return writer.write(source, target)


def copy_lines_to_path(lines: Iterable[bytes], path: Path) -> Ledger:
    """Writes lines of `jsonl` to the file `path`, like `export_to_path`, but without parsing them.

    Raises:
        UsageError: something else is at `path`.
        PioneerError: the path can't be written, or the rows can't be read.
    """
    count = 0
    with _readable(path), _whole_file(path) as target:
        for line in lines:
            target.write(line)
            count += 1
    return Ledger(count)


def export_splits(
    name: str,
    read: Callable[[], Iterable[Row]],
    folder: Path,
    split: Split,
    task_type: TaskType,
    labels: Sequence[str] = (),
) -> dict[str, Ledger]:
    """Writes each part of `split` to `folder`: `train.jsonl` and so on; for `hf` one folder of a `DatasetDict`.

    Args:
        name: of the format.
        read: returns the rows from the start; called once per part, so that nothing is kept in memory.
        folder: created if it doesn't exist; other files in it are not changed.
        split: the parts.
        task_type: the task that the rows are for.
        labels: the declared labels.

    Raises:
        as `export_to_path`.
    """
    form, writer = format_named(name), exporter(name)

    def part(side: str) -> Iterator[Row]:
        return (row for row in read() if split.side_of(row) == side)

    with _readable(folder):
        if form.folder:
            with _whole_folder(folder) as target:
                make_folder(target)
                ledgers = {
                    side: writer.write(RowStream(part(side), task_type, labels), target / side) for side in split.names
                }
                names = ", ".join(f'"{side}"' for side in split.names)
                write_whole(target / _PARTS, [f'{{"splits": [{names}]}}'.encode()])
                return ledgers
        with held_folder(folder, make=True):
            pass
        paths = {side: folder / f"{side}{form.suffix}" for side in split.names}
        for path in paths.values():
            if path.is_symlink():  # it was not asked for by its name
                raise PioneerError(
                    f"can't write {path}: it is a symbolic link", hint="remove it, or pass another folder"
                )
        return {side: export_to_path(name, part(side), path, task_type, labels) for side, path in paths.items()}


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turns errors of the file system into errors of this tool."""
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error)
        raise PioneerError(f"can't write {path}: {why}") from error


@contextmanager
def _whole_file(path: Path) -> Iterator[BinaryIO]:
    if is_folder(path):
        raise UsageError(f"{path} is a folder", hint="pass the path of a file")
    with beside(path, keep_mode=True, follow=False) as new:
        yield new.file
        new.move_to(path)


@contextmanager
def _whole_folder(path: Path) -> Iterator[Path]:
    """A path for a new folder beside `path`, which replaces it at the end."""
    if is_there(path):
        _check_replaceable(path)
    with held_folder(path.parent) as parent:
        place = Path(parent) / path.name
        with tempfile.TemporaryDirectory(prefix=f".{path.name[:80]}.", suffix=".part", dir=parent) as room:
            fresh, old = Path(room) / "new", Path(room) / "old"
            yield fresh
            _make_lasting(fresh, place)
            if is_there(place):
                place.rename(old)
            try:
                fresh.rename(place)
                sync_folder(parent)
            except OSError:
                if is_there(old):
                    old.rename(place)
                raise
            shutil.rmtree(old, ignore_errors=True)
        _sweep(place)


def _make_lasting(folder: Path, like: Path) -> None:
    """Gives a folder that a library wrote its permissions, and syncs all that is in it.

    Args:
        folder: the folder.
        like: what it will replace: files and folders that are there too keep their permissions.
    """
    for path in (*folder.rglob("*"), folder):
        there = like / path.relative_to(folder)
        path.chmod(stat.S_IMODE(there.stat().st_mode) if there.exists() else 0o700 if path.is_dir() else 0o600)
        if path.is_dir():
            sync_folder(path)
        else:
            with path.open("rb") as file:
                os.fsync(file.fileno())


def _sweep(path: Path) -> None:
    """Removes what killed exports to the folder `path` left beside it, after a day; `path` itself is whole again."""

    def is_part(name: str) -> bool:
        return name.startswith(f".{path.name[:80]}.") and name.endswith(".part")

    for left, found in abandoned(path.parent, is_part, time.time()):
        if stat.S_ISDIR(found.st_mode):
            shutil.rmtree(left.path, ignore_errors=True)


def _check_replaceable(path: Path) -> None:
    """Refuses to replace what isn't an earlier export, or an empty folder: all that is there would be removed.

    Raises:
        UsageError: it says what is there.
    """
    hint = "pass the path of a new folder"
    if not path.is_dir():
        raise UsageError(f"{path} exists and is not a folder", hint=hint)
    other = _not_exported(path, path)
    if other is not None:
        raise UsageError(
            f"{path} exists and is not an export of this format: there is {other.relative_to(path)}", hint=hint
        )


def _not_exported(folder: Path, top: Path) -> Path | None:
    """Something in a folder that such an export didn't write; `None` if there is nothing."""
    there = sorted(folder.iterdir())
    names = {path.name for path in there}
    in_parts = folder == top and _PARTS in names
    for path in there:
        found = path.lstat().st_mode
        if in_parts and stat.S_ISDIR(found):
            if (other := _not_exported(path, top)) is not None:
                return other
        elif not stat.S_ISREG(found) or not (
            path.name == _PARTS if in_parts else _INFO in names and _EXPORTED.fullmatch(path.name)
        ):
            return path
    return None

"""The files that an `inputs: path` names, and the format of each.

Paths are relative to the spec's file and must be inside the project, also after symbolic links are resolved. Globs are
sorted by code point, so that every machine reads the files in the same order.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Literal, TypeAlias

from pioneer_build.disk.presence import is_file, is_there
from pioneer_build.escaping import shell_word
from pioneer_build.inputs.glob import GLOB_CHARACTERS, Glob
from pioneer_build.inputs.glob_walk import MOST_ENTRIES, matches
from pioneer_build.inputs.left_out_inputs import complain_of_left_out, why_not_there
from pioneer_build.keys.search import HAS_KEY, KeySearch
from pioneer_build.paths import is_inside, link_that_leaves, private_folders
from pioneer_build.spec.written_path import misplaced_stars
from pioneer_build.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pioneer_build.inputs.complaints import Complaints

InputFormat: TypeAlias = Literal["text", "jsonl", "json", "csv", "tsv", "parquet"]
Compression: TypeAlias = Literal["", "gzip", "zstd"]

INPUT_FORMATS: dict[str, InputFormat] = {
    ".txt": "text",
    ".text": "text",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".parquet": "parquet",
}
COMPRESSIONS: dict[str, Compression] = {".gz": "gzip", ".gzip": "gzip", ".zst": "zstd", ".zstd": "zstd"}

_WORKBOOK = "save it as CSV (UTF-8)"
_ARCHIVE = "unpack it, and name the file that is in it"
#: What to do about files with other endings.
_OTHER_ENDINGS = {
    ".dvc": "this is a pointer of DVC: run `dvc pull`, and name the file without .dvc",
    **dict.fromkeys((".xlsx", ".xls", ".ods", ".numbers"), _WORKBOOK),
    **dict.fromkeys((".zip", ".bz2", ".xz", ".tar", ".tgz", ".7z", ".rar"), _ARCHIVE),
}
_INSIDE = "inputs must be inside the project's folder, also after symbolic links are resolved"


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file of texts. `name` is relative to the project, with `/`, and is used in messages; `real` is its path after
    links were resolved, if that is known."""

    path: Path
    name: str
    format: InputFormat
    compression: Compression
    real: str = field(default="", compare=False)


def find_files(pattern: str, *, project_root: Path, spec_path: str, complaints: Complaints) -> tuple[InputFile, ...]:
    """The files that `pattern` matches, sorted; its mistakes go to `complaints`.

    Args:
        pattern: a path or glob (`*`, `?`, `[…]`, `**`), relative to the spec's file, with `/`.
        project_root: the project's folder.
        spec_path: the spec's file, relative to the project.
        complaints: receives the mistakes, each with its place.
    """
    root = project_root.resolve()
    if PurePosixPath(pattern).is_absolute() or pattern.startswith("~"):
        complaints.add_to_spec(
            f"the path of inputs is absolute: {pattern}",
            code="path-outside",
            hint="make it relative to the spec's file, so that it works on every machine",
        )
        return ()
    folder = (root / spec_path).parent
    private = private_folders(str(root))
    before = complaints.count
    found = _expand(folder, pattern, root, private, complaints)
    if complaints.count == before and _is_glob(folder, pattern):
        complain_of_left_out(_glob(folder, pattern), pattern, root, complaints)
    if not found and complaints.count == before:
        complaints.add_to_spec(f"no file matches {pattern}", code="no-file", hint=f"searched in {_name(folder, root)}/")
    asked_for = None if GLOB_CHARACTERS.search(pattern) else pattern
    if _has_key(found, complaints):
        return ()
    folders = {parent: os.path.realpath(parent) for parent in {path.parent for path in found}}
    files = [_input_file(path, folders[path.parent], (root, private), asked_for, complaints) for path in found]
    return tuple(file for file in files if file is not None)


def _has_key(found: Iterable[Path], complaints: Complaints) -> bool:
    """Complains if the name of a file has a key: it would be shown and written with each of its texts."""
    keys = KeySearch()
    if not keys or not keys.occurs_in("\n".join(map(str, found)).encode("utf-8", "surrogateescape")):
        return False
    complaints.add_to_spec(f"the name of an input file {HAS_KEY}", code="key", hint="rename the file or its folder")
    return True


def _input_file(
    path: Path, folder: str, within: tuple[Path, tuple[str, ...]], asked_for: str | None, complaints: Complaints
) -> InputFile | None:
    """`path` as an input file; `None` if it can't be read as one.

    If a spec names one file by its path (`asked_for`), it is told why this is not an input file. Folders that only
    match a glob are skipped.

    Args:
        path: of the file.
        folder: the real path of its folder.
        within: the project's folder, real, and `private_folders` of it.
        asked_for: the pattern of the spec, if it is no glob.
        complaints: receives the mistakes.
    """
    root, private = within
    name = _name_in(folder, path, root)
    if not f"{folder}/".startswith(f"{str(root).rstrip('/')}/"):
        complaints.add_to_spec(f"{name} is outside the project", code="path-outside", hint=_INSIDE)
        return None
    if not is_inside(folder, str(root), private):
        complaints.add_to_spec(f"{name} is a file of {_owner(path.parent.resolve(), private)}", code="path-outside")
        return None
    try:
        resolved, mode = _resolved(path, folder)
    except (OSError, RuntimeError) as error:
        if (absent := why_not_there(path, name, root)) is not None:
            complaints.add_to_spec(absent[0], code="left-out", hint=absent[1])
        elif (absent := _kept_elsewhere(path, name)) is not None:
            complaints.add_to_spec(absent[0], code="pointer", hint=absent[1])
        elif isinstance(error, FileNotFoundError) and asked_for is not None:
            complaints.add_to_spec(f"no such file: {name}", code="no-file", hint=_near_file(path))
        else:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            complaints.add_to_spec(f"can't read {name}: {reason}", code="unreadable")
        return None
    if resolved.is_relative_to(root) and not is_inside(str(resolved), str(root), private):
        complaints.add_to_spec(f"{name} is a file of {_owner(resolved, private)}", code="path-outside")
        return None
    if not resolved.is_relative_to(root):
        complaints.add_to_spec(f"{name} is outside the project", code="path-outside", hint=_INSIDE)
        return None
    if stat.S_ISDIR(mode):
        if asked_for is not None:
            hint = f"match its files with a glob: {asked_for}/*.jsonl"
            complaints.add_to_spec(f"{name} is a folder", code="not-a-file", hint=hint)
        return None
    if not stat.S_ISREG(mode):
        complaints.add_to_spec(f"{name} is not a regular file", code="not-a-file")
        return None
    kind = _kind(path.name)
    if kind is None:
        known = f"known endings: {', '.join(INPUT_FORMATS)}; each also with .gz or .zst"
        hint = _OTHER_ENDINGS.get(path.suffix.lower(), known)
        complaints.add_to_spec(f"can't tell the format of {name} from its name", code="unknown-format", hint=hint)
        return None
    return InputFile(path, name, *kind, real=str(resolved))


def _resolved(path: Path, folder: str) -> tuple[Path, int]:
    """The real path of a file, and its mode. Only links take more than one look.

    Args:
        path: of the file.
        folder: the real path of its folder.

    Raises:
        OSError: it isn't there, or can't be looked at.
        RuntimeError: links lead in a circle.
    """
    if path.name != "..":
        real = Path(folder, path.name)
        mode = real.lstat().st_mode
        if not stat.S_ISLNK(mode):
            return real, mode
    resolved = path.resolve(strict=True)
    return resolved, resolved.stat().st_mode


def _name_in(folder: str, path: Path, root: Path) -> str:
    """`_name` of a file whose folder is resolved already.

    Args:
        folder: the real path of its folder.
        path: of the file.
        root: the project's folder, real.
    """
    try:
        return Path(folder, path.name).relative_to(root).as_posix()
    except ValueError:
        return path.as_posix()


def complain_of_absent(pattern: str, *, project_root: Path, spec_path: str, complaints: Complaints) -> None:
    """Complains of the files that a glob would match if `dvc pull` had been run: without them, texts would be missing.

    Args:
        pattern: a path or glob, as in `find_files`.
        project_root: the project's folder.
        spec_path: the spec's file, relative to the project.
        complaints: receives the mistakes.
    """
    root = project_root.resolve()
    if not GLOB_CHARACTERS.search(pattern) or pattern.endswith("**") or complaints.count:
        return
    private = private_folders(str(root))
    for pointer in _expand((root / spec_path).parent, f"{pattern}.dvc", root, private, complaints):
        path = pointer.with_suffix("")
        absent = None if os.path.lexists(path) else _kept_elsewhere(path, _name(path, root))
        if absent is not None:
            complaints.add_to_spec(absent[0], code="pointer", hint=absent[1])


def _kept_elsewhere(path: Path, name: str) -> tuple[str, str] | None:
    """What is wrong and what to do, if another tool keeps the content of a file that isn't there.

    Args:
        path: the file.
        name: the same for messages.
    """
    try:
        target = path.readlink().as_posix()
    except OSError:
        target = ""
    if "/annex/objects/" in target:
        return (
            f"the content of {name} is missing in this checkout: it is kept by git-annex",
            f"git annex get -- {shell_word(name)}",
        )
    if target:
        return f"{name} is a link to a file that isn't there: {target}", "fix the link, or replace it with the file"
    if is_file(f"{path}.dvc"):
        return f"the content of {name} is missing in this checkout: it is kept by DVC", f"dvc pull {name}.dvc"
    return None


def _expand(folder: Path, pattern: str, root: Path, private: tuple[str, ...], complaints: Complaints) -> list[Path]:
    """The paths that a glob matches, sorted, or the path itself.

    Args:
        folder: of the spec's file.
        pattern: a path or glob, as in `find_files`.
        root: the project's folder, real.
        private: `private_folders` of it.
        complaints: receives the mistakes; then nothing is found.
    """
    if not _is_glob(folder, pattern):
        return [folder / pattern]
    if (wrong := misplaced_stars(pattern)) is not None:
        complaints.add_to_spec(wrong[0], code="path", hint=wrong[1])
        return []
    glob = _glob(folder, pattern)
    if ".." in glob.parts:
        return []
    found = matches(glob, str(root), private)
    for place in found.leaving:
        complaints.add_to_spec(_why_not_in(place, pattern, root, private), code="path-outside", hint=_INSIDE)
    for place, reason in found.unreadable:
        complaints.add_to_spec(f"can't read {_name(Path(place), root)}: {reason}", code="unreadable")
    if found.too_many:
        message = f"{pattern} has to look at more than {MOST_ENTRIES:,} files and folders"
        complaints.add_to_spec(message, code="too-many-files", hint="begin it with the folder that has the files")
    return [] if found.failed else [glob.base / name for name in found.names]


def _why_not_in(place: str, pattern: str, root: Path, private: tuple[str, ...]) -> str:
    """Why a glob doesn't look in a folder. Nothing that is in it is named.

    Args:
        place: the folder, or a link to it.
        pattern: the glob.
        root: the project's folder, real.
        private: `private_folders` of it.
    """
    real = Path(os.path.realpath(place))
    if real.is_relative_to(root):
        return f"{pattern} looks for files in {_name(Path(place), root)}, a folder of {_owner(real, private)}"
    link = link_that_leaves(str(root), place)
    by = f", by the link {_name(Path(link), root)}" if link is not None else ""
    return f"{pattern} leads outside of the project{by}"


def _owner(real: Path, private: tuple[str, ...]) -> str:
    ours = real.is_relative_to(private[0])
    return "pioneer-build's own" if ours else "git's own, which may hold credentials"


def _is_glob(folder: Path, pattern: str) -> bool:
    """Whether a pattern is no path that exists exactly as written."""
    return GLOB_CHARACTERS.search(pattern) is not None and not is_there(folder / pattern)


def _glob(folder: Path, pattern: str) -> Glob:
    parts = PurePosixPath(pattern).parts
    first = next(index for index, part in enumerate(parts) if GLOB_CHARACTERS.search(part))
    rest = [part for at, part in enumerate(parts) if at >= first and (part != "**" or parts[at - 1 : at] != ("**",))]
    return Glob(folder.joinpath(*parts[:first]), (*rest, "*") if rest[-1] == "**" else tuple(rest))


def _kind(name: str) -> tuple[InputFormat, Compression] | None:
    """Format and compression, from the ending of the file."""
    suffixes = [suffix.lower() for suffix in PurePosixPath(name).suffixes]
    compression: Compression = ""
    if suffixes and suffixes[-1] in COMPRESSIONS:
        compression = COMPRESSIONS[suffixes.pop()]
    if not suffixes or suffixes[-1] not in INPUT_FORMATS:
        return None
    return INPUT_FORMATS[suffixes[-1]], compression


def _name(path: Path, root: Path) -> str:
    """`path` for messages: relative to the project, with `..` removed if possible."""
    try:
        folder = str(path.parent.resolve())
    except (OSError, RuntimeError):
        return path.as_posix()
    return _name_in(folder, path, root)


def _near_file(path: Path) -> str | None:
    """A file of the same folder with a similar name."""
    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return None
    near = nearest(path.name, names)
    return f"did you mean {near}?" if near else None

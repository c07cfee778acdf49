"""Specs that exist but are not in the work tree, or are not read: their datasets are not removed, their names are used.

They are looked for only if the lock has a dataset without a spec, or in a sparse checkout if there is something to do.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from pioneer_build.disk.presence import is_file, is_folder
from pioneer_build.disk.regular_files import read_regular, read_whole
from pioneer_build.errors import PioneerError
from pioneer_build.git.objects import contents
from pioneer_build.parse import cross_check, parse_text
from pioneer_build.paths import SETTINGS_NAME
from pioneer_build.sparse.left_out_files import NOT_IN_CHECKOUT, leads_to_file, tracked
from pioneer_build.sparse.signs import checkouts_in, is_in_checkout
from pioneer_build.spec.file_names import SPEC_ENDINGS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from pioneer_build.errors import Problem
    from pioneer_build.parse.specs import Broken
    from pioneer_build.sparse.left_out_files import LeftOutFile
    from pioneer_build.spec.model import Spec

_SPARSE: Final = f"it is {NOT_IN_CHECKOUT}"
_SUBMODULE: Final = "it is a submodule that is not checked out"
_UNKNOWN: Final = "git can't say which specs this checkout leaves out"
_NOTHING: Final = "it is a link to nothing that is here"
_LINKED: Final = "it is a linked folder, in which not everything can be read as specs"
#: A spec file is not larger.
_MOST_BYTES: Final = 1 << 20
#: A linked folder with more files isn't searched any further.
_MOST_FILES: Final = 20_000


class LeftOut(NamedTuple):
    """A spec file that isn't read, why, and the names that it has; `None` if these can't be known."""

    path: str
    why: str
    names: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class LeftOutSpecs:
    """The specs of a project that are not read. Each question runs git.

    `root` is the project's folder, `folder` that of the specs, relative to it. `passed_over` are paths in that folder
    that are not read, each with the reason.
    """

    root: Path
    folder: str
    passed_over: Sequence[tuple[str, str]] = ()

    def datasets(self, names: Collection[str]) -> dict[str, str]:
        """Which of some datasets without a spec have one that isn't read: the path of the spec, and why.

        If the names in such a spec can't be known, each of the datasets may be its own.
        """
        found: dict[str, str] = {}
        unknown: str | None = None
        reasons = dict(self.passed_over)
        root, folder = self.root, self.folder
        for one in [*_other_endings(root, reasons), *_links(root, folder, reasons), *_absent(root, folder)]:
            text = f"{one.path}: {one.why}"
            if one.names is None:
                unknown = unknown or text
            else:
                found |= dict.fromkeys(one.names.intersection(names), text)
        if unknown is not None:
            found = {name: found.get(name, unknown) for name in names}
        return found

    def clashes(self, specs: Sequence[Spec], names: Collection[str]) -> list[Problem]:
        """The errors that specs have only beside those that a sparse checkout left out: a name is used, or a rename.

        What git can't say, or this clone doesn't have, is no error.

        Args:
            specs: all specs that are here, without an error between them.
            names: of the datasets that are judged, with their former names.
        """
        files: list[tuple[str, bytes | None]] = []
        for place in map(Path, checkouts_in(self.root / self.folder)):
            with suppress(PioneerError):
                files += _contents(self.root, self.folder, tracked(place).left_out)
        sought = [name.casefold() for name in names]
        absent: list[Spec] = []
        broken: list[Broken] = []
        for path, data in files:
            text = (data or b"").decode("utf-8", "replace").casefold()
            if any(name in text for name in sought):  # the others needn't be parsed
                parsed = parse_text(data or b"", path)
                absent += parsed.specs
                broken += parsed.broken
        paths = {path for path, _ in files}
        found = cross_check([*absent, *specs], broken, lambda path: read_regular(self.root / path), absent=paths)
        among_absent = set(cross_check(absent, broken, absent=paths))
        # of the absent ones only some were parsed, so that the names in their `no_overlap_with` may be there
        return [one for one in found if one not in among_absent and (one.path not in paths or one.code == "rename")]


def _absent(root: Path, folder: str) -> Iterator[LeftOut]:
    """Specs that git keeps out of the work tree, and out of those of submodules and other repositories in it."""
    for place in map(Path, checkouts_in(root / folder)):
        try:
            absent = tracked(place).left_out
        except PioneerError as error:
            if is_in_checkout(place):
                yield LeftOut(place.relative_to(root).as_posix(), f"{_UNKNOWN}: {error.message}", None)
            continue
        for path, data in _contents(root, folder, absent):
            yield LeftOut(path, _SPARSE, _names(data, path))
        yield from _absent_links(root, folder, absent)
        for one in absent:
            if one.kind == "submodule":
                yield LeftOut(one.path.relative_to(root).as_posix(), _SUBMODULE, None)


def _contents(root: Path, folder: str, absent: Sequence[LeftOutFile]) -> list[tuple[str, bytes | None]]:
    """The paths of the spec files among absent files, and their bytes; `None` if this clone doesn't have them.

    Args:
        root: the project's folder.
        folder: that of the specs, relative to it.
        absent: files of one repository.
    """
    files = {
        path: one
        for one in absent
        if one.kind == "file" and _is_spec(path := one.path.relative_to(root).as_posix(), folder)
    }
    blobs = [one.blob or "" for one in files.values()]
    return list(zip(files, contents(absent[0].top, blobs), strict=True)) if files else []


def _absent_links(root: Path, folder: str, absent: Sequence[LeftOutFile]) -> Iterator[LeftOut]:
    """Links that git keeps out of the work tree: to a spec, or to something that can't be known, as a folder of specs.

    Args:
        root: the project's folder.
        folder: that of the specs, relative to it.
        absent: files of one repository.
    """
    for one in absent:
        path = one.path.relative_to(root).as_posix()
        if one.kind != "link" or _is_hidden(path, folder):
            continue
        if (file := leads_to_file(one)) is None:
            yield LeftOut(path, _SPARSE, None)
        elif _is_spec(path, folder):
            yield LeftOut(path, _SPARSE, _names(_read(file), path))


def _is_hidden(path: str, folder: str) -> bool:
    """Whether a path is in a folder below that of the specs that isn't searched, or is hidden itself."""
    below = Path(path).relative_to(folder).parts if Path(path).is_relative_to(folder) else ()
    return any(part[0] == "." or part == "node_modules" for part in below)


def _is_spec(path: str, folder: str) -> bool:
    """Whether a file below the folder of the specs would be read as specs, if it were there."""
    return path.endswith(SPEC_ENDINGS) and not _is_hidden(path, folder) and Path(path).name != SETTINGS_NAME


def _other_endings(root: Path, reasons: Mapping[str, str]) -> Iterator[LeftOut]:
    """Specs in files whose names end otherwise."""
    for path, why in reasons.items():
        if not is_folder(root / path):  # false where it can't be known
            yield LeftOut(path, why, _names(_read(root / path), path))


def _links(root: Path, folder: str, reasons: Mapping[str, str]) -> Iterator[LeftOut]:
    """Specs behind links: to a folder, or to nothing, as if what they lead to were not mounted."""
    top = root / folder
    own = os.path.realpath(top)
    for here, folders, files in os.walk(top):
        folders[:] = [name for name in folders if name[0] != "." and name != "node_modules"]
        for name in sorted([*folders, *files]):
            place = Path(here, name)
            if name[0] == "." or not place.is_symlink() or is_file(place):
                continue
            path = place.relative_to(root).as_posix()
            real = os.path.realpath(place)
            if not is_folder(place):
                yield LeftOut(path, _NOTHING, None)
            elif not f"{real}/".startswith(f"{own}/"):  # those are read where they really are
                yield from _linked_folder(root, path, reasons.get(path, _LINKED))


def _linked_folder(root: Path, path: str, why: str) -> Iterator[LeftOut]:
    """The specs in a linked folder; also one with unknown names, if there may be more of them than can be seen.

    That is so for a folder out of the project without a spec, and for an empty one: it may not be mounted. A folder of
    the project itself may have other files.
    """
    files, all_seen = _files_in(root / path)
    specs = [file for file in files if file.name.endswith(SPEC_ENDINGS) and file.name != SETTINGS_NAME]
    for file in specs:
        yield LeftOut(path, why, _names(_read(file), path))
    has_others = bool(files) and Path(os.path.realpath(root / path)).is_relative_to(root)
    if not all_seen or not (specs or has_others):
        yield LeftOut(path, why, None)


def _files_in(folder: Path) -> tuple[list[Path], bool]:
    """The files in a linked folder, and whether they are all: no folder is empty or unreadable, and no link is left."""
    found: list[Path] = []
    errors: list[OSError] = []
    all_seen = True
    for here, folders, files in os.walk(folder, onerror=errors.append):
        places = [Path(here, name) for name in sorted([*folders, *files])]
        folders[:] = [name for name in folders if name != ".git"]
        all_seen = all_seen and bool(places)
        for place in places:
            if is_file(place):
                found.append(place)
            elif place.is_symlink():
                all_seen = False
        if len(found) > _MOST_FILES:
            return found, False
    return found, all_seen and not errors


def _read(file: Path) -> bytes | None:
    """The bytes of a file; `None` if it can't be read, or has many more than a spec has."""
    try:
        return read_whole(file, _MOST_BYTES)
    except OSError:
        return None


def _names(data: bytes | None, path: str) -> frozenset[str] | None:
    """The names of datasets in a spec file, former ones included; `None` if they can't be known."""
    if data is None:
        return None
    parsed = parse_text(data, path)
    named = {spec.dataset_name for spec in parsed.specs} | {one.dataset_name for one in parsed.broken}
    former = {spec.renamed_from for spec in parsed.specs if spec.renamed_from is not None}
    # a document with an error may have any former name, and one without a name may be any dataset
    return None if parsed.problems else frozenset(named | former)

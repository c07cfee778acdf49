"""Specs that exist but are not in the work tree, or are not read: their datasets are not removed.

They are looked for only if the lock has a dataset without a spec.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, NamedTuple

from pioneer_build.cache.spec_files import SPEC_ENDINGS
from pioneer_build.git import absent_files, contents
from pioneer_build.parse import parse_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from pioneer_build.project.specs import PassedOver

_SPARSE: Final = "it is not in this sparse checkout"
_SUBMODULE: Final = "it is a submodule that is not checked out"
#: A spec file is not larger.
_MOST_BYTES: Final = 1 << 20


class LeftOut(NamedTuple):
    """A spec file that isn't read, why, and the names that it has; `None` if these can't be known."""

    path: str
    why: str
    names: frozenset[str] | None


def datasets_left_out(
    root: Path, folder: str, names: Collection[str], passed_over: Sequence[PassedOver]
) -> dict[str, str]:
    """Which of the datasets without a spec have one that isn't read: the path of the spec, and why.

    If the names in such a spec can't be known, each of the datasets may be its own.

    Args:
        root: the project's folder.
        folder: the folder of the specs, relative to it.
        names: of the datasets.
        passed_over: paths in that folder that are not read.
    """
    found: dict[str, str] = {}
    unknown: str | None = None
    for one in [*_passed_over(root, passed_over), *_absent(root, folder)]:
        text = f"{one.path}: {one.why}"
        if one.names is None:
            unknown = unknown or text
        else:
            found |= dict.fromkeys(one.names.intersection(names), text)
    if unknown is not None:
        found = {name: found.get(name, unknown) for name in names}
    return found


def _absent(root: Path, folder: str) -> Iterator[LeftOut]:
    """Specs that git keeps out of the work tree."""
    absent = absent_files(root, folder)
    files = [
        (one.path, one.blob)
        for one in absent
        if one.blob is not None and one.path.endswith(SPEC_ENDINGS) and not os.path.lexists(root / one.path)
    ]
    for (path, _), data in zip(files, contents(root, [blob for _, blob in files]) if files else [], strict=True):
        yield LeftOut(path, _SPARSE, _names(data, path))
    for one in absent:
        if one.blob is None and not _has_entries(root / one.path):
            yield LeftOut(one.path, _SUBMODULE, None)


def _passed_over(root: Path, passed_over: Sequence[PassedOver]) -> Iterator[LeftOut]:
    """Specs in linked folders, and in files whose names end otherwise."""
    for path, why in passed_over:
        place = root / path
        files = [place]
        if place.is_dir():
            files = [file for file in sorted(place.rglob("*")) if file.name.endswith(SPEC_ENDINGS) and file.is_file()]
        for file in files:
            try:
                with file.open("rb") as stream:
                    data = stream.read(_MOST_BYTES + 1)
            except OSError:
                data = None
            yield LeftOut(path, why, _names(data, path))


def _names(data: bytes | None, path: str) -> frozenset[str] | None:
    """The names of datasets in a spec file, former ones included; `None` if they can't be known."""
    if data is None or len(data) > _MOST_BYTES:
        return None
    parsed = parse_text(data, path)
    named = {spec.dataset_name for spec in parsed.specs} | {one.dataset_name for one in parsed.broken}
    former = {spec.renamed_from for spec in parsed.specs if spec.renamed_from is not None}
    # a document with an error may have any former name, and one without a name may be any dataset
    return None if parsed.problems else frozenset(named | former)


def _has_entries(folder: Path) -> bool:
    try:
        return any(folder.iterdir())
    except OSError:
        return False

"""Plans what to remove from the store because nothing needs it, and removes it."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from pioneer_build.disk.abandoned import abandoned
from pioneer_build.disk.regular_files import open_regular, read_regular
from pioneer_build.store.answer_folders import answers_of_job, backend_in, is_job, model_name
from pioneer_build.store.claims import claimed_texts
from pioneer_build.store.disk import Modes, guarded, remove_folder
from pioneer_build.store.scope import Scope, decode
from pioneer_build.store.text_answers import answers_about_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Set
    from pathlib import Path

    from pioneer_build.store.annotations import AnnotationStore

RemovalKind: TypeAlias = Literal["rows", "annotations", "answers", "temporary"]

#: What is removed is recognized by its name, too: a setting may name any folder as the store.
_ROWS = re.compile(r"([0-9a-f]{2})/\1[0-9a-f]{62}\.jsonl")
_TEMPORARY = re.compile(r"[0-9a-f]{20}(\.tmp)?|[0-9]+\.tmp")


@dataclass(frozen=True, slots=True)
class Removal:
    """One thing to remove. `path` is relative to the store; `name` is a digest, or a backend with what of it.

    `records` is the number of rows, annotations or answers in it: what it would cost to make them again.
    """

    kind: RemovalKind
    name: str
    path: str
    files: int
    bytes: int
    records: int


@dataclass(frozen=True, slots=True)
class GcPlan:
    """The things to remove, sorted."""

    removals: tuple[Removal, ...]

    @property
    def bytes(self) -> int:
        """The space that it would free."""
        return sum(removal.bytes for removal in self.removals)

    @property
    def files(self) -> int:
        """The number of files that would be removed."""
        return sum(removal.files for removal in self.removals)

    def records(self, kind: RemovalKind) -> int:
        """The number of rows, annotations or answers that would be removed."""
        return sum(removal.records for removal in self.removals if removal.kind == kind)


@dataclass(frozen=True, slots=True)
class Needed:
    """What is needed of a store.

    `rows` are digests (`sha256:…`), `annotations` scopes (backend, fingerprint), however their backend is spelled.
    `jobs` gives the ids of the jobs of a backend whose answers are needed; `backends` are those that have any use.
    """

    rows: Set[str] = frozenset()
    annotations: Set[tuple[str, str]] = frozenset()
    jobs: Callable[[str], Set[str]] = lambda _: frozenset()
    backends: Set[str] = frozenset()


def plan_removals(root: Path, needed: Needed, annotations: Callable[[str, str], AnnotationStore]) -> GcPlan:
    """The content of the store in `root` that is not among what to keep.

    A scope is kept as well while texts of it are claimed that have no annotation: they are being labelled, or were sent
    and got no response.

    Args:
        root: the store.
        needed: what to keep.
        annotations: opens the annotations of a backend and fingerprint, to count them.

    Raises:
        StoreError: it can't be read.
    """
    with guarded(root, "read"):
        found = [
            *_rows(root, needed.rows),
            *_annotations(root, {Scope(*pair) for pair in needed.annotations}, annotations),
            *_answers(root, needed),
            *_temporary(root),
        ]
    return GcPlan(tuple(sorted(found, key=lambda removal: (removal.kind, removal.name, removal.path))))


def _folders(folder: Path) -> list[Path]:
    """The folders in `folder`, without links: those lead to where nothing is removed."""
    if folder.is_symlink():
        return []
    return sorted(path for path in folder.glob("*") if path.is_dir() and not path.is_symlink())


def _rows(root: Path, keep: Set[str]) -> Iterator[Removal]:
    for path in sorted(path for folder in _folders(root / "rows") for path in folder.glob("*.jsonl")):
        digest = f"sha256:{path.stem}"
        if digest in keep or not _ROWS.fullmatch(path.relative_to(root / "rows").as_posix()):
            continue
        with guarded(path, "read"), open_regular(path) as file:
            lines = sum(data.count(b"\n") for data in iter(lambda: file.read(1 << 20), b""))
        yield Removal("rows", digest, path.relative_to(root).as_posix(), 1, path.stat().st_size, lines)


def _annotations(root: Path, keep: Set[Scope], annotations: Callable[[str, str], AnnotationStore]) -> Iterator[Removal]:
    kept = {scope.one_name for scope in keep}
    for folder in _folders(root / "annotations"):
        path = folder / "scope.json"
        with guarded(path, "read"):
            try:
                scope = decode(read_regular(path))
            except (FileNotFoundError, NotADirectoryError):
                continue
        if scope is None or scope.one_name in kept or scope.name != folder.name:
            continue  # an unknown scope is kept
        found = annotations(scope.backend, scope.fingerprint)
        if found.missing(claimed_texts(folder / "claims"), also_quarantined=True):
            continue  # nothing else says that these texts were sent: whoever sends them again may pay for them twice
        sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
        count = found.count()
        name = f"{scope.backend} {scope.fingerprint}"
        yield Removal("annotations", name, folder.relative_to(root).as_posix(), len(sizes), sum(sizes), count)


def _answers(root: Path, needed: Needed) -> Iterator[Removal]:
    """The answers of jobs that have ended or that nobody knows, and those about texts for backends without any use."""
    for backend, folder in _models(root).items():
        jobs = needed.jobs(backend)
        for path in _folders(folder / "jobs"):
            if is_job(path.name) and path.name not in jobs:
                yield _answers_in(root, path, f"{backend} {path.name}", len(answers_of_job(path, Modes()).digests()))
        texts = folder / "texts"
        if backend not in needed.backends and texts in _folders(folder):
            count = sum(len(files.digests()) for files in answers_about_texts(texts, Modes()))
            yield _answers_in(root, texts, f"{backend} texts", count)


def _answers_in(root: Path, folder: Path, name: str, count: int) -> Removal:
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return Removal("answers", name, folder.relative_to(root).as_posix(), len(sizes), sum(sizes), count)


def _models(root: Path) -> dict[str, Path]:
    """The folders of the models of whose answers the store in `root` keeps some, by backend."""
    found: dict[str, Path] = {}
    for folder in _folders(root / "answers"):
        path = folder / "model.json"
        with guarded(path, "read"):
            try:
                backend = backend_in(read_regular(path, follow=False))
            except (FileNotFoundError, NotADirectoryError):
                continue
        if backend is not None and model_name(backend) == folder.name:  # an unknown folder is kept
            found[backend] = folder
    return found


def _temporary(root: Path) -> Iterator[Removal]:
    folder = root / "tmp"
    if folder.is_symlink():
        return
    for left, found in abandoned(folder, lambda name: _TEMPORARY.fullmatch(name) is not None, time.time()):
        yield Removal("temporary", left.name, f"tmp/{left.name}", 1, found.st_size, 0)


def remove(root: Path, tmp: Path, plan: GcPlan, modes: Modes) -> None:
    """Removes what is in `plan`. A folder is moved away first, so that it never exists in part.

    Args:
        root: the store.
        tmp: its folder of temporary files.
        plan: from `plan_removals`; things that no longer exist are skipped.
        modes: the permissions of the store.

    Raises:
        StoreError: something can't be removed; everything before it in the plan was.
    """
    for removal in plan.removals:
        path = root / removal.path
        with guarded(path, "remove"):
            try:
                if path.is_dir() and not path.is_symlink():
                    remove_folder(path, tmp, modes)
                else:
                    path.unlink()
            except FileNotFoundError:
                continue

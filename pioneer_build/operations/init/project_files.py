"""The files of a project: writes those that don't exist yet, and never overwrites one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from pioneer_build.disk.held_folders import held_folder
from pioneer_build.disk.regular_files import read_whole
from pioneer_build.disk.single_files import write_new
from pioneer_build.disk.whole_files import write_whole
from pioneer_build.errors import PioneerError
from pioneer_build.git.driver import set_driver
from pioneer_build.git.repository import is_in_repository
from pioneer_build.operations.init import starter_files as starter
from pioneer_build.parse.json_schema import settings_schema, spec_schema
from pioneer_build.paths import SETTINGS_NAME, checkout_of, is_git_s, link_that_leaves, place_without_links
from pioneer_build.project.key_check import keys_in_texts
from pioneer_build.project.specs import spec_files
from pioneer_build.results.init import WrittenFiles
from pioneer_build.sparse import left_out_of, refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from pioneer_build.operations.init.specs_from_requests import SpecDraft
    from pioneer_build.project.open import Project


#: The files of git's settings, and their lines.
_LINES: Final[Mapping[str, Sequence[str]]] = {".gitignore": starter.IGNORED, ".gitattributes": starter.ATTRIBUTES}


def write_project_files(project: Project, drafts: Sequence[SpecDraft] = (), *, model: bool = False) -> WrittenFiles:
    """Writes settings, specs, schemas and lines for git, if they don't exist yet.

    Args:
        project: the opened folder. Its setting `specs` is used.
        drafts: specs to write; without any, the starter specs are written if there are neither specs nor a lock.
        model: whether a language model is to be the backend.

    Raises:
        PioneerError: a draft's file exists or would contain a key, a link leaves the project, or a sparse checkout left
            out a file (nothing was written then), or a file can't be written.
    """
    root, folder = project.root, project.config.specs.strip("/") or "."
    for draft in drafts:
        for path in (draft.path, *draft.files):
            if (root / path).exists():
                raise PioneerError(
                    f"{path} already exists", hint="init never overwrites a file: move it, or rename the dataset"
                )
    texts = {
        SETTINGS_NAME: starter.settings_text(project.config.specs, model=model),
        starter.SPEC_SCHEMA: _json(spec_schema()),
        starter.SETTINGS_SCHEMA: _json(settings_schema()),
    }
    for draft in drafts:
        texts |= {draft.path: draft.text, **draft.files}
    if not drafts and not spec_files(root, folder)[0] and project.lockfile.stamp() is None:
        texts |= starter.starter_specs(folder, model=model)
    _check_in_checkout(root, [*texts, *_LINES])
    for path in texts:
        _check_inside(root, (root / path).parent)
    for path in _LINES:
        _check_inside(root, root / path)
    for found in keys_in_texts(texts):  # the key in the header of a request was dropped: this one is elsewhere
        raise PioneerError(f"line {found.line} of {found.path} would have the API key in it", hint=found.hint)
    new: list[str] = []
    kept: list[str] = []
    for path, text in texts.items():
        (new if _write_new(root, path, text) else kept).append(path)
    there = [name for name in _LINES if (root / name).exists()]
    written = write_lines_for_git(root)
    new += [name for name in written if name not in there]
    kept += [name for name in _LINES if name not in written]
    extended = [name for name in written if name in there]
    driver = set_driver(root) if is_in_repository(root) else None
    return WrittenFiles(tuple(new), tuple(extended), tuple(kept), driver)


def check_lines_for_git(root: Path) -> None:
    """Refuses to go on if a sparse checkout left out git's settings, which would be written anew.

    Raises:
        PioneerError: it did.
    """
    _check_in_checkout(root, _LINES)


def _check_in_checkout(root: Path, paths: Iterable[str]) -> None:
    """Files that a sparse checkout left out aren't written anew."""
    if found := left_out_of(root, paths):
        raise refusal(found, root, "so nothing is written in its place" if len(found) == 1 else "so nothing is written")


def write_lines_for_git(root: Path) -> tuple[str, ...]:
    """Adds the lines about the lock to git's settings in a project, if they are missing; the names of changed files.

    Raises:
        PioneerError: a file can't be written, or is a link that leaves the project.
    """
    for name in _LINES:
        _check_inside(root, root / name)
    return tuple(name for name, lines in _LINES.items() if _add_lines(root, name, lines))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _check_inside(root: Path, path: Path) -> None:
    """Raises a `PioneerError` if a symbolic link of the project leads out of it, or to git's files, on the way."""
    link = link_that_leaves(str(root), str(path))
    if link is not None:
        raise PioneerError(
            f"can't write {path}: {link} is a symbolic link that leaves the project",
            hint="remove the link, or replace it by what it leads to",
        )
    _place(root, path)


def _place(root: Path, path: Path) -> str:
    """Where a path leads, without links: what is checked is what is written. A `PioneerError` if it is git's."""
    place = place_without_links(str(root), str(path))
    if is_git_s(place, checkout_of(str(root))):
        raise PioneerError(
            f"can't write {path}: {place} is in a folder of git", hint="remove the link that leads there"
        )
    return place


def _write_new(root: Path, name: str, text: str) -> bool:
    """Writes a file that doesn't exist; whether it was written. Links are never followed."""
    path = root / name
    try:
        with held_folder(_place(root, path.parent), make=True) as folder:
            write_new(f"{folder}/{path.name}", text.encode(), 0o644)
    except FileExistsError:
        return False
    except NotADirectoryError:
        raise PioneerError(f"can't write {path}: {path.parent} is not a folder") from None
    except OSError as error:
        raise _unwritable(path, error) from None
    return True


def _add_lines(root: Path, name: str, lines: Iterable[str]) -> bool:
    """Appends the lines that the file doesn't have yet; whether there were any."""
    path = root / name
    try:
        place = _place(root, path)  # a link in the project stays one
        text = read_whole(place, follow=False).decode("utf-8", "surrogateescape") if path.exists() else ""
        have = {line.strip() for line in text.splitlines()}
        missing = [line for line in lines if line not in have]
        if not any(line for line in missing if not line.startswith("#")):
            return False
        gap = "" if not text or text.endswith("\n") else "\n"
        added = text + gap + "".join(f"{line}\n" for line in missing)
        data = added.encode("utf-8", "surrogateescape")
        write_whole(place, [data], mode=0o644, keep_mode=True, follow=False)
    except OSError as error:
        raise _unwritable(path, error) from None
    return True


def _unwritable(path: Path, error: OSError) -> PioneerError:
    return PioneerError(f"can't write {path}: {error.strerror}")

"""Makes a folder a project, or adds specs to one that are made of requests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pioneer_build.errors import PioneerError
from pioneer_build.operations.init.api_requests import read_requests
from pioneer_build.operations.init.project_files import write_project_files
from pioneer_build.operations.init.spec_drafts import drafts_of
from pioneer_build.paths import find_root
from pioneer_build.project.open import open_project
from pioneer_build.project.specs import load_specs
from pioneer_build.results.init import DraftedDataset, InitResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from pioneer_build.operations.init.spec_drafts import SpecDraft
    from pioneer_build.project.open import Project


@dataclass(frozen=True, slots=True)
class InitRequest:
    """What to set up.

    `directory` is where the command runs, and what paths count from. `folder` is the project to be, if one was named.
    `source` is a file of requests to make specs of, `-` for the standard input.
    """

    directory: Path
    folder: str | None = None
    source: str | None = None


def set_up_project(
    request: InitRequest, backend: str | None, *, read_stdin: Callable[[], bytes], note: Callable[[str], None]
) -> InitResult:
    """Makes a folder a project. What is there already is kept as it is.

    Args:
        request: what to set up.
        backend: the flag `--backend`.
        read_stdin: gives what the standard input holds, where that is the source.
        note: takes a message for people, should another folder be the one that is set up.

    Raises:
        PioneerError: the folder can't be a project, the source holds no request that a spec can stand for, or a file
            can't be written.
    """
    project = _opened(request, backend, note)
    drafts = _drafts(project, request.source, request.directory, read_stdin) if request.source is not None else []
    files = write_project_files(project, drafts)
    return InitResult(
        str(project.root), files, tuple(DraftedDataset(draft.dataset_name, draft.left_out) for draft in drafts)
    )


def _opened(request: InitRequest, backend: str | None, note: Callable[[str], None]) -> Project:
    """The project to be: the folder that was named, which is made if need be; else the project one stands in."""
    folder = (request.directory / (request.folder or "")).resolve()
    root = Path(find_root(str(folder)))
    if root != folder:
        if request.folder is not None:
            raise PioneerError(
                f"{folder} is in the project {root}, and projects don't nest",
                hint=f"specs may lie in any folder below {root / 'specs'}",
            )
        note(f"{folder} is in the project {root}, which is the one that is set up")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PioneerError(f"can't make the folder {folder}: {error.strerror}") from None
    return open_project(folder, backend)


def _drafts(project: Project, source: str, directory: Path, read_stdin: Callable[[], bytes]) -> list[SpecDraft]:
    try:
        if source == "-":
            data, stem = read_stdin(), ""
        else:
            path = directory / source
            data, stem = path.read_bytes(), path.stem
        text = data.decode("utf-8")
    except OSError as error:
        raise PioneerError(f"can't read {source}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise PioneerError(f"{source} is not UTF-8") from None
    taken = [declared.name for declared in load_specs(project).declared]
    return drafts_of(read_requests(text), stem, project.config.specs.strip("/") or ".", taken)

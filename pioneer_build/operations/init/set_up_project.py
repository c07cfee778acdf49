"""Sets up a project in a folder, or adds specs that are made from requests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pioneer_build.disk.folders import make_folder
from pioneer_build.disk.regular_files import MAX_FILE_BYTES
from pioneer_build.errors import PioneerError
from pioneer_build.operations.init.api_requests import read_requests
from pioneer_build.operations.init.project_files import write_project_files
from pioneer_build.operations.init.specs_from_requests import drafts_of
from pioneer_build.paths import SETTINGS_NAME, find_root
from pioneer_build.project.open import open_project
from pioneer_build.project.specs import load_specs
from pioneer_build.results.init import DraftedDataset, InitResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from pioneer_build.operations.init.specs_from_requests import SpecDraft
    from pioneer_build.project.open import Project


@dataclass(frozen=True, slots=True)
class InitRequest:
    """What to set up.

    `directory` is where the command runs; paths are relative to it. `folder` is the folder for the project, if one was
    given. `source` is a file of requests to convert to specs, `-` for the standard input. `model` says whether a
    language model is to be the backend of a new project.
    """

    directory: Path
    folder: str | None = None
    source: str | None = None
    model: bool = False


def set_up_project(
    request: InitRequest, backend: str | None, *, read_stdin: Callable[[], bytes], note: Callable[[str], None]
) -> InitResult:
    """Sets up a project in a folder. Existing files are not overwritten.

    Args:
        request: what to set up.
        backend: the flag `--backend`.
        read_stdin: reads the standard input, if it is the source.
        note: called with a message if another folder than the current one is set up.

    Raises:
        PioneerError: the folder can't be a project, the source has no request that can be converted, or a file can't be
            written.
    """
    project = _opened(request, backend, note)
    drafts = _drafts(project, request.source, request.directory, read_stdin) if request.source is not None else []
    files = write_project_files(project, drafts, model=request.model)
    if request.model and SETTINGS_NAME in files.kept and not _has_model(project.root):
        note(f"{SETTINGS_NAME} is kept as it is; docs/model.md has the settings of a language model")
    return InitResult(
        str(project.root), files, tuple(DraftedDataset(draft.dataset_name, draft.left_out) for draft in drafts)
    )


def _has_model(root: Path) -> bool:
    try:
        return open_project(root, "model").config.model is not None
    except PioneerError:
        return False


def _opened(request: InitRequest, backend: str | None, note: Callable[[str], None]) -> Project:
    """The project to set up: in the given folder, which is created if needed; else the current project or folder."""
    folder = (request.directory / (request.folder or "")).resolve()
    root = Path(find_root(str(folder)))
    if root != folder:
        if request.folder is not None:
            raise PioneerError(
                f"{folder} is inside the project {root}; projects can't be nested",
                hint=f"specs can be in any folder below {root / 'specs'}",
            )
        note(f"{folder} is inside the project {root}; init sets up that project")
    try:
        make_folder(folder)
    except OSError as error:
        raise PioneerError(f"can't create the folder {folder}: {error.strerror}") from None
    return open_project(folder, backend)


def _drafts(project: Project, source: str, directory: Path, read_stdin: Callable[[], bytes]) -> list[SpecDraft]:
    try:
        if source == "-":
            data, stem = read_stdin(), ""
        else:
            path = directory / source
            with path.open("rb") as file:  # may be a pipe: `--from <(…)`
                data, stem = file.read(MAX_FILE_BYTES + 1), path.stem
            if len(data) > MAX_FILE_BYTES:
                raise PioneerError(f"{source} is larger than {MAX_FILE_BYTES // 1024**2} MiB: it is not a request")
        text = data.decode("utf-8")
    except OSError as error:
        raise PioneerError(f"can't read {source}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise PioneerError(f"{source} is not UTF-8") from None
    taken = [declared.name for declared in load_specs(project).declared]
    return drafts_of(read_requests(text), stem, project.config.specs.strip("/") or ".", taken)

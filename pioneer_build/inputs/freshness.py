"""Whether an input has changed since its survey, only by `stat`: nothing is read, nothing heavy is imported."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pioneer_build.disk.stamps import stamp_at
from pioneer_build.inputs.complaints import Complaints
from pioneer_build.inputs.named_files import find_files
from pioneer_build.spec.model import InlineTexts, InputFiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pioneer_build.disk.stamps import Stamp, StampedFile
    from pioneer_build.spec.model import Inputs


def unchanged(inputs: Inputs, files: Sequence[StampedFile], *, project_root: Path, spec_path: str) -> bool:
    """Whether `inputs` still names the same files as `files`, all of them unchanged.

    Also False if that isn't known, because a file was changed shortly before the survey. Texts in the spec itself never
    change unless the spec does.

    Args:
        inputs: as in the spec.
        files: the files of an `InputsSurvey`.
        project_root: the project's folder.
        spec_path: the spec's file, relative to the project.
    """
    if isinstance(inputs, InlineTexts):
        return not files
    complaints = Complaints()
    found = find_files(inputs.path, project_root=project_root, spec_path=spec_path, complaints=complaints)
    if complaints.count or [file.name for file in found] != [name for name, _ in files]:
        return False
    return all(_is_same(file.path, stamp) for file, (_, stamp) in zip(found, files, strict=True))


def unchanged_glob(root: str, spec_path: str, pattern: str, files: Sequence[StampedFile]) -> bool:
    """`unchanged` for the cache of plans (`cache.unchanged_plan.GlobCheck`), which has only the pattern of a spec.

    Args:
        root: the project's folder.
        spec_path: the spec's file, relative to the project.
        pattern: the `inputs` of the spec: a path or glob, relative to the spec's file.
        files: in the state in which they were read.
    """
    return unchanged(InputFiles(pattern), files, project_root=Path(root), spec_path=spec_path)


def _is_same(path: Path, stamp: Stamp | None) -> bool:
    try:
        return stamp is not None and stamp_at(str(path)) == stamp
    except OSError:
        return False

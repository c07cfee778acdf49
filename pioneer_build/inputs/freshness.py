"""Whether an input is as it was surveyed, by `stat` alone: nothing is read, nothing heavy imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.inputs.files import find_files
from pioneer_build.inputs.problems import Complaints
from pioneer_build.spec.model import InlineTexts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pioneer_build.inputs.stamps import FileStamp
    from pioneer_build.spec.model import Inputs


def unchanged(inputs: Inputs, files: Sequence[FileStamp], *, project_root: Path, spec_path: str) -> bool:
    """Whether the files that `inputs` names now are those of `files` (of an `InputsSurvey`), each still the
    same.

    False also where that can't be told: a file changed too shortly before it was surveyed. Texts in the spec
    itself never change without the spec.
    """
    if isinstance(inputs, InlineTexts):
        return not files
    complaints = Complaints()
    found = find_files(inputs.path, project_root=project_root, spec_path=spec_path, complaints=complaints)
    if complaints.count or [file.name for file in found] != [stamp.name for stamp in files]:
        return False
    return all(stamp.holds(file.path) for file, stamp in zip(found, files, strict=True))

"""Whether git may convert the line ends of input files, which belong to the texts in quoted cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.errors import PioneerError
from pioneer_build.escaping import shell_word
from pioneer_build.git.repository import is_in_repository
from pioneer_build.git.work_tree import converts_line_ends, has_converted_line_ends
from pioneer_build.inputs.complaints import Complaints
from pioneer_build.inputs.named_files import find_files
from pioneer_build.project.specs import load_specs
from pioneer_build.results.doctor import DoctorFinding
from pioneer_build.spec.model import InputFiles

if TYPE_CHECKING:
    from pioneer_build.project.open import Project

_SHOWN = 3


def line_ends(opened: Project) -> list[DoctorFinding]:
    """A note if the digests of CSV or TSV inputs depend on the settings of git on each machine."""
    names = _tables(opened)
    if not names or not is_in_repository(opened.root):
        return []
    found = converts_line_ends(opened.root, names)
    if not found:
        return []
    changed = [name for name in found if has_converted_line_ends(opened.root, name)]
    if changed:
        text = f"git converted the line ends of {_listed(changed)}: texts in quoted cells differ from other machines'"
        help_text = (
            f"pioneer-build init; then: rm -- {shell_word(changed[0])} && git checkout -- {shell_word(changed[0])}"
        )
        return [DoctorFinding("git", "wrong", text, help_text)]
    text = (
        f"git may convert the line ends of {_listed(found)} on other machines (core.autocrlf), which changes the texts"
    )
    return [DoctorFinding("git", "note", text, "pioneer-build init   # adds `-text` for them to .gitattributes")]


def _tables(opened: Project) -> list[str]:
    """The CSV and TSV files that label specs name, relative to the project."""
    try:
        declared = load_specs(opened).declared
    except PioneerError:
        return []
    names: dict[str, None] = {}
    for item in declared:
        if isinstance(item.spec.inputs, InputFiles):
            files = find_files(
                item.spec.inputs.path, project_root=opened.root, spec_path=item.spec.path, complaints=Complaints()
            )
            names |= dict.fromkeys(
                file.name for file in files if file.format in ("csv", "tsv") and not file.compression
            )
    return list(names)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more

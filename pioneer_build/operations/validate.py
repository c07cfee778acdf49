"""Checks specs without looking at anything else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pioneer_build.disk.presence import is_there
from pioneer_build.errors import PioneerError
from pioneer_build.plan.select import Selectable
from pioneer_build.plan.select import select as select_names
from pioneer_build.project.specs import load_specs
from pioneer_build.results.validate import ValidateResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pioneer_build.project.open import Project


def validate(project: Project, paths: Sequence[Path], select: Sequence[str], exclude: Sequence[str]) -> ValidateResult:
    """The datasets of the specs, which are all valid.

    Args:
        project: an opened project; what was read is cached.
        paths: files whose errors are reported; none for all. Rules between specs are checked for the whole project.
        select: selectors of the datasets to return; none for all.
        exclude: selectors of datasets to leave out.

    Raises:
        Problems: all errors in these files.
        PioneerError: a path is not in the project, or a selector matches nothing.
    """
    only = [_inside(project.root, path) for path in paths] or None
    found = load_specs(project, only=only)
    specs = found.declared
    project.cache.save()
    if select or exclude:
        chosen = select_names([Selectable(item.name, item.spec.tags, "new") for item in specs], select, exclude)
        specs = tuple(item for item in specs if item.name in chosen)
    if only is not None:
        specs = tuple(item for item in specs if item.spec.path in only)
    ignored = tuple(one.text for one in found.passed_over)
    return ValidateResult(tuple(item.name for item in specs), len({item.spec.path for item in specs}), ignored)


def _inside(root: Path, path: Path) -> str:
    """The path relative to the project, with `/`."""
    real = Path(os.path.realpath(path))
    if not is_there(real):
        raise PioneerError(f"no such file: {path}")
    if not real.is_relative_to(root):
        raise PioneerError(f"{path} is not in the project {root}")
    return real.relative_to(root).as_posix()

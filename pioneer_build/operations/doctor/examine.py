"""All checks of `doctor`, in the order in which they are shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pioneer_build.errors import PioneerError, Problems
from pioneer_build.operations.disk_check import LEAST_ROOM, room_for
from pioneer_build.operations.doctor import machine, service
from pioneer_build.operations.doctor import project as project_checks
from pioneer_build.operations.doctor.folders import folders
from pioneer_build.operations.doctor.git_setup import in_git
from pioneer_build.operations.doctor.journal import journal
from pioneer_build.operations.doctor.line_ends import line_ends
from pioneer_build.operations.project_state import read_project_state
from pioneer_build.project.open import open_project
from pioneer_build.results.doctor import DoctorFinding, DoctorResult

if TYPE_CHECKING:
    from pioneer_build.operations.disk_check import Room
    from pioneer_build.project.open import Project


def examine(directory: str, backend: str | None) -> DoctorResult:
    """All findings about the project that `directory` is in.

    Args:
        directory: where the command runs.
        backend: the flag `--backend`.
    """
    findings = [machine.versions()]
    try:
        project = open_project(Path(directory), backend)
    except Problems as error:
        text = f"pioneer.yaml: {error.message}"
        return DoctorResult((*findings, DoctorFinding("project", "wrong", text, "pioneer-build validate")))
    except PioneerError as error:
        return DoctorResult((*findings, DoctorFinding("project", "wrong", error.message, error.hint)))
    findings += project_checks.project(project)
    findings += machine.extras(local=project.config.free)
    room = _room(project)
    findings += folders(project.config.store, room)
    findings += in_git(project.root)
    findings += line_ends(project)
    findings += project_checks.lock(project, room)
    findings += journal(project)
    findings += service.examine(project.config)
    return DoctorResult(tuple(findings))


def _room(project: Project) -> Room:
    """What the next apply will need."""
    try:
        found = read_project_state(project)
        return room_for(found, found.plan)
    except PioneerError:  # said by another check
        return LEAST_ROOM

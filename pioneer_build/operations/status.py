"""The state of every dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pioneer_build.errors import PioneerError
from pioneer_build.operations.dataset_status import dataset_status
from pioneer_build.operations.project_state import read_project_state, selected
from pioneer_build.plan.cost import Rates, spent_on
from pioneer_build.results.status import Spent, StatusResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pioneer_build.operations.project_state import ProjectState
    from pioneer_build.plan import Step
    from pioneer_build.project.open import Project


def status(project: Project, select: Sequence[str], exclude: Sequence[str], *, refresh: bool = False) -> StatusResult:
    """The state of every dataset.

    Args:
        project: an opened project.
        select: selectors of the datasets to show; none for all.
        exclude: selectors of datasets to leave out.
        refresh: whether to ask the service for the state of open jobs.

    Raises:
        PioneerError: specs, lock or a selector have an error. If the service can't be asked, the result says so.
    """
    found = read_project_state(project)
    values = tuple(status_of(found, name, step) for name, step in listed_steps(found, select, exclude).items())
    if not refresh:
        return StatusResult(values, remarks=found.plan.remarks, spent=spent(found))
    from pioneer_build.operations.refresh import refreshed  # asyncio, httpx: only where the service is asked

    try:
        said = refreshed(found, values)
    except PioneerError as error:
        return StatusResult(values, error, found.plan.remarks, spent(found))
    for job in (job for value in values for job in value["jobs"]):
        if job["job_id"] in said:
            job["now"] = said[job["job_id"]]
    return StatusResult(values, remarks=found.plan.remarks, spent=spent(found))


def spent(found: ProjectState) -> Spent | None:
    """What all datasets of the backend have taken of a language model, forgotten ones too; `None` if it counts nothing.

    Args:
        found: the project's state.
    """
    tokens = spent_on(found.entries)
    return None if tokens is None else Spent(tokens, Rates.of(found.project.config.model))


def listed_steps(found: ProjectState, select: Sequence[str], exclude: Sequence[str]) -> dict[str, Step | None]:
    """The datasets that a list shows, by name, with their steps.

    Args:
        found: the project's state.
        select: selectors; if there are none, datasets of the lock without a step are listed too, for example one that
            was forgotten long ago.
        exclude: selectors of datasets to leave out.

    Raises:
        PioneerError: a selector matches nothing.
    """
    listed: dict[str, Step | None] = {step.dataset_name: step for step in selected(found, select, exclude).steps}
    if not select:
        planned = {step.dataset_name for step in found.plan.steps}
        names = {entry.dataset_name for entry in found.entries}
        listed |= dict.fromkeys(names - planned)
    return dict(sorted(listed.items()))


def status_of(found: ProjectState, name: str, step: Step | None) -> dict[str, Any]:
    """One dataset as `status` and `show` describe it.

    Args:
        found: the project's state.
        name: the name of the dataset.
        step: its step in the plan; `None` if it has none.
    """
    return dataset_status(name, found.backend, found.entry(name), found.declared.get(name), step)

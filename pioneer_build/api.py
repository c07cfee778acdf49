"""`plan`, `apply` and `check` as functions: what the commands do, without a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pioneer_build.operations.project_state import look, selected
from pioneer_build.project.open import open_project

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pioneer_build.apply import Event, Report
    from pioneer_build.plan import Choices, Plan
    from pioneer_build.results.check import CheckResult


def plan(
    directory: str | Path = ".",
    *,
    backend: str | None = None,
    choices: Choices | None = None,
    select: Sequence[str] = (),
    exclude: Sequence[str] = (),
) -> Plan:
    """What would have to be submitted to make the datasets what the specs say. Nothing is sent.

    Raises:
        PioneerError: specs, lock or settings have a mistake.
    """
    return selected(look(open_project(Path(directory), backend), choices), select, exclude)


def apply(
    directory: str | Path = ".",
    *,
    backend: str | None = None,
    choices: Choices | None = None,
    select: Sequence[str] = (),
    exclude: Sequence[str] = (),
    max_requests: int | None = None,
    max_examples: int | None = None,
    wait: bool = True,
) -> Report:
    """Does what `plan` says, without asking; how it ended. `Report.good` says whether all is as it should be.

    Raises:
        PioneerError: nothing could be done.
    """
    from pioneer_build.operations import apply as operate
    from pioneer_build.plan import Choices

    project = open_project(Path(directory), backend)
    limits = operate.Limits(
        max_requests if max_requests is not None else project.config.max_requests,
        max_examples if max_examples is not None else project.config.max_examples,
    )
    with operate.planned(project, choices or Choices(), select, exclude, None, waiting=_silent) as (found, made):
        operate.check_budget(made, limits)
        return operate.apply(found, made, _no_event, limits=limits, wait=wait)


def check(directory: str | Path = ".", *, backend: str | None = None, strict: bool = False) -> CheckResult:
    """Whether specs, lock and kept content are in step. Needs no key and no network.

    Raises:
        PioneerError: specs, lock or settings have a mistake.
    """
    from pioneer_build.operations.check import check as find

    found = look(open_project(Path(directory), backend))
    return find(found, found.plan, strict=strict)


def _silent(_holder: str) -> None:
    return


def _no_event(_event: Event) -> None:
    return

"""`plan`, `apply` and `check` as functions: what the commands do, without a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pioneer_build.operations.check import check_project
from pioneer_build.operations.plan import plan_project
from pioneer_build.plan import Choices
from pioneer_build.project.open import open_project

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pioneer_build.apply import Event, Report
    from pioneer_build.plan import Plan
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

    Args:
        directory: the project's folder, or one in it.
        backend: `local`, `pioneer` or a base URL; what pioneer.yaml says by default.
        choices: what the flags `--resubmit`, `--retry`, `--relabel` and `--delete-remote` say.
        select: selectors of the datasets to plan (names, globs, `tag:x`, `state:x`); none for all.
        exclude: selectors of those to leave out.

    Raises:
        PioneerError: specs, lock or settings have a mistake.
    """
    project = open_project(Path(directory), backend)
    return plan_project(project, choices, select=select, exclude=exclude, evidence=True)


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

    Signals are left alone. A `KeyboardInterrupt` ends it in good order, as one of the command line does, before it is
    raised again: no job is lost, and the lock says what is known. To be called where no event loop runs.

    Args:
        directory: the project's folder, or one in it.
        backend: `local`, `pioneer` or a base URL; what pioneer.yaml says by default.
        choices: what the flags `--resubmit`, `--retry`, `--relabel` and `--delete-remote` say.
        select: selectors of the datasets to do (names, globs, `tag:x`, `state:x`); none for all.
        exclude: selectors of those to leave out.
        max_requests: paid requests that may be sent; what `limits` in pioneer.yaml says by default.
        max_examples: examples that may be asked for; what `limits` in pioneer.yaml says by default.
        wait: whether jobs are waited for; a later apply takes up those that are open.

    Raises:
        PioneerError: nothing could be done.
    """
    # asyncio, on which a plan needn't wait
    from pioneer_build.operations import apply as operation
    from pioneer_build.operations.running import RunOptions

    project = open_project(Path(directory), backend)
    options = RunOptions(max_requests, max_examples, wait).or_limits_of(project.config)
    with operation.planned(project, choices or Choices(), select, exclude, None, waiting=_silent) as (found, made):
        operation.check_budget(made, options)
        return operation.apply(found, made, _no_event, options)


def check(directory: str | Path = ".", *, backend: str | None = None, strict: bool = False) -> CheckResult:
    """Whether specs, lock and kept content are in step. Needs no key and no network.

    Args:
        directory: the project's folder, or one in it.
        backend: `local`, `pioneer` or a base URL; what pioneer.yaml says by default.
        strict: whether rows that are not on this machine count as a finding.

    Raises:
        PioneerError: specs, lock or settings have a mistake.
    """
    return check_project(open_project(Path(directory), backend), strict=strict)


def _silent(_holder: str) -> None:
    return


def _no_event(_event: Event) -> None:
    return

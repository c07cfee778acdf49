"""`load`, `plan`, `apply` and `check` as functions, for use in Python programs.

`load` returns a `Dataset`, which is a sequence of rows with `to_pandas`, `to_polars` and `to_hf` (operations/load.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pioneer_build.operations.check import check_project
from pioneer_build.operations.load import Dataset, load
from pioneer_build.operations.plan import plan_project
from pioneer_build.plan import Choices
from pioneer_build.project.open import open_project

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pioneer_build.apply import Event, Report
    from pioneer_build.plan import Plan
    from pioneer_build.results.check import CheckResult

__all__ = ["Dataset", "apply", "check", "load", "plan"]


def plan(
    directory: str | Path = ".",
    *,
    backend: str | None = None,
    choices: Choices | None = None,
    select: Sequence[str] = (),
    exclude: Sequence[str] = (),
) -> Plan:
    """Plans what has to be submitted to bring the datasets up to date with their specs. Nothing is sent.

    Args:
        directory: the project's folder, or a folder in it.
        backend: `local`, `pioneer` or a base URL; by default, the one in pioneer.yaml.
        choices: the datasets to `--resubmit`, `--retry`, `--relabel` or `--delete-remote`, as the flags would.
        select: selectors of the datasets to plan (names, globs, `tag:x`, `state:x`); none for all.
        exclude: selectors of datasets to leave out.

    Raises:
        PioneerError: specs, lock or settings have an error.
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
    max_cost: float | None = None,
    wait: bool = True,
) -> Report:
    """Makes a plan and does what it says, without confirmation. `Report.good` says whether every step succeeded.

    No signal handlers are installed. After a `KeyboardInterrupt`, the run ends in good order, as on the command line,
    before it is raised again: no job is lost, and the lock is written. Don't call this while an event loop is running
    in the thread.

    Args:
        directory: the project's folder, or a folder in it.
        backend: `local`, `pioneer` or a base URL; by default, the one in pioneer.yaml.
        choices: the datasets to `--resubmit`, `--retry`, `--relabel` or `--delete-remote`, as the flags would.
        select: selectors of the datasets to apply (names, globs, `tag:x`, `state:x`); none for all.
        exclude: selectors of datasets to leave out.
        max_requests: how many paid requests may be sent; by default, the limit in pioneer.yaml.
        max_examples: how many examples may be requested; by default, the limit in pioneer.yaml.
        max_cost: how much may be spent on a language model; needs its prices in pioneer.yaml.
        wait: whether to wait for jobs; the next apply resumes jobs that are still open.

    Raises:
        PioneerError: nothing could be done.
    """
    # asyncio takes time to import, and `plan` doesn't need it
    from pioneer_build.operations import apply as operation
    from pioneer_build.operations import plan_within_budget, running

    project = open_project(Path(directory), backend)
    options = running.RunOptions(max_requests, max_examples, wait, max_cost=max_cost).or_limits_of(project.config)
    with operation.planned(project, choices or Choices(), select, exclude, None, waiting=_silent) as (found, made):
        plan_within_budget.check_budget(made, options)
        return operation.apply(found, made, _no_event, options)


def check(directory: str | Path = ".", *, backend: str | None = None, strict: bool = False) -> CheckResult:
    """Checks that the lock is up to date with the specs, and that stored rows match it. Needs no key and no network.

    Args:
        directory: the project's folder, or a folder in it.
        backend: `local`, `pioneer` or a base URL; by default, the one in pioneer.yaml.
        strict: whether rows that are not on this machine count as a finding.

    Raises:
        PioneerError: specs, lock or settings have an error.
    """
    return check_project(open_project(Path(directory), backend), strict=strict)


def _silent(_holder: str) -> None:
    return


def _no_event(_event: Event) -> None:
    return

"""`check`: whether the lock is up to date with the specs, and stored rows match the lock. Needs no key or network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.escaping import shell_word
from pioneer_build.operations.label_texts import label_texts
from pioneer_build.operations.make_plan import cache_plan
from pioneer_build.operations.project_state import read_project_state, selected
from pioneer_build.operations.rows_to_judge import late_rows_judge
from pioneer_build.operations.stored_contents import StoredContents
from pioneer_build.plan import SETTLED, owed_text
from pioneer_build.results.check import CheckFinding, CheckResult
from pioneer_build.wording import STATE_OF_ACTION

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pioneer_build.lock.model import Entry
    from pioneer_build.operations.project_state import ProjectState
    from pioneer_build.plan import Plan, Step
    from pioneer_build.project.open import Project
    from pioneer_build.spec.declared import Declared


def check_project(
    project: Project, *, select: Sequence[str] = (), exclude: Sequence[str] = (), strict: bool = False
) -> CheckResult:
    """Compares the specs, the lock and the stored rows of a project.

    Args:
        project: an opened project; what was read is cached.
        select: selectors of `--select`.
        exclude: selectors of `--exclude`.
        strict: whether rows that are not on this machine, not verified or rejected by the checks, and specs that are
            not here, are findings.

    Raises:
        Problems: specs or inputs have errors.
        LockError: the lock can't be read.
        PioneerError: a selector matches nothing.
    """
    state = read_project_state(project)
    return check(state, selected(state, select, exclude), strict=strict)


def check(state: ProjectState, plan: Plan, *, strict: bool = False) -> CheckResult:
    """Compares the specs, the lock and the stored rows of the datasets of `plan`. Unchanged files aren't read again.

    Args:
        state: the state of the project.
        plan: its plan, or a part of it.
        strict: whether rows that are not on this machine, not verified, or rejected by the checks are findings too.
    """
    contents = StoredContents(state.project)
    findings = [
        finding
        for step in plan.steps
        for finding in (
            *_pending(state, step),
            *_owed(state, step, contents),
            *_in_content(state, step, contents, strict=strict),
        )
    ]
    if strict:
        findings += [CheckFinding("skipped", one.dataset_name, f"not checked: {one.why}") for one in plan.skipped]
    if contents.save():  # together with the plan: later checks compare only stamps
        cache_plan(state.project, state.scope, state.plan)
    return CheckResult(len(plan.steps), contents.count, tuple(findings), plan.skipped, plan.ignored, plan.remarks)


def _pending(state: ProjectState, step: Step) -> Iterator[CheckFinding]:
    """The finding for a dataset with pending changes."""
    if step.action in SETTLED:
        return
    item = state.declared.get(step.dataset_name)
    why = "; ".join(reason.line for reason in step.reasons)
    refused = f"{step.action} will be refused" if step.refused is not None else None
    what = refused or STATE_OF_ACTION.get(step.action, f"{step.action} pending")
    text = f"{what}{f' ({why})' if why else ''}"
    path = line = None
    if item is not None:
        # the line of the key that changed, if there is one
        path, line = item.spec.path, item.spec.place(step.reasons[0].field)[0] if step.reasons else item.spec.line
    yield CheckFinding("pending", step.dataset_name, text, step.command or "pioneer-build apply", path, line)


def _owed(state: ProjectState, step: Step, contents: StoredContents) -> Iterator[CheckFinding]:
    """The finding for a dataset whose rows the service should have, and did not provide; not if they are here."""
    entry, item = state.entry(step.dataset_name), state.declared.get(step.dataset_name)
    jobs = [job for job in (entry.current() if entry is not None and not entry.forgotten else ()) if job.owed]
    owed = [job for job in jobs if job.rows is None or not contents.has(job.rows)]
    if owed:
        text = "; ".join(owed_text(job) for job in owed)
        path, line = (item.spec.path, item.spec.line) if item is not None else (None, None)
        yield CheckFinding("owed", step.dataset_name, text, "pioneer-build apply", path, line)


def _in_content(state: ProjectState, step: Step, contents: StoredContents, *, strict: bool) -> Iterator[CheckFinding]:
    """Findings about the stored rows of a dataset."""
    name = step.dataset_name
    entry = state.entry(name)
    if entry is None or entry.forgotten:
        return
    item = state.declared.get(name)
    path, line = (item.spec.path, item.spec.line) if item is not None else (None, None)
    for digest in entry.content_digests:
        if contents.has(digest):
            if (fault := contents.fault(digest)) is not None:
                yield CheckFinding("content", name, fault, "pioneer-build apply", path, line)
        elif strict:
            yield CheckFinding("missing", name, "its rows are not on this machine", "pioneer-build apply", path, line)
    if strict and item is not None and step.action in SETTLED and (text := _in_checks(state, item, entry)):
        yield CheckFinding("checks", name, text, f"pioneer-build apply --retry {shell_word(name)}", path, line)
    if strict and entry.examples and not entry.verified and not any(job.owed for job in entry.current()):
        text = "its rows were never verified: the service does not provide them"
        yield CheckFinding("unverified", name, text, None, path, line)


def _in_checks(state: ProjectState, item: Declared, entry: Entry) -> str | None:
    """What the checks reject of the rows of a built dataset, as far as they are on this machine.

    They were judged when they were recorded. But a merge can combine the rows of one branch with the checks of another.
    """
    texts = label_texts(state.project.root, state.declared, state.surveys)
    found = late_rows_judge(state.project.config, (state.named_lock, texts)).rejected_rows(item, entry)
    return f"its rows don't meet its checks: {found}" if found is not None else None

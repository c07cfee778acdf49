"""`check`: whether the lock is what the specs say, and kept content what the lock says. Needs no key and no network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.disk import stamp_at
from pioneer_build.errors import StoreError
from pioneer_build.operations.make_plan import cache_plan
from pioneer_build.operations.project_state import read_project_state, selected
from pioneer_build.plan import SETTLED
from pioneer_build.results.check import CheckFinding, CheckResult

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pioneer_build.disk import Stamp
    from pioneer_build.operations.project_state import ProjectState
    from pioneer_build.plan import Plan, Step
    from pioneer_build.project.open import Project


def check_project(
    project: Project, *, select: Sequence[str] = (), exclude: Sequence[str] = (), strict: bool = False
) -> CheckResult:
    """Compares specs, lock and kept content of a project.

    Args:
        project: an opened project; what is learnt of it is cached.
        select: selectors of `--select`.
        exclude: selectors of `--exclude`.
        strict: whether rows that are not here, or were never verified, count too.

    Raises:
        Problems: specs or inputs have mistakes.
        LockError: the lock can't be read.
        PioneerError: a selector matches nothing.
    """
    state = read_project_state(project)
    return check(state, selected(state, select, exclude), strict=strict)


def check(state: ProjectState, plan: Plan, *, strict: bool = False) -> CheckResult:
    """Compares specs, lock and kept content of the datasets of `plan`. Content that is unchanged isn't read again.

    Args:
        state: the project.
        plan: its plan, or a part of it.
        strict: whether rows that are not here, or were never verified, count too.
    """
    contents = _Contents(state)
    findings = [
        finding
        for step in plan.steps
        for finding in (*_pending(state, step), *_in_content(state, step, contents, strict=strict))
    ]
    contents.save()
    return CheckResult(len(plan.steps), contents.count, tuple(findings))


def _pending(state: ProjectState, step: Step) -> Iterator[CheckFinding]:
    """What is to be done for a dataset."""
    if step.action in SETTLED:
        return
    item = state.declared.get(step.dataset_name)
    why = "; ".join(f"{reason.field}: {reason.text}" for reason in step.reasons)
    text = f"{step.action} is pending{f' ({why})' if why else ''}"
    path = line = None
    if item is not None:
        # beside the key that changed, where there is one
        path, line = item.spec.path, item.spec.place(step.reasons[0].field)[0] if step.reasons else item.spec.line
    yield CheckFinding("pending", step.dataset_name, text, step.command or "pioneer-build apply", path, line)


def _in_content(state: ProjectState, step: Step, contents: _Contents, *, strict: bool) -> Iterator[CheckFinding]:
    """What is wrong with the content of a dataset."""
    name = step.dataset_name
    entry = state.lock.get(name, state.backend)
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
    if strict and entry.examples and not entry.verified:
        text = "its rows were never looked at: the service gives none"
        yield CheckFinding("unverified", name, text, None, path, line)


class _Contents:
    """The kept contents. One that matched its digest, and has the same stamp, matches it still."""

    def __init__(self, state: ProjectState) -> None:
        self._state = state
        self._known = state.project.cache.verified_contents()
        self._verified: dict[str, Stamp] = {}
        self._here: dict[str, Stamp] = {}

    @property
    def count(self) -> int:
        """How many different ones are here."""
        return len(self._here)

    def has(self, digest: str) -> bool:
        """Whether the content is on this machine."""
        store = self._state.store
        try:
            stamp = stamp_at(str(store.path(digest)))
        except OSError:
            stamp = None
        if stamp is None:
            store.has(digest)  # says what is wrong, unless it just isn't there
            return False
        self._here[digest] = stamp
        return True

    def fault(self, digest: str) -> str | None:
        """What is wrong with a content that is here."""
        stamp = self._here[digest]
        if self._known.get(digest) != stamp:
            try:
                for _ in self._state.store.lines(digest):
                    break
            except StoreError as error:
                return error.message
        self._verified[digest] = stamp
        return None

    def save(self) -> None:
        """Caches what matched its digest, and with it the plan: later checks compare stamps."""
        project = self._state.project
        if all(self._known.get(digest) == stamp for digest, stamp in self._verified.items()):
            return
        project.cache.put_verified_contents(self._verified)
        project.cache.save()
        cache_plan(project, self._state.scope, self._state.plan)

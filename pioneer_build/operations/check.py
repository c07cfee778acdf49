"""What `check` finds: whether the lock is what the specs say, and kept content what the lock says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.disk import Stamp, is_settled, stamp_of
from pioneer_build.errors import StoreError
from pioneer_build.operations.remember_plan import remember_digests
from pioneer_build.plan import SETTLED
from pioneer_build.results.check import CheckFinding, CheckResult

if TYPE_CHECKING:
    from pioneer_build.operations.project_state import Situation
    from pioneer_build.plan import Plan


def check(found: Situation, plan: Plan, *, strict: bool = False) -> CheckResult:
    """Holds specs, lock and content against each other. Content whose file is unchanged isn't digested again."""
    findings: list[CheckFinding] = []
    contents = _Contents(found)
    for step in plan.steps:
        name = step.dataset_name
        item = found.declared.get(name)
        path = item.spec.path if item is not None else None
        line = item.spec.line if item is not None else None
        if step.action not in SETTLED:
            why = "; ".join(f"{reason.field}: {reason.text}" for reason in step.reasons)
            text = f"{step.action} is pending{f' ({why})' if why else ''}"
            # beside the key that changed, where there is one
            at = item.spec.place(step.reasons[0].field)[0] if item is not None and step.reasons else line
            findings.append(CheckFinding("pending", name, text, step.command or "pioneer-build apply", path, at))
        entry = found.lock.get(name, found.backend)
        if entry is None or entry.forgotten:
            continue
        for digest in entry.content_digests:
            if contents.has(digest):
                if (fault := contents.fault(digest)) is not None:
                    findings.append(CheckFinding("content", name, fault, "pioneer-build apply", path, line))
            elif strict:
                text = "its rows are not on this machine"
                findings.append(CheckFinding("missing", name, text, "pioneer-build apply", path, line))
        if strict and entry.examples and not entry.verified:
            text = "its rows were never looked at: the service gives none"
            findings.append(CheckFinding("unverified", name, text, None, path, line))
    contents.save()
    return CheckResult(len(plan.steps), contents.count, tuple(findings))


class _Contents:
    """The kept contents; what was held against its digest, and has the same stamp, is right still."""

    def __init__(self, found: Situation) -> None:
        self._found = found
        self._known: dict[str, list[int]] = found.project.seen.noted("digests") or {}
        self._right: dict[str, list[int]] = {}
        self._here: dict[str, Stamp] = {}

    @property
    def count(self) -> int:
        """How many different ones were looked at."""
        return len(self._here)

    def has(self, digest: str) -> bool:
        """Whether the content is on this machine."""
        store = self._found.store
        try:
            self._here[digest] = stamp_of(store.path(digest).stat())
        except OSError:
            return store.has(digest)  # says what is wrong, unless it just isn't there
        return True

    def fault(self, digest: str) -> str | None:
        """What is wrong with it."""
        stamp = self._here[digest]
        if self._known.get(digest) != list(stamp):
            try:
                for _ in self._found.store.lines(digest):
                    break
            except StoreError as error:
                return error.message
        if is_settled(stamp, self._found.project.seen.began):
            self._right[digest] = list(stamp)
        return None

    def save(self) -> None:
        """Remembers what was right."""
        if self._right != {digest: self._known.get(digest) for digest in self._right}:
            self._found.project.seen.note("digests", {**self._known, **self._right})
            self._found.project.seen.save()
            remember_digests(self._found)

"""What a plan is made of, be it of a whole project or of some of its specs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pioneer_build.plan import Choices, Facts, Plan, Step, make_plan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pioneer_build.cache.cached_steps import CachedInputs, CachedStep, RestOfProject
    from pioneer_build.disk import Stamp
    from pioneer_build.lock.model import Lock
    from pioneer_build.spec.declared import Declared
    from pioneer_build.store import Store


@dataclass(frozen=True, slots=True)
class UnchangedSpecs:
    """What the cached plan says of the spec files that didn't change, by path: their datasets have nothing to do.

    `inputs` are of the label specs among them. `had_changed` says that it has files, too, that did change.
    """

    steps: Mapping[str, list[CachedStep]]
    inputs: Sequence[CachedInputs]
    had_changed: bool


@dataclass(frozen=True, slots=True)
class PlanScope:
    """What a plan is made of: the specs to plan, and what is known of their datasets.

    These are all specs of the project, or those of the files that changed since the last plan; then `unchanged` has
    the others. `files` are the stamps of all spec files, by path. `lock` has the entries of the specs, with what the
    journal knows. `rest` is for a later plan of some specs alone; it is `None` where the lock lacks something that the
    journal knows, and then the plan isn't cached.
    """

    files: Mapping[str, Stamp]
    declared: Sequence[Declared]
    lock: Lock
    facts: Facts
    rest: RestOfProject | None
    unchanged: UnchangedSpecs | None = None

    def plan(self, choices: Choices) -> Plan:
        """The plan of the whole project."""
        plan = make_plan(self.declared, self.lock, self.facts, choices)
        if self.unchanged is None:
            return plan
        unchanged = [
            Step(step.dataset_name, "none", total=step.total, remote_name=step.remote_name, protected=step.protected)
            for steps in self.unchanged.steps.values()
            for step in steps
        ]
        return replace(plan, steps=tuple(sorted((*plan.steps, *unchanged), key=lambda step: step.dataset_name)))


class StoredContents:
    """The digests of the contents in a store, asked for one by one.

    Args:
        folder: the store's.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._store: Store | None = None

    def __contains__(self, digest: object) -> bool:
        if self._store is None:
            from pioneer_build.store import Store  # a plan that asks for nothing does without

            self._store = Store(self._folder)
        return isinstance(digest, str) and self._store.has(digest)

"""What a plan is made from, for a whole project or for some of its specs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pioneer_build.plan import Choices, Facts, Plan, Step, make_plan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pioneer_build.cache.cached_steps import CachedInputs, CachedStep, RestOfProject
    from pioneer_build.disk.stamps import Stamp
    from pioneer_build.lock.model import Lock
    from pioneer_build.spec.declared import Declared
    from pioneer_build.store import Store


@dataclass(frozen=True, slots=True)
class UnchangedSpecs:
    """The cached steps of the spec files that didn't change, by path: there is nothing to do for their datasets.

    `inputs` are those of the label specs among them. `had_changed` means that the cached plan also has steps of files
    that did change.
    """

    steps: Mapping[str, list[CachedStep]]
    inputs: Sequence[CachedInputs]
    had_changed: bool


@dataclass(frozen=True, slots=True)
class PlanScope:
    """What a plan is made from: the specs to plan, and the facts about their datasets.

    The specs are all specs of the project, or only those of the files that changed since the last plan; then
    `unchanged` has the others. `files` are the stamps of all spec files, by path. `lock` has the entries of the specs,
    including jobs that only the journal has. `rest` is for a later plan of only some specs; it is `None` if the journal
    has something that is missing in the lock, and then the plan isn't cached.
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
            Step(
                step.dataset_name,
                "none",
                total=step.total,
                remote_name=step.remote_name,
                protected=step.protected,
                missing=step.missing,
            )
            for steps in self.unchanged.steps.values()
            for step in steps
        ]
        return replace(plan, steps=tuple(sorted((*plan.steps, *unchanged), key=lambda step: step.dataset_name)))


class PresentContents:
    """The digests of the contents in a store; only membership can be tested.

    Args:
        folder: the folder of the store.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._store: Store | None = None

    def __contains__(self, digest: object) -> bool:
        if self._store is None:
            from pioneer_build.store import Store  # not needed for a plan that tests nothing

            self._store = Store(self._folder)
        return isinstance(digest, str) and self._store.has(digest)

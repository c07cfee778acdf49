"""What a plan was made from, for the run that applies it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pioneer_build.plan import Choices
from pioneer_build.spec.model import Checks

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pioneer_build.inputs import InputsSurvey
    from pioneer_build.lock.model import Lock
    from pioneer_build.spec.declared import Declared


@dataclass(frozen=True, slots=True)
class PlanSources:
    """What the plan was made from.

    `lock` is pioneer.lock with the journal's submissions merged into it; `as_read` is pioneer.lock alone (`None`: it is
    the same). `submissions` are the tokens of the submissions that the plan considered. `surveys` has the label specs
    whose inputs were read. `checks` are those of the project.
    """

    lock: Lock
    declared: Mapping[str, Declared]
    as_read: Lock | None = None
    surveys: Mapping[str, InputsSurvey] = field(default_factory=dict)
    choices: Choices = field(default_factory=Choices)
    submissions: Collection[str] = frozenset()
    checks: Checks = field(default_factory=Checks)

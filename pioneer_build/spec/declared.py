"""A spec as the planner takes it: with its canonical definition, its fingerprint, and the checks in force."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pioneer_build.spec.fingerprint import Definition
    from pioneer_build.spec.model import Spec


@dataclass(frozen=True, slots=True)
class Declared:
    """A spec with its canonical definition, that definition's fingerprint, and the checks in force."""

    spec: Spec
    definition: Definition
    fingerprint: str
    checks: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The dataset's name."""
        return self.spec.dataset_name

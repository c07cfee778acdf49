"""The findings of `doctor`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

#: `note` is a warning; `wrong` is an error, which makes the command fail.
DoctorLevel: TypeAlias = Literal["good", "note", "wrong"]


@dataclass(frozen=True, slots=True)
class DoctorFinding:
    """One finding. `topic` is a stable word; `help` is how to fix it: a command if there is one."""

    topic: str
    level: DoctorLevel
    text: str
    help: str | None = None


@dataclass(frozen=True, slots=True)
class DoctorResult:
    """All findings, in the order in which they are shown."""

    findings: tuple[DoctorFinding, ...]

    @property
    def wrong(self) -> tuple[DoctorFinding, ...]:
        """The errors, which make the command fail."""
        return tuple(finding for finding in self.findings if finding.level == "wrong")

    def value(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {"format": 1, "good": not self.wrong, "findings": [asdict(finding) for finding in self.findings]}

"""What `doctor` found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

#: `note` is worth knowing and nothing to mend at once; `wrong` makes the command fail.
DoctorLevel: TypeAlias = Literal["good", "note", "wrong"]


@dataclass(frozen=True, slots=True)
class DoctorFinding:
    """`topic` is a stable word; `help` is what mends it: a command where there is one."""

    topic: str
    level: DoctorLevel
    text: str
    help: str | None = None


@dataclass(frozen=True, slots=True)
class DoctorResult:
    """Every finding, in the order they are shown."""

    findings: tuple[DoctorFinding, ...]

    @property
    def wrong(self) -> tuple[DoctorFinding, ...]:
        """Those that make the command fail."""
        return tuple(finding for finding in self.findings if finding.level == "wrong")

    def value(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {"format": 1, "good": not self.wrong, "findings": [asdict(finding) for finding in self.findings]}

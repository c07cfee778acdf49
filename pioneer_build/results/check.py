"""What `check` found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

FindingKind: TypeAlias = Literal["pending", "content", "unverified", "missing"]


@dataclass(frozen=True, slots=True)
class CheckFinding:
    """One thing that isn't in step. `path` and `line` say where the spec is; `help` is the command that mends it."""

    kind: FindingKind
    dataset_name: str
    text: str
    help: str | None = None
    path: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What was found. `datasets` counts those looked at, `digests` the contents that were compared."""

    datasets: int
    digests: int
    findings: tuple[CheckFinding, ...]

    @property
    def pending(self) -> bool:
        """Whether the lock is not what the specs say."""
        return any(finding.kind == "pending" for finding in self.findings)

    @property
    def wrong(self) -> bool:
        """Whether content is not what the lock says, or (strict) was never looked at."""
        return any(finding.kind != "pending" for finding in self.findings)

    def value(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {
            "format": 1,
            "ok": not self.findings,
            "datasets": self.datasets,
            "digests": self.digests,
            "findings": [asdict(finding) for finding in self.findings],
        }

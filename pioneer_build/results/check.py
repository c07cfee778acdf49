"""The findings of `check`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from pioneer_build.plan import Skipped

FindingKind: TypeAlias = Literal["pending", "owed", "content", "unverified", "missing", "skipped", "checks"]

#: The kinds that the next `apply` may settle.
PENDING_KINDS: frozenset[FindingKind] = frozenset({"pending", "owed"})


@dataclass(frozen=True, slots=True)
class CheckFinding:
    """One finding. `path` and `line` are the place of the spec; `help` is the command that fixes it."""

    kind: FindingKind
    dataset_name: str
    text: str
    help: str | None = None
    path: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """All findings. `datasets` counts what was checked, `digests` the stored files whose digests were compared.

    `skipped` are the datasets whose specs are not here, which were not checked; `ignored` and `remarks` are as in
    `Plan`.
    """

    datasets: int
    digests: int
    findings: tuple[CheckFinding, ...]
    skipped: tuple[Skipped, ...] = ()
    ignored: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def pending(self) -> bool:
        """Whether the lock is out of date with the specs, or rows are owed."""
        return any(finding.kind in PENDING_KINDS for finding in self.findings)

    @property
    def wrong(self) -> bool:
        """Whether stored rows don't match the lock, or (strict) are missing, not verified or rejected by the checks, or
        specs are not here.
        """
        return any(finding.kind not in PENDING_KINDS for finding in self.findings)

    def value(self) -> dict[str, Any]:
        """The same as JSON values."""
        value: dict[str, Any] = {
            "format": 1,
            "ok": not self.findings,
            "datasets": self.datasets,
            "digests": self.digests,
            "findings": [asdict(finding) for finding in self.findings],
        }
        if self.skipped:
            value["skipped"] = [asdict(one) for one in self.skipped]
        if self.ignored:
            value["ignored"] = list(self.ignored)
        if self.remarks:
            value["remarks"] = list(self.remarks)
        return value

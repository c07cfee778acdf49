"""What `doctor` finds, by topic; the key is never shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.operations.doctor.examine import examine

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pioneer_build.results.doctor import DoctorFinding

KEY = "pio_sk_never_to_be_shown"
Found = dict[str, list["DoctorFinding"]]


def by_topic(findings: Iterable[DoctorFinding]) -> Found:
    found: Found = {}
    for finding in findings:
        assert KEY not in repr(finding)
        found.setdefault(finding.topic, []).append(finding)
    return found


def examined(root: Path, backend: str | None = None) -> Found:
    """Everything about the project in `root`."""
    return by_topic(examine(str(root), backend).findings)


def is_wrong(found: Found, topic: str, word: str) -> bool:
    """Whether a finding says that, and what helps."""
    return any(one.level == "wrong" and word in one.text and one.help for one in found[topic])

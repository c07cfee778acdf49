"""The clock: with a wrong one, dates in `Retry-After` and certificates are misread."""

from __future__ import annotations

import pytest

from pioneer_build.operations.doctor.clock import clock
from pioneer_build.service.probe import Probed


@pytest.mark.parametrize(
    ("ahead", "level", "text"),
    [
        (None, "note", "the service sends no Date header"),
        (0.2, "good", "within 1 s of the service's clock"),
        (-60.0, "good", "within 1 min"),
        (90.0, "wrong", "this machine's clock is 90 s behind the service's"),
        (-7200.0, "wrong", "this machine's clock is 2 h ahead of the service's"),
    ],
)
def test_the_clock(ahead: float | None, level: str, text: str) -> None:
    [finding] = clock(Probed(jobs=None, sure=True, datasets=True, ahead=ahead))
    assert (finding.topic, finding.level) == ("clock", level)
    assert text in finding.text

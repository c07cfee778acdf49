"""Limits per minute, on a clock of the test's."""

from __future__ import annotations

import pytest

from pioneer_build.model.pace import Pace


def test_calls_are_spread_over_a_minute() -> None:
    pace = Pace(None, 1000, lambda: 5.0)
    assert [pace.take(500) for _ in range(4)] == [0.0, 30.0, 60.0, 90.0]
    pace.correct(-500)
    assert pace.take(1) == 90.0


@pytest.mark.parametrize("said", [1001, 10**9, 2**70])
def test_no_call_waits_for_more_than_a_minute_because_of_what_another_is_said_to_have_used(said: int) -> None:
    pace = Pace(None, 1000, lambda: 5.0)
    pace.take(0)
    pace.correct(said)
    assert pace.take(10) == 60.0

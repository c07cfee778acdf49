"""How long label requests that are out are worth waiting for, and what is said about them."""

from __future__ import annotations

import asyncio

import pytest

from pioneer_build.apply.label_in_flight import LabelsInFlight
from tests.apply.world import Deadline


@pytest.mark.parametrize(("took", "patience"), [(None, 60.0), (1.0, 10.0), (20.0, 30.0), (500.0, 120.0)])
def test_the_patience_follows_the_slowest_response_within_bounds(took: float | None, patience: float) -> None:
    now = 0.0
    out = LabelsInFlight(lambda: now)
    assert (out.patience, out.at_stake) == (0.0, "")
    if took is not None:
        with out.sending("a", 5):
            now += took
        assert out.patience == 0.0
    with out.sending("a", 5):
        assert out.patience == patience


def test_what_is_at_stake_and_what_was_lost() -> None:
    out = LabelsInFlight(Deadline().now)
    with out.sending("a", 1000), out.sending("b", 1):
        assert out.at_stake == (
            "2 label requests of a, b have no response yet: their 1,001 texts would be sent again by the next apply,"
            " and paid for twice"
        )
    assert out.lost == ""
    with pytest.raises(asyncio.CancelledError), out.sending("a", 7):
        raise asyncio.CancelledError
    assert out.lost == (
        "sent, but the response was not waited for: 7 texts of a; the next apply sends them again, and pays twice"
    )
    with pytest.raises(OSError, match="failed"), out.sending("a", 7):
        raise OSError("failed")
    assert out.lost.count("7 texts") == 1

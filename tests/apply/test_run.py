"""The state of one apply: what it tells, what stops it, what it says it came to."""

from __future__ import annotations

from tests.apply.bench import Bench


def test_a_listener_that_went_away_stops_nothing(bench: Bench) -> None:
    def broken(event: object) -> None:
        raise BrokenPipeError

    bench.world.events = type("Closed", (list,), {"append": lambda self, event: broken(event)})()
    assert bench.apply() == "done"

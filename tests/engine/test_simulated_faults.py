"""Simulated faults strike by name, so that a run with them can be repeated."""

from __future__ import annotations

from pioneer_build.engine.simulated_faults import strikes

NAMES = [f"job_{n}" for n in range(2000)]


def test_none_and_all() -> None:
    assert not any(strikes(0.0, "fail", name) for name in NAMES)
    assert all(strikes(1.0, "fail", name) for name in NAMES)


def test_a_share_is_met_on_the_average_and_the_same_every_time() -> None:
    struck = [name for name in NAMES if strikes(0.25, "fail", name)]
    assert 430 < len(struck) < 570
    assert struck == [name for name in NAMES if strikes(0.25, "fail", name)]
    # written down once: a run that was recorded must go the same way in every later version
    assert struck[:5] == ["job_1", "job_3", "job_4", "job_8", "job_9"]


def test_more_of_them_strike_those_too_that_fewer_did() -> None:
    few = {name for name in NAMES if strikes(0.1, "drop", name)}
    assert few < {name for name in NAMES if strikes(0.3, "drop", name)}


def test_each_fault_strikes_others() -> None:
    assert [strikes(0.5, "drop", name) for name in NAMES] != [strikes(0.5, "fail", name) for name in NAMES]

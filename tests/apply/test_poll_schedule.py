"""Polls are planned: one job is polled first, and the others when it is known how long they take."""

from __future__ import annotations

import heapq
import random
from typing import TYPE_CHECKING

import pytest

from pioneer_build.apply.poll_schedule import PollSchedule, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable

KIND = kind_of("ner", 100)


def polls_of(
    durations: list[float], *, size: Callable[[int], int] = lambda _: 100, default: float = 2.0
) -> list[float]:
    """Polls jobs that begin together; returns the ages at which each was polled, in order."""
    schedule = PollSchedule()
    polled: dict[int, float | None] = dict.fromkeys(range(len(durations)))
    waiting = [(0.0, number) for number in polled]
    asked: list[float] = []
    now = 0.0
    while waiting:
        # waits that depend on changes are computed again after each change
        plans = []
        for _, number in waiting:
            kind = kind_of("ner", size(number))
            plans.append((now + schedule.wait(kind, number, now, polled[number], default), number))
        heapq.heapify(plans)
        now, number = heapq.heappop(plans)
        kind = kind_of("ner", size(number))
        if schedule.wait(kind, number, now, polled[number], default) > 0:
            waiting = [*plans, (now, number)]
            continue
        asked.append(now)
        if now >= durations[number]:
            schedule.done(kind, number, now)
            waiting = plans
        else:
            schedule.still_running(kind, number, now, first=polled[number] is None)
            polled[number] = now
            waiting = [*plans, (now, number)]
    return asked


@pytest.mark.parametrize("seconds", [0.5, 5.0, 60.0, 600.0])
def test_jobs_that_take_as_long_are_polled_about_once(seconds: float) -> None:
    asked = polls_of([seconds] * 200)
    assert len(asked) <= 200 + 30
    assert max(asked) <= max(2.0, seconds * 1.3) + 1


def test_kinds_learn_from_each_other() -> None:
    asked = polls_of([5.0] * 200, size=lambda number: 2 ** (number % 10))
    assert len(asked) <= 200 + 30


def test_jobs_that_vary_are_polled_a_few_times() -> None:
    rng = random.Random(1)
    durations = [rng.uniform(5, 10) for _ in range(200)]
    assert len(polls_of(durations)) <= 2.2 * 200


def test_a_job_that_hangs_keeps_nobody_waiting() -> None:
    asked = polls_of([3000.0, *[5.0] * 50])
    assert sorted(asked)[40] < 30
    asked = polls_of([5.0, 3000.0, *[5.0] * 50])
    assert sorted(asked)[40] < 30


def test_a_scout_that_leaves_is_followed_by_another() -> None:
    schedule = PollSchedule()
    assert schedule.wait(KIND, "a", 0.0, None, 2.0) == 2.0
    assert schedule.wait(KIND, "b", 0.0, None, 2.0) > 2.0
    changed = schedule.changed
    schedule.leaves("a")
    assert changed.is_set()
    assert not schedule.changed.is_set()
    assert schedule.wait(KIND, "b", 0.0, None, 2.0) == 2.0


def test_waits_between_polls_grow_and_are_bounded() -> None:
    schedule = PollSchedule()
    age, waits = 0.0, []
    for _ in range(40):
        wait = schedule.wait(KIND, "a", age, age or None, 2.0)
        waits.append(wait)
        age += wait
        schedule.still_running(KIND, "a", age, first=False)
    assert waits[0] == 2.0
    assert max(waits) <= 61
    assert age > 1000

"""The pauses before a busy service is sent the same request again."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from pioneer_build.apply.busy_wait import BusyWait
from pioneer_build.errors import Busy


class Work:
    """Records the pauses."""

    def __init__(self) -> None:
        self.pauses: list[float] = []
        self.said: list[str] = []
        self.run = SimpleNamespace(stopping=asyncio.Event(), pause=self._pause)

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def emit(self, kind: str, text: str, **fields: Any) -> None:
        self.said.append(text)


def waited(*asked: float | None) -> tuple[Work, list[bool]]:
    async def main() -> tuple[Work, list[bool]]:
        work = Work()
        waits = BusyWait(work)  # type: ignore[arg-type]
        return work, [await waits.is_over(Busy("busy", retry_after=seconds)) for seconds in asked]

    return asyncio.run(main())


def test_pauses_grow_if_the_service_names_none() -> None:
    work, over = waited(*[None] * 7)
    assert (work.pauses, set(over)) == ([1, 2, 4, 8, 16, 30, 30], {True})
    assert work.said[0] == "busy; sending it again in 1 s"


def test_one_that_names_a_pause_is_given_it_and_one_that_always_says_zero_is_not_hammered() -> None:
    assert waited(40.0, 0.0, 0.0, 120.0)[0].pauses == [40, 2, 4, 120]


@pytest.mark.parametrize("asked", [[901.0], [600.0, 400.0], [3600.0]])
def test_the_pauses_together_are_bounded(asked: list[float]) -> None:
    work, over = waited(*asked)
    assert (over[-1], sum(work.pauses)) == (False, sum(asked[:-1]))


def test_a_run_that_is_stopped_sends_nothing_again() -> None:
    async def main() -> None:
        work = Work()
        work.run.stopping.set()
        assert not await BusyWait(work).is_over(Busy("busy"))  # type: ignore[arg-type]
        assert not work.pauses

    asyncio.run(main())

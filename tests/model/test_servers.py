"""Which server gets a call: the least busy one, and for a while none that failed."""

from __future__ import annotations

import asyncio

from pioneer_build.model.servers import Server, Servers
from pioneer_build.spec.base_url import BaseUrl


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def servers(clock: Clock, *names: str) -> Servers:
    return Servers(tuple(BaseUrl.parse(f"http://{name}") for name in names), now=clock)


def chosen(among: Servers, deadline: float = 0.0) -> str | None:
    found = asyncio.run(among.free(deadline))
    return None if found is None else found.url.host


def test_the_least_busy_one() -> None:
    both = servers(Clock(), "a", "b")
    assert chosen(both) == "a"
    with both.calling(both.all[0]):
        assert chosen(both) == "b"
    assert chosen(both) == "a"


def test_one_that_cannot_be_reached_is_left_out_for_longer_and_longer_and_tried_by_one_call() -> None:
    clock = Clock()
    both = servers(clock, "a", "b")
    first, other = both.all
    for pause in (1.0, 2.0, 4.0):
        both.failed(first, reached=False)
        clock.now += pause - 0.01
        with both.calling(other):
            assert chosen(both) == "b"
        clock.now += 0.02
        with both.calling(other):
            assert chosen(both) == "a"
            with both.calling(first):
                assert chosen(both) == "b"  # one call finds out
    both.worked(first)
    assert (first.failures, first.pause, chosen(both)) == (0, 0.0, "a")


def test_one_failure_of_one_that_answers_may_be_the_call() -> None:
    clock = Clock()
    one = servers(clock, "a")
    server: Server = one.all[0]
    for _ in range(2):
        one.failed(server, reached=True)
        assert chosen(one) == "a"
    one.failed(server, reached=True)
    assert chosen(one) is None


def test_a_pause_that_was_asked_for_is_kept() -> None:
    clock = Clock()
    one = servers(clock, "a")
    one.asks_for_pause(one.all[0], 30)
    assert chosen(one) is None
    clock.now += 31
    assert chosen(one) == "a"

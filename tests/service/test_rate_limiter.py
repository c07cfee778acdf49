from __future__ import annotations

import asyncio
import fcntl
import json
import random
import subprocess
import sys
from bisect import bisect_right
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.service import rate_limiter as pacer_module
from pioneer_build.service.rate_limiter import Pacer, TurnsOver, Usage
from pioneer_build.service.rate_window import OwnWindow, Rules, SharedWindow
from tests.fakes.server import FakeService
from tests.service.harness import run, run_virtually

if TYPE_CHECKING:
    from pioneer_build.service.notes import Note

Clock = Callable[[], float]


class Limited:
    """A server that counts a sliding window at arrival."""

    def __init__(self, limit: int, period: float = 60.0) -> None:
        self.limit, self.period = limit, period
        self.arrivals: list[float] = []
        self.refused = 0

    def arrive(self, now: float) -> float | None:
        """None, or how long to wait."""
        if len(self.arrivals) - bisect_right(self.arrivals, now - self.period) >= self.limit:
            self.refused += 1
            return self.arrivals[-self.limit] + self.period - now
        self.arrivals.append(now)
        return None


async def request(pacer: Pacer, server: Limited, clock: Clock, *, kind: Any = "paid", chance: random.Random) -> float:
    """One request: a turn, a connection, the way, an answer; again after a 429. When it was accepted."""
    while True:
        turn = await pacer.turn(kind)
        await asyncio.sleep(chance.uniform(0.0, 1.0) * (1 if chance.random() < 0.9 else 8))
        turn.sent()
        await asyncio.sleep(chance.uniform(0.01, 0.4))
        wait = server.arrive(clock())
        if wait is None:
            await asyncio.sleep(chance.uniform(0.0, 20.0))
            return clock()
        turn.refused(wait)


@pytest.mark.parametrize("processes", [1, 3])
def test_400_requests_use_the_limit_and_meet_no_429(tmp_path: Path, processes: int) -> None:
    async def main(clock: Clock) -> None:
        chance = random.Random(7)
        server = Limited(120)
        pacers = [Pacer(Rules(120), SharedWindow(tmp_path / "pace", clock), clock=clock) for _ in range(processes)]
        start = clock()
        await asyncio.gather(*[request(pacers[i % processes], server, clock, chance=chance) for i in range(400)])
        assert server.refused == 0
        # The least: three whole minutes go by before the last forty may leave.
        assert 180 / (server.arrivals[-1] - start) >= 0.95
        for pacer in pacers:
            pacer.close()

    run_virtually(main)


def test_another_machine_with_the_same_key_is_got_along_with() -> None:
    async def main(clock: Clock) -> None:
        chance = random.Random(7)
        server = Limited(120)
        pacers = [Pacer(Rules(120), OwnWindow(clock), clock=clock) for _ in range(2)]
        await asyncio.gather(*[request(p, server, clock, chance=chance) for p in pacers for _ in range(400)])
        assert len(server.arrivals) == 800
        # Nobody can know of the other beforehand; but it must not be a storm.
        assert server.refused < 400
        taken = server.arrivals[-1] - server.arrivals[0]
        assert 360 <= taken < 720
        for pacer in pacers:
            pacer.close()

    run_virtually(main)


def test_a_429_slows_every_process_and_the_limit_comes_back(tmp_path: Path) -> None:
    async def main(clock: Clock) -> None:
        one, two = (Pacer(Rules(60), SharedWindow(tmp_path / "pace", clock), clock=clock) for _ in range(2))
        turn = await one.turn("paid")
        turn.sent()
        turn.refused(30.0)
        start = clock()
        assert two.usage() == Usage(1, 60, 45)
        (await two.turn("poll")).sent()
        assert 30 <= clock() - start < 31
        (await one.turn("paid")).sent()
        assert 31 < clock() - start < 33, "no burst while recovering"
        await asyncio.sleep(400)
        assert two.usage() == Usage(0, 60, 60)
        start = clock()
        for _ in range(60):
            (await one.turn("paid")).sent()
        assert clock() == start, "a burst again"
        one.close()
        two.close()

    run_virtually(main)


def test_paid_requests_go_first_and_polls_are_not_starved() -> None:
    async def main(clock: Clock) -> None:
        pacer = Pacer(Rules(1, period=1.0, margin=0.0), OwnWindow(clock), clock=clock)
        order: list[str] = []

        async def one(kind: Any) -> None:
            (await pacer.turn(kind)).sent()
            order.append(kind)

        await asyncio.gather(*[one("poll") for _ in range(5)], *[one("paid") for _ in range(30)])
        assert order[:2] == ["poll", "paid"], "the first poll was alone"
        assert [i for i, kind in enumerate(order) if kind == "poll"] == [0, 10, 20, 30, 34]
        pacer.close()

    run_virtually(main)


def test_waiting_looks_at_the_window_rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: Clock) -> None:
        looks = 0
        window = OwnWindow(clock)
        real = window.open

        def counted(rules: Rules) -> Any:
            nonlocal looks
            looks += 1
            return real(rules)

        monkeypatch.setattr(window, "open", counted)
        pacer = Pacer(Rules(10), window, clock=clock)
        await asyncio.gather(*[_use(pacer) for _ in range(40)])
        # Two for each request, and one each five seconds of waiting.
        assert looks <= 2 * 40 + 3 * (61 / 5 + 10)
        pacer.close()

    run_virtually(main)


async def _use(pacer: Pacer) -> None:
    (await pacer.turn("paid")).sent()


def test_cancelled_waits_cost_nothing() -> None:
    async def main(clock: Clock) -> None:
        pacer = Pacer(Rules(2), OwnWindow(clock), clock=clock)
        turns = [await pacer.turn("paid") for _ in range(2)]
        task = asyncio.create_task(pacer.turn("paid"))
        await asyncio.sleep(0)
        # Cancelled in the very moment in which the turn is given.
        for turn in turns:
            turn.back()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert pacer.usage().used == 0
        await _use(pacer)
        await _use(pacer)
        waiting = [asyncio.create_task(pacer.turn("paid")) for _ in range(3)]
        await asyncio.sleep(1)
        waiting[0].cancel()
        start = clock()
        (await waiting[1]).back()
        assert clock() - start < 61
        (await waiting[2]).back()
        assert clock() - start < 61
        pacer.close()

    run_virtually(main)


def test_turns_end_once() -> None:
    async def main(clock: Clock) -> None:
        pacer = Pacer(Rules(5), OwnWindow(clock), clock=clock)
        turn = await pacer.turn("paid")
        turn.sent()
        turn.sent()
        turn.back()
        assert pacer.usage().used == 1
        turn = await pacer.turn("paid")
        turn.back()
        turn.back()
        assert pacer.usage().used == 1
        pacer.close()

    run_virtually(main)


def test_stop_and_close() -> None:
    async def main(clock: Clock) -> None:
        pacer = Pacer(Rules(1), OwnWindow(clock), clock=clock)
        await _use(pacer)
        paid = asyncio.create_task(pacer.turn("paid"))
        poll = asyncio.create_task(pacer.turn("poll"))
        await asyncio.sleep(0)
        pacer.stop("paid")
        with pytest.raises(TurnsOver):
            await paid
        with pytest.raises(TurnsOver):
            await pacer.turn("paid")
        (await poll).sent()
        late = asyncio.create_task(pacer.turn("poll"))
        await asyncio.sleep(0)
        pacer.close()
        with pytest.raises(asyncio.CancelledError):
            await late

    run_virtually(main)


def test_no_limit_means_no_window(tmp_path: Path) -> None:
    async def main(clock: Clock) -> None:
        pacer = Pacer.shared(tmp_path, "http://x.test", "k", None)
        for _ in range(1000):
            await _use(pacer)
        assert pacer.usage() == Usage(0, None, None)
        pacer.close()

    run_virtually(main)
    assert not list(tmp_path.iterdir())


def test_a_state_folder_that_cannot_be_used_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    notes: list[Note] = []

    async def main(clock: Clock) -> None:
        pacer = Pacer.shared(tmp_path / "file" / "state", "http://x.test", "k", 5, on_note=notes.append)
        await _use(pacer)
        assert pacer.usage().used == 1
        pacer.close()

    run_virtually(main)
    assert [note.kind for note in notes] == ["pacing"]


def test_a_stopped_process_that_holds_the_lock_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacer_module, "_LOCK_PATIENCE", 0.2)
    notes: list[Note] = []

    async def main(clock: Clock) -> None:
        pacer = Pacer(Rules(5), SharedWindow(tmp_path / "pace", clock), clock=clock, on_note=notes.append)
        turn = await pacer.turn("paid")
        with (tmp_path / "pace").open() as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            turn.sent()
            assert pacer.usage().used == 0, "as last seen"
            fcntl.flock(file, fcntl.LOCK_UN)
            await asyncio.sleep(0.1)
            assert pacer.usage().used == 1
            fcntl.flock(file, fcntl.LOCK_EX)
            await _use(pacer)
        assert [note.kind for note in notes] == ["pacing"]
        pacer.close()

    run_virtually(main)


WORKER = """
import asyncio, json, sys, time
from pathlib import Path
from pioneer_build.service.client import HttpService
from pioneer_build.service.rate_limiter import Pacer
from pioneer_build.service.rate_window import Rules, SharedWindow

async def main(url, path, count):
    pacer = Pacer(Rules(30, period=1.0, margin=0.3), SharedWindow(Path(path)))
    service = HttpService(url, "k", pacer)
    await asyncio.gather(*[service.label("ner", ["a"], [f"text {i}"]) for i in range(count)])
    await service.aclose()

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
"""


def test_processes_share_the_limit_of_a_real_server(tmp_path: Path) -> None:
    async def main() -> None:
        async with FakeService(limit=(30, 1.0)) as fake:
            command = [sys.executable, "-c", WORKER, fake.url, str(tmp_path / "pace"), "50"]
            root = Path(__file__).parents[2]
            workers = [await asyncio.create_subprocess_exec(*command, cwd=root) for _ in range(2)]
            assert [await worker.wait() for worker in workers] == [0, 0]
            assert len(fake.seen) == 100
            assert fake.refused_by_limit == 0
            # How well the limit is used is measured above, where the machine's other work doesn't count.
            assert fake.seen[-1].at - fake.seen[0].at < 10

    run(main())


def test_the_fake_server_runs_as_a_process() -> None:
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.fakes.server", "--datasets", "/datasets"],
        cwd=root,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())

        async def main() -> Any:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /__state HTTP/1.1\r\nConnection: close\r\n\r\n")
            answer = await reader.read()
            writer.close()
            await writer.wait_closed()
            return json.loads(answer.split(b"\r\n\r\n", 1)[1])

        assert run(main()) == {"seen": [], "jobs": {}, "refused_by_limit": 0}
        process.kill()

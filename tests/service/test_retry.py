"""How often what is tried again, and how long is waited in between."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.errors import Busy, FateUnknown, NoAccess, NotReached, NotThere, Refused, ServiceError
from pioneer_build.service import retry
from pioneer_build.service.client import ClientOptions, HttpService
from pioneer_build.service.rate_limiter import Pacer
from pioneer_build.service.retry import Patience
from tests.fakes.server import FakeService, Fault
from tests.service.harness import KEY, REQUEST, free_port, run, run_virtually, talking

if TYPE_CHECKING:
    from collections.abc import Callable

    from pioneer_build.service.notes import Note


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses of a fiftieth, for tests that talk to a server."""
    monkeypatch.setattr(retry, "_FIRST_PAUSE", 0.01)


@pytest.mark.usefixtures("hurry")
@pytest.mark.parametrize(("status", "header"), [(425, None), (429, "0.02"), (429, None), (503, "0"), (503, None)])
def test_busy_is_waited_for(status: int, header: str | None) -> None:
    notes: list[Note] = []

    async def main() -> None:
        async with talking(client={"on_note": notes.append}) as (fake, service):
            job_id = await service.submit(REQUEST)
            headers = (("Retry-After", header),) if header else ()
            fake.fail("GET", *[Fault(status=status, headers=headers)] * 3)
            assert (await service.poll(job_id)).status == "ready"
            assert len(fake.asked("GET")) == 4
            assert [note.kind for note in notes] == ["busy"] * 3

    run(main())


@pytest.mark.parametrize("status", [425, 429, 503])
def test_what_is_paid_for_is_sent_once_however_busy_the_service_is(status: int) -> None:
    """Whether to send it again is for the caller to say, who has the budget."""

    async def main() -> None:
        async with talking() as (fake, service):
            fake.always("POST", Fault(status=status, headers=(("Retry-After", "0"),), do=True))
            for asking in (service.submit(REQUEST), service.label("ner", ["a"], ["t"])):
                with pytest.raises(FateUnknown if status == 503 else Busy) as caught:
                    await asking
                assert caught.value.retry_after == 0  # type: ignore[attr-defined]
            assert len(fake.seen) == 2

    run(main())


@pytest.mark.usefixtures("hurry")
def test_patience_ends() -> None:
    async def main() -> None:
        async with talking(client={"patience": 0.3}) as (fake, service):
            fake.always("GET", Fault(status=429, headers=(("Retry-After", "0"),)))
            with pytest.raises(Busy):
                await service.poll("job-1")
            assert 3 < len(fake.seen) < 15
            fake.always("GET", Fault(status=429, headers=(("Retry-After", "100"),)))
            with pytest.raises(Busy) as caught:
                await service.poll("job-1")
            assert caught.value.retry_after == 100

    run(main())


@pytest.mark.usefixtures("hurry")
def test_nobody_listens() -> None:
    notes: list[Note] = []

    async def main() -> None:
        service = HttpService(f"http://127.0.0.1:{free_port()}", KEY, Pacer(None), ClientOptions(on_note=notes.append))
        with pytest.raises(NotReached, match=r"can't reach 127\.0\.0\.1"):
            await service.submit(REQUEST)
        assert [note.kind for note in notes] == ["unreached"] * 3
        assert all(note.text.startswith("can't reach 127.0.0.1:") for note in notes), "it holds for any request"
        await service.aclose()

    run(main())


@pytest.mark.usefixtures("hurry")
def test_a_server_that_comes_up_late_is_reached() -> None:
    async def main() -> None:
        port = free_port()
        fake = FakeService()
        service = HttpService(f"http://127.0.0.1:{port}", KEY, Pacer(None))
        task = asyncio.create_task(service.submit(REQUEST))
        await asyncio.sleep(0.005)
        await fake.start(port)
        try:
            assert await task == "job-1"
        finally:
            await service.aclose()
            await fake.stop()

    run(main())


@pytest.mark.usefixtures("hurry")
def test_polls_are_repeated_and_then_given_up() -> None:
    async def main() -> None:
        async with talking() as (fake, service):
            await service.submit(REQUEST)
            fake.fail("GET", Fault("drop"), Fault("reset"), Fault(status=502))
            assert (await service.poll("job-1")).status == "ready"
            fake.always("GET", Fault("truncate", do=True))
            with pytest.raises(ServiceError) as caught:
                await service.poll("job-1")
            assert type(caught.value) is ServiceError
            fake.always("GET", Fault(status=503))
            fake.fail("GET", Fault(status=408), Fault(status=503))
            fake.always("GET", None)
            assert (await service.poll("job-1")).status == "ready"

    run(main())


# -- the rules, without a server -----------------------------------------------------------------------------------


class Attempts:
    """Fails as it is told, attempt by attempt, and then succeeds."""

    def __init__(self, *failures: ServiceError) -> None:
        self._failures = list(failures)
        self.count = 0

    async def __call__(self) -> str:
        self.count += 1
        if self._failures:
            raise self._failures.pop(0)
        return "done"


LOST = ServiceError("lost")
UNREACHED = NotReached("unreached")


@pytest.mark.parametrize(
    ("failure", "paid", "attempts"),
    [
        (UNREACHED, True, 4),
        (UNREACHED, False, 4),
        (LOST, False, 4),
        (LOST, True, 1),
        (Refused("timeout", status=408), False, 4),
        (Refused("timeout", status=408), True, 1),
        (FateUnknown("unknown"), True, 1),
        (Busy("busy"), True, 1),
        (NoAccess("no"), False, 1),
        (Refused("no", status=422), False, 1),
        (NotThere("no", status=404), False, 1),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_how_often(failure: ServiceError, paid: bool, attempts: int) -> None:
    async def main(_: Callable[[], float]) -> None:
        attempt = Attempts(*[failure] * 10)
        with pytest.raises(type(failure)) as caught:
            await Patience(600, lambda _: None).run(attempt, paid=paid)
        assert caught.value is failure
        assert attempt.count == attempts

    run_virtually(main)


def test_success_ends_it() -> None:
    async def main(_: Callable[[], float]) -> None:
        attempt = Attempts(LOST, UNREACHED, LOST)
        assert await Patience(600, lambda _: None).run(attempt, paid=False) == "done"
        assert attempt.count == 4

    run_virtually(main)


def test_pauses_grow_and_are_told() -> None:
    notes: list[Note] = []

    async def main(now: Callable[[], float]) -> None:
        began = now()
        with pytest.raises(NotReached):
            await Patience(600, notes.append).run(Attempts(*[UNREACHED] * 9), paid=True)
        pauses = [note.seconds or 0.0 for note in notes]
        assert now() - began == pytest.approx(sum(pauses))
        assert all(0.8 * least <= pause <= 1.2 * least for pause, least in zip(pauses, (0.5, 1, 2), strict=True))
        assert {note.kind for note in notes} == {"unreached"}

    run_virtually(main)


def test_a_busy_service_is_waited_for_as_long_as_it_says() -> None:
    notes: list[Note] = []

    async def main(now: Callable[[], float]) -> None:
        began = now()
        attempt = Attempts(Busy("busy", retry_after=40.0), Busy("busy", retry_after=20.0))
        assert await Patience(600, notes.append).run(attempt, paid=False) == "done"
        assert 60 <= now() - began <= 63
        assert [note.kind for note in notes] == ["busy", "busy"]
        assert "retrying in 4" in notes[0].text

    run_virtually(main)


def test_one_that_always_says_zero_is_asked_ever_more_rarely() -> None:
    async def main(now: Callable[[], float]) -> None:
        began = now()
        attempt = Attempts(*[Busy("busy", retry_after=0.0)] * 1000)
        with pytest.raises(Busy):
            await Patience(600, lambda _: None).run(attempt, paid=False)
        assert 20 < attempt.count < 40
        assert now() - began <= 600

    run_virtually(main)


def test_a_wait_longer_than_its_patience_is_not_begun() -> None:
    async def main(now: Callable[[], float]) -> None:
        began = now()
        attempt = Attempts(Busy("busy", retry_after=3600.0))
        with pytest.raises(Busy):
            await Patience(600, lambda _: None).run(attempt, paid=False)
        assert (attempt.count, now() - began) == (1, 0)

    run_virtually(main)


def test_stop_ends_what_is_paid_and_lets_the_others_go_on() -> None:
    async def main(_: Callable[[], float]) -> None:
        patience = Patience(600, lambda _: None)
        paid, poll = Attempts(NotReached("unreached")), Attempts(Busy("busy", retry_after=50.0))
        waiting = asyncio.gather(patience.run(paid, paid=True), patience.run(poll, paid=False), return_exceptions=True)
        await asyncio.sleep(0.1)
        assert not patience.stopped
        patience.stop()
        first, second = await waiting
        assert patience.stopped
        assert isinstance(first, NotReached)
        assert (paid.count, second, poll.count) == (1, "done", 2)
        with pytest.raises(NotReached):
            await patience.run(Attempts(UNREACHED), paid=True)

    run_virtually(main)


def test_other_errors_are_not_caught() -> None:
    async def main(_: Callable[[], float]) -> None:
        async def attempt() -> Any:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await Patience(600, lambda _: None).run(attempt, paid=False)

    run_virtually(main)

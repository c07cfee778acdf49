from __future__ import annotations

import asyncio
import logging
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.errors import (
    Busy,
    FateUnknown,
    NoAccess,
    NotReached,
    NotThere,
    Refused,
    ServiceError,
)
from pioneer_build.ports import Guidance, JobRequest
from pioneer_build.service import retry as patience
from pioneer_build.service.client import ClientOptions, HttpService
from pioneer_build.service.connect import connect, connect_in_process
from pioneer_build.service.rate_limiter import Pacer
from pioneer_build.service.rate_window import Rules
from tests.fakes.server import FakeService, Fault
from tests.service.harness import KEY, REQUEST, free_port, run, talking

if TYPE_CHECKING:
    from pioneer_build.service.notes import Note


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "_FIRST_PAUSE", 0.01)


# Submissions


def test_a_submission_is_what_the_document_says() -> None:
    async def main() -> None:
        async with talking(base="/v1", key=KEY) as (fake, service):
            request = JobRequest("support", "classification", 2, ("a", "b"), "Ünïcode \ud800", (("t", "a"),))
            assert await service.submit(request) == "job-1"
            (seen,) = fake.seen
            assert (seen.method, seen.target) == ("POST", "/v1/generate")
            assert seen.json() == request.body()
            assert seen.headers["x-api-key"] == KEY
            assert seen.headers["content-type"] == "application/json"
            assert "authorization" not in seen.headers

    run(main())


@pytest.mark.parametrize(
    "fault",
    [
        Fault("drop", do=True),
        Fault("reset", do=True),
        Fault("truncate", do=True),
        Fault("truncate"),
        Fault("garbage", do=True),
        Fault("early"),
        Fault(status=500, body={"error": "x", "message": "it broke"}),
        Fault(status=502, body="<html><title>Bad Gateway</title>"),
        Fault(status=503),
        Fault(status=504),
        Fault(status=303, headers=(("Location", "/generate/jobs/1"),)),
        Fault(status=200, body="not json"),
        Fault(status=200, body=b""),
        Fault(status=204),
        Fault(status=200, body={"status": "queued"}),
        Fault(status=200, body=["job-1"]),
        Fault(status=200, body={"job_id": None}),
        Fault(status=200, body={"job_id": ""}),
        Fault(status=200, body={"job_id": " "}),
        Fault(status=200, body={"job_id": True}),
        Fault(status=200, body={"job_id": 1.5}),
        Fault(status=200, body={"job_id": {"id": 1}}),
        Fault(status=200, body={"job_id": "a\nb"}),
        Fault(status=200, body={"job_id": "x" * 501}),
        Fault(status=200, headers=(("Content-Encoding", "gzip"),), body=b"no gzip"),
        Fault("garbage", body=b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"job'),
    ],
    ids=str,
)
def test_what_may_have_been_accepted_is_unknown_and_sent_once(fault: Fault) -> None:
    async def main() -> None:
        async with talking() as (fake, service):
            fake.fail("POST /generate", fault)
            with pytest.raises(FateUnknown):
                await service.submit(REQUEST)
            assert len(fake.asked("POST /generate")) == (0 if fault.then == "early" else 1)
            assert len(fake.jobs) == (1 if fault.do else 0)

    run(main())


@pytest.mark.parametrize("status", [200, 201, 202])
@pytest.mark.parametrize(("given", "read"), [("j 1/é", "j 1/é"), (17, "17")])
def test_an_accepted_submission(status: int, given: object, read: str) -> None:
    async def main() -> None:
        async with talking() as (fake, service):
            fake.fail("POST /generate", Fault(status=status, body={"job_id": given, "status": "queued"}))
            assert await service.submit(REQUEST) == read
            await asyncio.gather(*[_poll_quietly(service, read)])
            assert fake.seen[-1].path == {"17": "/generate/jobs/17"}.get(read, "/generate/jobs/j%201%2F%C3%A9")

    run(main())


async def _poll_quietly(service: HttpService, job_id: str) -> None:
    with pytest.raises(NotThere):
        await service.poll(job_id)


def test_a_server_that_drops_a_quarter_of_its_answers() -> None:
    async def main() -> None:
        async with talking(drop_share=0.25, seed=3) as (fake, service):
            outcomes = await asyncio.gather(*[service.submit(REQUEST) for _ in range(100)], return_exceptions=True)
            known = {o for o in outcomes if isinstance(o, str)}
            unknown = [o for o in outcomes if isinstance(o, FateUnknown)]
            assert 10 < len(unknown) < 40
            assert len(known) + len(unknown) == len(fake.jobs) == len(fake.seen) == 100
            assert known < set(fake.jobs)

    run(main())


@pytest.mark.parametrize("status", [400, 404, 405, 409, 413, 418, 422])
def test_a_refusal_is_certain_and_final(status: int) -> None:
    async def main() -> None:
        async with talking() as (fake, service):
            fake.fail("POST /generate", Fault(status=status, body={"detail": "no", "errors": ["labels: odd"]}))
            with pytest.raises(Refused, match="no") as caught:
                await service.submit(REQUEST)
            assert caught.value.status == status
            assert len(fake.seen) == 1

    run(main())


@pytest.mark.parametrize("status", [401, 402, 403])
def test_no_access(status: int) -> None:
    async def main() -> None:
        async with talking() as (fake, service):
            fake.fail(
                "POST /generate",
                Fault(status=status, body={"message": "pay", "resolution_url": "https://p.test"}),
            )
            with pytest.raises(NoAccess, match="pay") as caught:
                await service.submit(REQUEST)
            assert caught.value.link == "https://p.test"

    run(main())


def test_a_name_that_does_not_resolve() -> None:
    async def main() -> None:
        service = HttpService("http://no-such-host.invalid", None, Pacer(None))
        with pytest.raises(NotReached):
            await service.submit(REQUEST)
        await service.aclose()

    run(main())


def test_a_cancelled_submission_leaves_nothing_behind() -> None:
    async def main() -> None:
        pacer = Pacer(Rules(1, period=60))
        async with talking(client={"pacer": pacer}) as (fake, service):
            fake.fail("POST /generate", Fault("stall"))
            first = asyncio.create_task(service.submit(REQUEST))
            waiting = asyncio.create_task(service.submit(REQUEST))
            await fake.until_asked()
            waiting.cancel()
            first.cancel()
            outcomes = await asyncio.gather(first, waiting, return_exceptions=True)
            assert {type(o) for o in outcomes} == {asyncio.CancelledError}
            assert pacer.usage().used == 1
            assert all(p.busy == 0 for p in service._calls._fresh._pools)

    run(main())


def test_stop_tells_those_that_wait_that_nothing_was_sent() -> None:
    async def main() -> None:
        pacer = Pacer(Rules(1, period=60))
        async with talking(client={"pacer": pacer}) as (fake, service):
            assert await service.submit(REQUEST) == "job-1"
            waiting = [asyncio.create_task(service.submit(REQUEST)) for _ in range(3)]
            await asyncio.sleep(0.01)
            service.stop()
            outcomes = await asyncio.gather(*waiting, service.label("ner", ["a"], ["t"]), return_exceptions=True)
            assert {type(o) for o in outcomes} == {NotReached}
            assert len(fake.seen) == 1

    run(main())


# TLS


# The key


def test_the_key_shows_nowhere_even_if_the_server_repeats_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    notes: list[Note] = []
    echo: dict[str, Any] = {
        "detail": f"bad key {KEY}",
        "errors": [KEY],
        "resolution_url": f"https://x.test/{KEY}",
    }
    faults = [Fault(status=s, body=echo) for s in (200, 400, 401, 402, 403, 404, 405, 409, 422, 500, 502)]
    faults += [
        Fault(status=307, headers=(("Location", f"https://x.test/?k={KEY}"),)),
        Fault("garbage", body=f"{KEY}\r\n\r\n"),
        Fault(status=200, body=KEY),
        Fault(status=200, headers=(("Content-Encoding", KEY),), body=KEY),
        Fault("drop"),
        Fault("reset"),
    ]

    async def main() -> None:
        async with talking(client={"on_note": notes.append}) as (fake, service):
            for fault in faults:
                fake.fail("POST", fault, fault)
                fake.fail("GET", *[fault] * 4)
                for asking in (
                    service.submit(REQUEST),
                    service.label("ner", ["a"], ["t"]),
                    service.poll("job-9"),
                ):
                    with pytest.raises(ServiceError) as caught:
                        await asking
                    assert_hidden(caught.value)
                fake._faults.clear()
            assert KEY not in repr(service)
            assert KEY not in "".join(str(n) for n in notes)

    run(main())
    assert notes
    assert KEY not in caplog.text


def assert_hidden(error: BaseException) -> None:
    shown = f"{error!r}{error}{vars(error)}"
    seen = traceback.TracebackException.from_exception(error, capture_locals=True)
    frames = [
        "".join(traceback.format_exception(error)),
        *(str(f.locals) for f in seen.stack if "pioneer_build" in f.filename and "harness" not in f.filename),
    ]
    assert KEY not in shown + frames[0]
    assert all(KEY not in frame for frame in frames[1:] if "service" in frame and "body" not in frame)
    assert error.__cause__ is None
    assert error.__context__ is None


def test_a_key_that_cannot_be_sent() -> None:
    with pytest.raises(NoAccess) as caught:
        HttpService("https://x.test", "two words", Pacer(None))
    assert "two words" not in str(caught.value)


def test_an_unencrypted_way_is_remarked_upon() -> None:
    notes: list[Note] = []
    HttpService("http://x.test", KEY, Pacer(None), ClientOptions(on_note=notes.append))
    HttpService("https://x.test", KEY, Pacer(None), ClientOptions(on_note=notes.append))
    HttpService("http://localhost:1", KEY, Pacer(None), ClientOptions(on_note=notes.append))
    assert [note.kind for note in notes] == ["insecure"]


# Polls


@pytest.mark.parametrize("vocabulary", ["seed", "hosted"])
def test_polling_in_both_vocabularies(vocabulary: Any) -> None:
    async def main() -> None:
        async with talking(vocabulary=vocabulary, job_seconds=3600) as (fake, service):
            job_id = await service.submit(REQUEST)
            early = await service.poll(job_id)
            assert (early.status, early.rows, early.done) == ("running", None, 0)
            fake.job_seconds = 0
            late = await service.poll(job_id)
            assert (late.status, late.done, late.dataset_name) == ("ready", 3, "tickets")
            assert late.version == (None if vocabulary == "seed" else "1")
            assert (late.rows is None) == (vocabulary == "seed")
            fake.jobs[job_id].error = "Generation produced no valid samples."
            failed = await service.poll(job_id)
            assert failed.status == "failed"

    run(main())


def test_jobs_that_vanish_and_names_that_are_none() -> None:
    async def main() -> None:
        async with talking() as (fake, service):
            with pytest.raises(NotThere):
                await service.poll("job-9")
            for name in ("..", ".", ""):
                with pytest.raises(Refused):
                    await service.poll(name)
            assert len(fake.seen) == 1
            with pytest.raises(NotThere):
                await service.poll("../datasets/x?y#z")
            assert fake.seen[-1].target == "/generate/jobs/..%2Fdatasets%2Fx%3Fy%23z"

    run(main())


# Labels


@pytest.mark.parametrize("vocabulary", ["seed", "hosted"])
@pytest.mark.parametrize("task", ["ner", "classification"])
def test_labelling(vocabulary: Any, task: Any) -> None:
    async def main() -> None:
        async with talking(vocabulary=vocabulary) as (fake, service):
            labelled = await service.label(task, ["a", "b"], ["one two", "three four"])
            assert [item["text"] for item in labelled.items] == ["one two", "three four"]
            assert fake.seen[0].json() == {"labels": ["a", "b"], "inputs": ["one two", "three four"]}
            assert fake.seen[0].path == f"/generate/{task}/label-existing"
            await service.label(task, ["a"], ["one"], Guidance((("a", "first"),)))
            assert fake.seen[1].json() == {"labels": ["a"], "inputs": ["one"], "label_descriptions": {"a": "first"}}

    run(main())


@pytest.mark.parametrize(
    "fault",
    [
        Fault("drop"),
        Fault("reset"),
        Fault(status=500),
        Fault(status=502),
        Fault(status=503),
        Fault(status=200, body=[]),
    ],
)
def test_a_label_request_is_sent_once(fault: Fault) -> None:
    async def main() -> None:
        async with talking() as (fake, service):
            fake.fail("POST", fault)
            with pytest.raises(FateUnknown) as caught:
                await service.label("ner", ["a"], ["t"])
            assert caught.value.hint == "apply sends the texts again, says so, and may pay for them twice", "no job"
            assert len(fake.seen) == 1

    run(main())


def test_what_cannot_be_labelled_is_not_sent() -> None:
    async def main() -> None:
        async with talking() as (fake, service):
            for task, texts in (("decoder", ["t"]), ("ner", []), ("ner", ["t"] * 1001)):
                with pytest.raises(Refused):
                    await service.label(task, ["a"], texts)  # type: ignore[arg-type]
            assert not fake.seen

    run(main())


# Pacing, and ways to open one


def test_a_429_is_told_to_the_pacer_unless_it_is_about_jobs() -> None:
    async def main() -> None:
        pacer = Pacer(Rules(100, period=60))
        async with talking(client={"pacer": pacer, "patience": 5.0}) as (fake, service):
            fake.fail(
                "POST",
                Fault(status=429, headers=(("Retry-After", "0.01"), ("X-RateLimit-Scope", "jobs_in_flight"))),
            )
            with pytest.raises(Busy):
                await service.submit(REQUEST)
            await service.submit(REQUEST)
            assert pacer.usage().allowed == 100
            fake.fail("GET", Fault(status=429, headers=(("Retry-After", "0.01"), ("X-RateLimit-Scope", "user"))))
            # The next turn comes after a pause, and not in a burst.
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await service.poll("job-1")
            assert len(fake.asked("GET")) == 1
            assert pacer.usage().allowed == 75

    run(main())


@pytest.mark.parametrize("paid", [True, False])
def test_a_long_pause_that_was_asked_for_is_not_waited_for(paid: bool) -> None:
    notes: list[Note] = []

    async def main() -> None:
        pacer = Pacer(Rules(100, period=60), on_note=notes.append)
        async with talking(client={"pacer": pacer}) as (fake, service):
            fake.fail("POST", Fault(status=429, headers=(("Retry-After", "1000"),)))
            with pytest.raises(Busy, match="it asks for a pause of 17 min, which is not waited for"):
                await service.submit(REQUEST)
            asking = service.submit(REQUEST) if paid else service.poll("job-1")
            with pytest.raises(Busy, match="asked for no requests for another 17 min") as caught:
                await asking
            assert not caught.value.sent
            assert len(fake.seen) == 1
            assert not notes

    run(main())


def test_a_pause_that_is_waited_for_is_told_at_once() -> None:
    notes: list[Note] = []

    async def main() -> None:
        pacer = Pacer(Rules(100, period=60), on_note=notes.append)
        async with talking(client={"pacer": pacer}) as (fake, service):
            fake.fail("POST", Fault(status=429, headers=(("Retry-After", "300"),)))
            with pytest.raises(Busy):
                await service.submit(REQUEST)
            waiting = [asyncio.create_task(service.submit(REQUEST)) for _ in range(3)]
            await asyncio.sleep(0.05)
            assert [note.text for note in notes] == ["the service asked for a pause; sending resumes in 5 min"]
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
            assert len(fake.seen) == 1

    run(main())


def test_a_request_that_was_not_sent_costs_no_turn() -> None:
    async def main() -> None:
        pacer = Pacer(Rules(10, period=60))
        service = HttpService(f"http://127.0.0.1:{free_port()}", KEY, pacer)
        with pytest.raises(NotReached):
            await service.submit(REQUEST)
        assert pacer.usage().used == 0
        await service.aclose()

    run(main())


def test_connect_shares_its_window_and_leaves_no_key(tmp_path: Any) -> None:
    async def main() -> None:
        async with FakeService(key=KEY) as fake:
            state = tmp_path / "state"
            services = [connect(fake.url, KEY, requests_per_minute=100, state_folder=state) for _ in range(2)]
            for service in services:
                await service.submit(REQUEST)
            assert [service.usage().used for service in services] == [2, 2]
            for service in services:
                await service.aclose()
            assert state.stat().st_mode & 0o777 == 0o700
            for file in state.iterdir():
                assert file.stat().st_mode & 0o777 == 0o600
                assert KEY not in file.name
                assert KEY.encode() not in file.read_bytes()

    run(main())


def test_an_application_in_this_process() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/generate/jobs/bad":
            raise ZeroDivisionError
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b'{"job_id": "local-1", "status": "complete"}'})

    async def main() -> None:
        service = connect_in_process(app)
        assert await service.submit(REQUEST) == "local-1"
        assert (await service.poll("local-1")).status == "ready"
        with pytest.raises(ServiceError):
            await service.poll("bad")
        await service.aclose()

    run(main())


def test_a_key_that_can_not_be_sent_is_said_by_its_variable(tmp_path: Path) -> None:
    """Bytes of a variable that are no UTF-8 are halves of surrogates."""
    where, variable = "http://127.0.0.1:1", "FASTINO_API_KEY"
    with pytest.raises(NoAccess) as caught:
        connect(where, "k\udcff9abc", requests_per_minute=10, state_folder=tmp_path, key_variable=variable)
    assert (caught.value.hint or "").startswith("set FASTINO_API_KEY to the key")

from __future__ import annotations

import json
from typing import Any

import pytest

from pioneer_build.errors import NoAccess, NotThere, Refused, ServiceError
from pioneer_build.service import retry as patience
from tests.fakes.server import Fault
from tests.service.harness import REQUEST, run, talking


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "_FIRST_PAUSE", 0.01)


@pytest.mark.parametrize("root", ["/datasets", "/felix/datasets"])
def test_both_roots(root: str) -> None:
    async def main() -> None:
        async with talking(datasets=root, base="/v1") as (fake, service):
            assert await service.versions("tickets") == ()
            await service.submit(REQUEST)
            await service.submit(REQUEST)
            listed = await service.versions("tickets")
            assert listed is not None
            assert [(v.version, v.id, v.size) for v in listed] == [("2", "job-2", 3), ("1", "job-1", 3)]
            rows = await service.download("tickets", "1")
            assert rows is not None
            assert [row["text"] async for row in rows] == [f"Example {i} of tickets" for i in range(3)]
            with pytest.raises(NotThere):
                await service.download("tickets", "9")
            await service.delete("tickets")
            await service.delete("tickets")
            assert await service.versions("tickets") == ()
            # The root is found once; from then on nothing goes to the other.
            others = [s for s in fake.seen if s.path.startswith("/v1/datasets")]
            assert len(others) == (len(fake.asked("GET /datasets")) if root == "/felix/datasets" else len(others))
            assert root == "/datasets" or len(others) == 1

    run(main())


def test_a_server_of_the_seed_document() -> None:
    async def main() -> None:
        async with talking() as (fake, service):
            assert await service.versions("tickets") is None
            assert await service.download("tickets", "1") is None
            with pytest.raises(Refused, match="can't delete one"):
                await service.delete("tickets")
            assert not fake.asked("DELETE")

    run(main())


@pytest.mark.parametrize(
    ("answer", "missing"),
    [
        ({"success": False}, True),
        ({"success": False, "error": "Not found"}, True),
        ({"detail": "Dataset not found"}, True),
        ({"detail": {"message": "no dataset named so", "code": "x"}}, True),
        ({"error": "DATASET_NOT_FOUND"}, True),
        ({"message": "'tickets' does not exist"}, True),
        ({"detail": "Not Found"}, False),
        ({"message": "Cannot GET /datasets/tickets", "statusCode": 404}, False),
        ({"message": "Route GET:/datasets/tickets not found", "error": "Not Found"}, False),
        ({"timestamp": 1, "error": "Not Found", "path": "/datasets/tickets"}, False),
        ("<html>Cannot GET /datasets/tickets</html>", False),
        ("dataset not found", False),
        (["dataset"], False),
        (b"", False),
    ],
)
def test_missing_dataset_or_missing_endpoint(answer: Any, missing: bool) -> None:
    async def main() -> None:
        async with talking() as (fake, service):
            fake.always("GET /datasets", Fault(status=404, body=answer))
            assert await service.versions("tickets") == (() if missing else None)

    run(main())


def test_once_proven_every_404_means_no_such_dataset() -> None:
    async def main() -> None:
        async with talking(datasets="/datasets") as (fake, service):
            fake.unknown_dataset = {"detail": "Not Found"}
            assert await service.versions("tickets") is None
            await service.submit(REQUEST)
            assert await service.versions("tickets")
            assert await service.versions("others") == ()

    run(main())


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=405),
        Fault(status=501),
        Fault(status=307, headers=(("Location", "/login"),)),
        Fault(status=200, body="<html>an application"),
        Fault(status=200, body={"hello": "world"}),
    ],
)
def test_addresses_that_are_no_endpoint(fault: Fault) -> None:
    async def main() -> None:
        async with talking() as (fake, service):
            fake.always("GET", fault)
            assert await service.versions("tickets") is None

    run(main())


def test_a_gateway_that_denies_what_it_does_not_know_hides_no_other_root() -> None:
    async def main() -> None:
        async with talking(datasets="/felix/datasets") as (fake, service):
            fake.always("GET /datasets", Fault(status=403, body={"message": "Missing Authentication Token"}))
            assert await service.versions("tickets") == ()
        async with talking() as (fake, service):
            fake.always("GET", Fault(status=401, body={"detail": "bad key"}))
            with pytest.raises(NoAccess, match="bad key"):
                await service.versions("tickets")

    run(main())


def test_faults_on_the_way_are_no_absence() -> None:
    async def main() -> None:
        async with talking(datasets="/datasets") as (fake, service):
            fake.fail("GET", Fault("drop"), Fault(status=502), Fault(status=503))
            assert await service.versions("tickets") == ()
            for fault in (Fault("drop"), Fault(status=500), Fault(status=200, body='{"versions": [')):
                fake.always("GET", fault)
                with pytest.raises(ServiceError):
                    await service.versions("tickets")
            fake.always("GET", Fault(status=200, body={"versions": [{}]}))
            with pytest.raises(ServiceError, match="version_number"):
                await service.versions("tickets")

    run(main())


def test_deleting_what_is_in_use() -> None:
    async def main() -> None:
        async with talking(datasets="/datasets") as (fake, service):
            await service.submit(REQUEST)
            fake.fail("DELETE", Fault(status=409, body={"detail": "in use by a training job"}))
            with pytest.raises(Refused, match="in use") as caught:
                await service.delete("tickets")
            assert caught.value.status == 409
            fake.fail("DELETE", Fault("drop", do=True))
            await service.delete("tickets")
            assert not fake.jobs

    run(main())


async def download(payload: bytes, *, then: Any = "answer") -> list[Any]:
    async with talking(datasets="/datasets") as (fake, service):
        await service.submit(REQUEST)
        await service.versions("tickets")
        fake.fail("GET", Fault(then, status=200, body=payload))
        rows = await service.download("tickets", "1")
        assert rows is not None
        return [row async for row in rows]


def test_lines_end_at_line_feeds_only() -> None:
    odd = [{"text": "a\u2028b\u0085c\x0bd"}, {"text": ""}, {"x": "\r"}]
    payload = "\n".join(json.dumps(row, ensure_ascii=False) for row in odd)
    assert run(download(payload.encode())) == odd
    assert run(download(b"\r\n" + payload.encode() + b"\r\n\n")) == odd
    assert run(download(b"")) == []
    many = [{"n": i, "text": "x" * 1000} for i in range(500)]
    assert run(download(b"\n".join(json.dumps(row).encode() for row in many))) == many


@pytest.mark.parametrize("bad", [b"{", b"[1]", b"7", b"null", b"\xff\xff", b"<html>", b"[" * 100_000])
def test_a_bad_line_is_named(bad: bytes) -> None:
    with pytest.raises(ServiceError, match="line 3 is not a JSON object"):
        run(download(b'{"a": 1}\n\n' + bad + b'\n{"a": 2}\n'))


def test_a_download_that_breaks_off() -> None:
    with pytest.raises(ServiceError, match="connection"):
        run(download(b'{"a": 1}\n' * 100, then="truncate"))


def test_a_download_may_be_left_unread() -> None:
    async def main() -> None:
        async with talking(datasets="/datasets") as (_, service):
            await service.submit(REQUEST)
            for read in (0, 1):
                rows: Any = await service.download("tickets", "1")
                for _ in range(read):
                    await anext(rows)
                await rows.aclose()
            assert all(p.busy == 0 for p in service._calls._kept._pools)

    run(main())


def test_a_download_that_is_not_implemented_is_none_at_all() -> None:
    async def main() -> None:
        async with talking(datasets="/datasets") as (fake, service):
            await service.submit(REQUEST)
            await service.versions("tickets")
            fake.fail("GET", Fault(status=501), Fault(status=405))
            assert await service.download("tickets", "1") is None
            with pytest.raises(Refused, match="405"):
                await service.download("tickets", "1")

    run(main())


def test_far_more_rows_than_were_requested_are_not_read() -> None:
    async def main() -> None:
        async with talking(datasets="/datasets") as (fake, service):
            await service.submit(REQUEST)
            fake.fail("GET /datasets/tickets/1", Fault(status=200, body=b"{}\n" * 1007))
            rows: Any = await service.download("tickets", "1", 3)
            with pytest.raises(ServiceError, match="more than 1,006 rows"):
                async for _ in rows:
                    pass

    run(main())


def test_far_more_values_than_rows_have_are_not_read() -> None:
    async def main() -> None:
        async with talking(datasets="/datasets") as (fake, service):
            await service.submit(REQUEST)
            line = b'{"text": "a", "x": [' + b"[]," * 40_000 + b"[]]}\n"
            fake.fail("GET /datasets/tickets/1", Fault(status=200, body=line * 3))
            rows: Any = await service.download("tickets", "1", 3)
            with pytest.raises(ServiceError, match="more than 101,500 values, too many for its rows"):
                async for _ in rows:
                    pass

    run(main())


def test_names_are_components() -> None:
    async def main() -> None:
        async with talking(datasets="/datasets") as (fake, service):
            await service.versions("a/../b?c")
            assert fake.seen[-1].target == "/datasets/a%2F..%2Fb%3Fc"
            with pytest.raises(NotThere):
                await service.download("t", "1/2#3")
            assert fake.seen[-1].target == "/datasets/t/1%2F2%233/download?format=jsonl"
            for name in ("..", ""):
                with pytest.raises(Refused):
                    await service.versions(name)
                with pytest.raises(Refused):
                    await service.download("t", name)

    run(main())

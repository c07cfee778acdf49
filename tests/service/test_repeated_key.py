"""A service that repeats the key: nothing with the key in it is recorded or shown, and nothing more is bought."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest

from pioneer_build.errors import KeyRepeated, NoAccess, ServiceError
from tests.fakes.server import Fault
from tests.service.harness import KEY, REQUEST, run, talking

REPEATED = {
    "as it is": KEY,
    "base64": base64.b64encode(b"id:" + KEY.encode()).decode(),
    "percent": "".join(f"%{ord(c):02x}" for c in KEY),
    "split": f"{KEY[:9]}\n{KEY[9:]}",
}


@pytest.mark.parametrize("spelling", REPEATED)
def test_a_job_id_with_the_key_leaves_the_submission_unknown(spelling: str) -> None:
    async def main() -> None:
        async with talking() as (fake, service):
            body = {"job_id": f"job-{REPEATED[spelling]}"}
            fake.always("POST /generate", Fault("answer", 200, body=body))
            with pytest.raises(KeyRepeated) as caught:
                await service.submit(REQUEST)
            assert "contains the API key" in caught.value.message
            assert "it may have been accepted" in caught.value.message
            assert REPEATED[spelling] not in str(caught.value)
            assert len(fake.asked("POST /generate")) == 1

    run(main())


@pytest.mark.parametrize(
    "body",
    [
        {"status": "ready", "dataset": {"version_number": KEY}},
        {"status": "ready", "revision": f"r {KEY}"},
        {"status": KEY},
        {"status": "ready", "data": [{"text": f"the key is {KEY}", "entities": []}]},
    ],
)
def test_a_poll(body: dict[str, Any]) -> None:
    async def main() -> None:
        async with talking() as (fake, service):
            fake.always("GET /generate/jobs", Fault("answer", 200, body=body))
            with pytest.raises(ServiceError, match="contains the API key") as caught:
                await service.poll("j1")
            assert KEY not in str(caught.value)

    run(main())


def test_versions_and_rows() -> None:
    async def main() -> None:
        async with talking(datasets="/datasets") as (fake, service):
            fake.always("GET /datasets/a", Fault("answer", 200, body={"versions": [{"version_number": KEY}]}))
            with pytest.raises(ServiceError, match="contains the API key"):
                await service.versions("a")
            fake.always("GET /datasets/a", Fault("answer", 200, body={"versions": []}))
            assert await service.versions("a") == ()
            lines = f'{{"text": "good"}}\n{{"text": "{KEY}"}}\n'
            fake.fail("GET /datasets/a/1/download", Fault("answer", 200, body=lines))
            rows = await service.download("a", "1")
            assert rows is not None
            assert await anext(rows) == {"text": "good"}
            with pytest.raises(ServiceError, match="line 2 contains the API key"):
                await anext(rows)

    run(main())


def test_a_label_response_is_not_asked_for_again_by_the_client() -> None:
    async def main() -> None:
        async with talking() as (fake, service):
            body = {"results": [{"text": "a", "label": KEY}]}
            fake.always("POST /generate/classification", Fault("answer", 200, body=body))
            with pytest.raises(KeyRepeated):
                await service.label("classification", ["x"], ["a"])
            assert len(fake.seen) == 1

    run(main())


@pytest.mark.parametrize("spelling", REPEATED)
def test_a_request_with_the_key_is_not_sent(spelling: str) -> None:
    """A service records what it is sent, and repeats it in rows and errors."""

    async def main() -> None:
        async with talking() as (fake, service):
            for asking in (
                service.label("classification", ["x"], [f"the key: {REPEATED[spelling]}"]),
                service.submit(replace(REQUEST, domain_description=f"the key: {REPEATED[spelling]}")),
            ):
                with pytest.raises(NoAccess, match="not sent, because the request contains the API key") as caught:
                    await asking
                assert REPEATED[spelling] not in str(caught.value)
            assert fake.asked("POST") == []

    run(main())


def test_a_word_as_a_key_proves_nothing() -> None:
    """`PIONEER_API_KEY=anything` is for a local server, and its rows have words."""

    async def main() -> None:
        async with talking(client={"api_key": "anything"}) as (fake, service):
            fake.always("POST /generate", Fault("answer", 200, body={"job_id": "anything-1"}))
            assert await service.submit(REQUEST) == "anything-1"

    run(main())


@pytest.mark.parametrize("where", [380, 9_990, 17_990, 100_000 - 10, (1 << 20) - 10])
@pytest.mark.parametrize("filler", [" ", "x "])
def test_hide_first_then_cut(where: int, filler: str) -> None:
    """Wherever a message is cut, also after white space was folded: no part of the key is left."""

    async def main() -> None:
        async with talking() as (fake, service):
            text = (filler * where)[:where] + KEY
            fake.always("POST /generate", Fault("answer", 400, body=text))
            with pytest.raises(ServiceError) as caught:
                await service.submit(REQUEST)
            shown = str(caught.value) + repr(caught.value.details)
            assert KEY[:8] not in shown

    run(main())

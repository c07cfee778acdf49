"""Keys, windows, sizes and budgets."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from starlette.requests import Request

from pioneer_build.engine.admission import Bodies, ExampleBudget, RequestWindow
from pioneer_build.engine.error_responses import ErrorAnswer

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"X-API-Key": "wrong"}, 401),
        ({"X-API-Key": "k1"}, 404),
        ({"Authorization": "Bearer k1"}, 404),
    ],
)
def test_keys(engine: Callable[..., Any], headers: dict[str, str], status: int) -> None:
    answer = engine(api_keys=frozenset({"k1"})).call("GET", "/generate/jobs/none", headers=headers)
    assert answer.status_code == status
    assert isinstance(answer.json()["detail"], str)


def test_a_body_that_is_too_large(engine: Callable[..., Any]) -> None:
    served = engine(max_body_bytes=1000)
    assert served.call("POST", "/generate", content=b" " * 1001).status_code == 413

    async def chunks() -> Any:
        for _ in range(11):
            yield b" " * 100

    assert served.call("POST", "/generate", content=chunks()).status_code == 413


def test_the_limit_is_a_sliding_window(engine: Callable[..., Any]) -> None:
    served = engine(requests_per_minute=3)
    codes = [served.call("GET", "/generate/jobs/none").status_code for _ in range(4)]
    assert codes == [404, 404, 404, 429]
    refused = served.call("GET", "/generate/jobs/none")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["X-RateLimit-Scope"] == "generate"
    # another caller, and the dataset endpoints, have windows of their own
    assert served.call("GET", "/generate/jobs/none", headers={"X-API-Key": "other"}).status_code == 404
    assert served.call("GET", "/datasets/none").status_code == 404


def test_dataset_endpoints_have_ten_times_the_limit(engine: Callable[..., Any]) -> None:
    served = engine(requests_per_minute=1)
    codes = [served.call("GET", "/datasets/none").status_code for _ in range(11)]
    assert codes == [404] * 10 + [429]
    assert served.call("GET", "/datasets/none").headers["X-RateLimit-Scope"] == "datasets"


def test_a_key_is_judged_before_it_is_counted(engine: Callable[..., Any]) -> None:
    served = engine(requests_per_minute=1, api_keys=frozenset({"k1"}))
    codes = [
        served.call("GET", "/generate/jobs/none", headers={"X-API-Key": key}).status_code
        for key in ("wrong", "wrong", "k1", "k1", "wrong")
    ]
    assert codes == [401, 401, 404, 429, 401]


def test_a_window_slides() -> None:
    window = RequestWindow(2)
    assert [window.take("a", now) for now in (0.0, 10.0)] == [0, 0]
    assert window.take("a", 20.0) == 40
    assert window.take("a", 59.5) == 1
    # a refused request didn't count, so the first place is free again
    assert window.take("a", 60.0) == 0
    assert window.take("a", 61.0) == 9
    assert window.take("b", 61.0) == 0


def test_a_budget_gives_all_or_nothing() -> None:
    budget = ExampleBudget(10)
    assert [budget.spend(examples) for examples in (7, 4, 3, 1)] == [True, False, True, False]
    assert all(ExampleBudget(None).spend(10**9) for _ in range(3))


def request_of(*chunks: bytes, ends: bool = True) -> Request:
    """A request whose body comes in these pieces, and then ends or not."""
    messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]

    async def receive() -> Any:
        if messages:
            return messages.pop(0)
        if not ends:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": b"", "more_body": False}

    return Request({"type": "http", "method": "POST", "headers": []}, receive)


async def refused(bodies: Bodies, request: Request) -> tuple[int, Any]:
    with pytest.raises(ErrorAnswer) as caught:
        async with bodies.of(request):
            pass
    return caught.value.response.status_code, json.loads(bytes(caught.value.response.body))


def test_all_bodies_together_are_bounded() -> None:
    async def main() -> None:
        bodies = Bodies(100)
        async with bodies.of(request_of(b"x" * 60, b"y" * 40)) as first:
            assert first == b"x" * 60 + b"y" * 40
            async with bodies.of(request_of(b"x" * 100)), bodies.of(request_of(b"x" * 100)):
                async with bodies.of(request_of(b"x" * 99)):
                    status, body = await refused(bodies, request_of(b"ab"))
                    assert (status, body["accepted"]) == (503, False)
                    async with bodies.of(request_of(b"a")):
                        pass
                assert (await refused(bodies, request_of(b"x" * 50, b"x" * 51)))[0] == 413
                async with bodies.of(request_of(b"x" * 100)):
                    pass

    asyncio.run(main())


def test_a_body_that_never_ends() -> None:
    async def main() -> None:
        bodies = Bodies(100, seconds=0.05)
        for _ in range(9):
            status, body = await refused(bodies, request_of(b"x" * 90, ends=False))
            assert (status, body["accepted"]) == (408, False)

    asyncio.run(main())

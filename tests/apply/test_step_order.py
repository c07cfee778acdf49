"""Steps come in an order in which rows can be compared, and wait only for those before them."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.apply.step_order import StepOrder
from pioneer_build.plan import Step

if TYPE_CHECKING:
    from pioneer_build.plan import Action


def step(name: str, action: Action = "create") -> Step:
    return Step(name, action, requests=int(action in ("create", "extend")))


def names(steps: list[Step], named: dict[str, tuple[str, ...]]) -> list[str]:
    return [one.dataset_name for one in StepOrder(steps, lambda name: named.get(name, ())).steps]


def test_what_was_paid_for_comes_first() -> None:
    assert names([step("a"), step("b", "resume"), step("c", "fetch")], {}) == ["b", "a", "c"]


def test_a_dataset_comes_after_those_that_it_names() -> None:
    steps = [step("a"), step("b"), step("c")]
    assert names(steps, {"a": ("c", "not in the plan"), "c": ("b",)}) == ["b", "c", "a"]


def test_rows_that_an_open_job_is_compared_with_are_fetched_before_it_is_looked_at() -> None:
    steps = [step("a", "resume"), step("b", "fetch"), step("c", "create")]
    assert names(steps, {"a": ("b", "c")}) == ["b", "a", "c"]


def test_only_steps_that_come_before_are_waited_for() -> None:
    order = StepOrder([step("a"), step("b", "fetch"), step("c")], lambda name: ("b", "c") if name == "a" else ())

    async def main() -> list[str]:
        done: list[str] = []

        async def go(name: str, *, free: bool) -> None:
            await order.wait_for_named(name, free=free)
            done.append(name)
            order.end(name)

        async with asyncio.TaskGroup() as group:
            for one in reversed(order.steps):
                group.create_task(go(one.dataset_name, free=False))
        return done

    assert order.steps[-1].dataset_name == "a"
    assert asyncio.run(main()) == ["c", "b", "a"], "the others wait for nobody"


def test_before_rows_are_requested_only_what_requests_nothing_is_waited_for() -> None:
    order = StepOrder([step("a"), step("b", "fetch"), step("c")], lambda name: ("b", "c") if name == "a" else ())

    async def main() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(order.wait_for_named("a", free=True), 0.01)
        order.end("b")
        await order.wait_for_named("a", free=True)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(order.wait_for_named("a"), 0.01)
        order.end("c")
        await order.wait_for_named("a")

    asyncio.run(main())


@given(
    st.dictionaries(st.sampled_from("abcdefg"), st.lists(st.sampled_from("abcdefgh"), max_size=4)),
    st.lists(st.sampled_from(("create", "resume", "fetch", "update")), min_size=7, max_size=7),
    st.integers(1, 3),
)
def test_circles_and_few_workers_end(named: dict[str, list[str]], actions: list[Action], workers: int) -> None:
    steps = [step(name, action) for name, action in zip("abcdefg", actions, strict=True)]
    order = StepOrder(steps, lambda name: named.get(name, []))
    assert sorted(one.dataset_name for one in order.steps) == list("abcdefg")

    async def main() -> None:
        left = iter(order.steps)

        async def work() -> None:
            for one in left:
                await order.wait_for_named(one.dataset_name)
                order.end(one.dataset_name)

        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(work())

    asyncio.run(main())


def test_what_is_still_to_come() -> None:
    named = {"a": ("b", "c"), "d": ("e",), "e": ("d",)}
    steps = [step("a", "resume"), step("b"), step("c", "fetch"), step("d"), step("e")]
    order = StepOrder(steps, lambda name: named.get(name, ()))
    assert [order.to_come(name) for name in "abcde"] == [("b",), (), (), (), ()], "of a circle, one has to be first"
    order.end("b")
    assert order.to_come("a") == ()


def test_a_chain_of_any_length() -> None:
    chain = [f"{number:05}" for number in range(3000)]
    named = {here: (after,) for here, after in pairwise(chain)}
    assert names([step(name) for name in chain], named) == chain[::-1]

"""A model of a scripted server, and a keeper in memory: what the tests of this folder share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

from pioneer_build.answers.keeping import KeptAnswer, ModelUsage
from pioneer_build.model.chat import Chat
from pioneer_build.model.values import Endpoint, Limits, Prompt, WantedContent
from pioneer_build.spec.base_url import BaseUrl

T = TypeVar("T")

CLASSES = WantedContent("classification", ("billing", "other", "refund"))
ENTITIES = WantedContent("ner", ("city", "person"))
DECODER = WantedContent("decoder", prompt="Answer politely.")
PROMPT = Prompt("Be brief.", "Say something.", {"type": "object"}, 100)
#: Pauses are so much shorter than for people.
QUICK = 0.01


class Keeper:
    """Keeps answers in memory. `broken`: the disk is full."""

    def __init__(self) -> None:
        self.answers: dict[str, KeptAnswer] = {}
        self.broken = False

    def kept(self, keys: Sequence[str]) -> Mapping[str, KeptAnswer]:
        return {key: self.answers[key] for key in keys if key in self.answers}

    def keep(self, answers: Mapping[str, KeptAnswer]) -> Future[None]:
        future: Future[None] = Future()
        if self.broken:
            future.set_exception(OSError("no space left"))
        else:
            self.answers |= answers
            future.set_result(None)
        return future

    @property
    def usage(self) -> ModelUsage:
        return ModelUsage(*(sum(column) for column in zip(*[one.usage for one in self.answers.values()], strict=True)))


def endpoint(*urls: str, key: str | None = None, name: str = "m") -> Endpoint:
    return Endpoint(tuple(BaseUrl.parse(url) for url in urls), name, key)


def with_chat(
    to: Endpoint,
    work: Callable[[Chat], Coroutine[Any, Any, T]],
    limits: Limits | None = None,
    notes: list[str] | None = None,
) -> T:
    """What `work` returns, with a chat that is closed after it."""

    async def whole() -> T:
        chat = Chat(to, limits or Limits(patience=5, seconds=5), (notes if notes is not None else []).append, QUICK)
        try:
            return await work(chat)
        finally:
            await chat.aclose()

    return asyncio.run(whole())

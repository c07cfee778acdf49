"""Labels texts with a model: several short ones a call, each kept on disk before it counts.

A call whose answer lacks some of its texts is halved for those, until each is alone. A text that is alone is asked
about a few times; then its item says why it has no label.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from dataclasses import asdict
from hashlib import sha256
from typing import TYPE_CHECKING

from pioneer_build.answers.keeping import KeptAnswer, ModelUsage
from pioneer_build.model.asking_again import AskingAgain
from pioneer_build.model.confidence import by_votes
from pioneer_build.model.label_answers import Item, items_in
from pioneer_build.model.label_prompts import label_prompt
from pioneer_build.model.read_answer import UnusableAnswer, json_in
from pioneer_build.model.together import together
from pioneer_build.model.troubles import CallFailed, NoUse, Outage
from pioneer_build.spec.request_limits import CHARACTERS_PER_CALL, TEXTS_PER_CALL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pioneer_build.answers.keeping import AnswerKeeper
    from pioneer_build.model.chat import Chat
    from pioneer_build.model.values import Answer, WantedContent

#: How often a text is asked about that is alone.
_ALONE = 3


class Labeller:
    """Labels texts of one request.

    Args:
        chat: the model.
        definition: task, labels, descriptions and examples.
        keeper: keeps the label of each text.
        votes: how often a text is classified if the server gives no probabilities.
        asking_again: shared by requests with texts of the same definition; by default the request's own.
    """

    def __init__(
        self,
        chat: Chat,
        definition: WantedContent,
        keeper: AnswerKeeper,
        votes: int = 1,
        asking_again: AskingAgain | None = None,
    ) -> None:
        self._chat = chat
        self._definition = definition
        self._keeper = keeper
        self._asking_again = asking_again or AskingAgain()
        self._votes = votes if definition.task_type == "classification" else 1
        scope = json.dumps([chat.name, votes, asdict(definition)], sort_keys=True, ensure_ascii=False)
        self._scope = sha256(scope.encode("utf-8", "surrogatepass")).hexdigest()
        self.usage = ModelUsage()

    async def label(self, texts: Sequence[str]) -> list[Item]:
        """One item for each text, in order: its label, or as `error` why it has none.

        Raises:
            NoUse, Outage: no further call is of use. What was answered is kept.
            Stopped: the application is closing.
            OSError: an answer could not be kept.
        """
        keys = {text: self._key(text) for text in texts}
        kept = await asyncio.to_thread(self._keeper.kept, list(keys.values()))
        items: dict[str, Item] = {}
        for text, key in keys.items():
            if (one := kept.get(key)) is not None:
                items[text] = json.loads(one.text)
                self._count(one.usage)
        if items:
            await self._asking_again.labelled()
        parts = list(_parts([text for text in keys if text not in items]))
        left = iter(parts)  # a prompt exists only while its call is under way, or is one of the next
        try:
            await together(self._work(left, items) for _ in range(min(self._chat.limits.in_flight, len(parts))))
        finally:
            await self._asking_again.ended(self, telling=len(keys) >= TEXTS_PER_CALL)
        return [items[text] for text in texts]

    async def _work(self, left: Iterator[list[str]], items: dict[str, Item]) -> None:
        """Labels the texts of one call after another, as long as there are any left."""
        for part in left:
            await self._part(part, items)

    async def _part(self, texts: list[str], items: dict[str, Item]) -> None:
        """Labels the texts of one call; halves those that it leaves without a label."""
        why, again = "", True
        for attempt in range(_ALONE if len(texts) == 1 else 1):
            if attempt and not (again := await self._asking_again.is_worth_asking_again(self)):
                break
            try:
                found = await self._asked(texts, attempt)
            except (NoUse, Outage):
                raise
            except CallFailed as error:
                why = error.message
                break
            except UnusableAnswer as error:
                why = str(error)
                continue
            if found:
                items |= {texts[at]: item for at, item in found.items()}
                await self._asking_again.labelled()
            else:
                why = "an unknown label, or a span that is not in it"
            texts = [text for text in texts if text not in items]
            if not texts:
                return
        if len(texts) > 1:
            again = await self._asking_again.is_worth_asking_again(self)
        if not again or (len(texts) == 1 and why):
            items |= {text: {"error": why} for text in texts}
            return
        for half in (texts[: len(texts) // 2], texts[len(texts) // 2 :]):
            if half:
                await self._part(half, items)

    async def _asked(self, texts: Sequence[str], attempt: int) -> dict[int, Item]:
        """The items of one call, or of its votes; they are kept, and what they used is counted.

        Raises:
            CallFailed: there was no answer.
            UnusableAnswer: there was no JSON in it.
        """
        found: dict[int, Item] | None = None

        async def keep(answer: Answer) -> None:
            nonlocal found
            if self._votes == 1 or answer.tokens:  # else it is kept with the other votes
                found = await self._taken([answer], texts)

        first = await self._chat.ask(label_prompt(self._definition, texts, vote=attempt or None), keep)
        if found is None:
            prompts = [label_prompt(self._definition, texts, vote=100 + vote) for vote in range(1, self._votes)]
            found = await self._taken([first, *await asyncio.gather(*map(self._chat.ask, prompts))], texts)
        return found

    async def _taken(self, answers: Sequence[Answer], texts: Sequence[str]) -> dict[int, Item]:
        """The items of a call and its votes, after they were kept.

        Raises:
            UnusableAnswer: one of them has no JSON.
        """
        usage = ModelUsage(sum(one.read for one in answers), sum(one.written for one in answers), len(answers))
        try:
            read = [self._read(answer, texts) for answer in answers]
        except UnusableAnswer:
            await self._pay(usage)
            raise
        found = _voted(read) if len(read) > 1 else read[0]
        if found:
            await self._keep({texts[at]: item for at, item in found.items()}, usage)
        else:
            await self._pay(usage)
        return found

    def _read(self, answer: Answer, texts: Sequence[str]) -> dict[int, Item]:
        return items_in(json_in(answer), answer, self._definition, texts)

    async def _keep(self, items: dict[str, Item], usage: ModelUsage) -> None:
        """Keeps the items of a call, and what it used with the first of them."""
        kept: dict[str, KeptAnswer] = {}
        for text, item in items.items():
            used = usage if not kept else ModelUsage()
            kept[self._key(text)] = KeptAnswer(json.dumps(item, ensure_ascii=False), used)
        await asyncio.wrap_future(self._keeper.keep(kept))
        self._count(usage)

    async def _pay(self, usage: ModelUsage) -> None:
        """Keeps what a call used whose answer is of no use."""
        await asyncio.wrap_future(self._keeper.keep({secrets.token_hex(16): KeptAnswer("", usage)}))
        self._count(usage)

    def _count(self, usage: ModelUsage) -> None:
        self.usage = ModelUsage(*(sum(pair) for pair in zip(self.usage, usage, strict=True)))

    def _key(self, text: str) -> str:
        return sha256(f"{self._scope}{text}".encode("utf-8", "surrogatepass")).hexdigest()


def _voted(votes: Sequence[dict[int, Item]]) -> dict[int, Item]:
    """The label that most votes have for each text, and the share of those that do."""
    found: dict[int, Item] = {}
    for at in votes[0]:
        label, share = by_votes([vote[at]["label"] for vote in votes if at in vote], len(votes))
        found[at] = {"label": label, "score": share}
    return found


def _parts(texts: Sequence[str]) -> Iterator[list[str]]:
    """`texts` in order, as many a call as fit."""
    part: list[str] = []
    size = 0
    for text in texts:
        if part and (len(part) == TEXTS_PER_CALL or size + len(text) > CHARACTERS_PER_CALL):
            yield part
            part, size = [], 0
        part.append(text)
        size += len(text)
    if part:
        yield part

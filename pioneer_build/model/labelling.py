"""Labels texts with a model: several short ones a call, each kept on disk before it counts.

A call whose answer lacks some of its texts is halved for those, until each is alone. A text that is alone is asked
about a few times; then its item says why it has no label.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import Counter
from dataclasses import asdict
from hashlib import sha256
from typing import TYPE_CHECKING

from pioneer_build.answers.keeping import KeptAnswer, ModelUsage
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
    """

    def __init__(self, chat: Chat, definition: WantedContent, keeper: AnswerKeeper, votes: int = 1) -> None:
        self._chat = chat
        self._definition = definition
        self._keeper = keeper
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
        left = [text for text in keys if text not in items]
        await together(self._part(part, items) for part in _parts(left))
        return [items[text] for text in texts]

    async def _part(self, texts: list[str], items: dict[str, Item]) -> None:
        """Labels the texts of one call; halves those that it leaves without a label."""
        why = ""
        for attempt in range(_ALONE if len(texts) == 1 else 1):
            try:
                found, usage = await self._asked(texts, attempt)
            except (NoUse, Outage):
                raise
            except CallFailed as error:
                why = error.message
                break
            except UnusableAnswer as error:
                why = str(error)
                continue
            if found:
                await self._keep({texts[at]: item for at, item in found.items()}, usage)
                items |= {texts[at]: item for at, item in found.items()}
            else:
                await self._pay(usage)
                why = "an unknown label, or a span that is not in it"
            texts = [text for text in texts if text not in items]
            if not texts:
                return
        if len(texts) == 1 and why:
            items[texts[0]] = {"error": why}
            return
        for half in (texts[: len(texts) // 2], texts[len(texts) // 2 :]):
            if half:
                await self._part(half, items)

    async def _asked(self, texts: Sequence[str], attempt: int) -> tuple[dict[int, Item], ModelUsage]:
        """The items of one call, or of its votes, and what they used.

        Raises:
            CallFailed: there was no answer.
            UnusableAnswer: there was no JSON in it; what it used is counted.
        """
        first = await self._chat.ask(label_prompt(self._definition, texts, vote=attempt or None))
        answers = [first]
        if self._votes > 1 and not first.tokens:
            prompts = [label_prompt(self._definition, texts, vote=100 + vote) for vote in range(1, self._votes)]
            answers += await asyncio.gather(*map(self._chat.ask, prompts))
        usage = ModelUsage(sum(one.read for one in answers), sum(one.written for one in answers), len(answers))
        try:
            found = [self._read(answer, texts) for answer in answers]
        except UnusableAnswer:
            await self._pay(usage)
            raise
        return (_voted(found) if len(found) > 1 else found[0]), usage

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
        labels = Counter(vote[at]["label"] for vote in votes if at in vote)
        label, most = max(labels.items(), key=lambda one: (one[1], one[0]))
        found[at] = {"label": label, "score": round(most / len(votes), 4)}
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

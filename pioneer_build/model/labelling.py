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
from pioneer_build.model.label_answers import Item, items_in, kept_item
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
#: How a vote is kept that has no label.
_NO_LABEL = "{}"


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
        #: The votes so far about texts that get several: an item by the number of the vote, empty if it has no label.
        self._cast: dict[str, dict[int, Item]] = {}
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
        distinct = list(dict.fromkeys(texts))
        items = await asyncio.to_thread(self._kept, distinct)
        if items:
            await self._asking_again.labelled()
        parts = list(_parts([text for text in distinct if text not in items]))
        left = iter(parts)  # a prompt exists only while its call is under way, or is one of the next
        try:
            await together(self._work(left, items) for _ in range(min(self._chat.limits.in_flight, len(parts))))
        finally:
            await self._asking_again.ended(self, telling=len(distinct) >= TEXTS_PER_CALL)
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
        found = await self._vote(texts, 0, attempt or None)
        if self._votes == 1 or not (open_texts := [text for text in texts if 0 in self._cast.get(text, {})]):
            return found
        more = [self._vote(open_texts, vote, 100 + vote) for vote in range(1, self._votes)]
        # the others are waited for: they are paid, and the next time about these texts needs them no more
        ended = await asyncio.gather(*more, return_exceptions=True)
        if errors := [error for error in ended if isinstance(error, BaseException)]:
            raise next((error for error in errors if not isinstance(error, UnusableAnswer)), errors[0])
        return found | {at: self._elected(text) for at, text in enumerate(texts) if text in open_texts}

    async def _vote(self, texts: Sequence[str], vote: int, seed: int | None) -> dict[int, Item]:
        """Has those of `texts` labelled that lack this vote; the items that no other vote is needed for.

        Args:
            texts: the texts of one call.
            vote: its number. The first decides whether there are others: not if the server gives probabilities.
            seed: of the prompt.

        Raises:
            CallFailed, UnusableAnswer: as for `_asked`.
        """
        asked = [text for text in texts if vote not in self._cast.get(text, {})]
        final: dict[int, Item] = {}

        async def keep(answer: Answer) -> None:
            usage = ModelUsage(answer.read, answer.written, 1)
            try:
                found = items_in(json_in(answer), answer, self._definition, asked)
            except UnusableAnswer:
                await self._pay(usage)
                raise
            by_text = {asked[at]: item for at, item in found.items()}
            if self._votes == 1 or (vote == 0 and answer.tokens):
                final.update({at: by_text[text] for at, text in enumerate(texts) if text in by_text})
                await self._keep({self._key(text): item for text, item in by_text.items()}, usage)
                return
            if vote:
                by_text = {text: by_text.get(text, {}) for text in asked}
            await self._keep({self._key(text, vote): item for text, item in by_text.items()}, usage)
            for text, item in by_text.items():
                self._cast.setdefault(text, {})[vote] = item

        if asked:
            await self._chat.ask(label_prompt(self._definition, asked, vote=seed), keep)
        return final

    def _kept(self, texts: Sequence[str]) -> dict[str, Item]:
        """The items of texts that were paid for. What they used is counted, and so are votes about the others."""
        votes = range(self._votes if self._votes > 1 else 0)
        keys = {self._key(text, vote): (text, vote) for text in texts for vote in (None, *votes)}
        items: dict[str, Item] = {}
        for key, one in self._keeper.kept(list(keys)).items():
            text, vote = keys[key]
            item = kept_item(one.text, text, self._definition)
            if vote and one.text == _NO_LABEL:
                item = {}
            if item is None:
                continue
            self._count(one.usage)
            if vote is None:
                items[text] = item
            else:
                self._cast.setdefault(text, {})[vote] = item
        whole = [text for text, cast in self._cast.items() if text not in items and len(cast) == self._votes]
        return items | {text: self._elected(text) for text in whole}

    def _elected(self, text: str) -> Item:
        """The label that most votes have for a text, and the share of those that do."""
        labels = [item["label"] for item in self._cast.pop(text).values() if item]  # the first vote has one
        label, share = by_votes(labels, self._votes)
        return {"label": label, "score": share}

    async def _keep(self, items: dict[str, Item], usage: ModelUsage) -> None:
        """Keeps the items of a call by their keys, and what it used with the first of them."""
        if not items:
            await self._pay(usage)
            return
        kept: dict[str, KeptAnswer] = {}
        for key, item in items.items():
            used = usage if not kept else ModelUsage()
            kept[key] = KeptAnswer(json.dumps(item, ensure_ascii=False), used)
        await asyncio.wrap_future(self._keeper.keep(kept))
        self._count(usage)

    async def _pay(self, usage: ModelUsage) -> None:
        """Keeps what a call used whose answer is of no use."""
        await asyncio.wrap_future(self._keeper.keep({secrets.token_hex(16): KeptAnswer("", usage)}))
        self._count(usage)

    def _count(self, usage: ModelUsage) -> None:
        self.usage = ModelUsage(*(sum(pair) for pair in zip(self.usage, usage, strict=True)))

    def _key(self, text: str, vote: int | None = None) -> str:
        """Under what the item of a text is kept, or one vote about it."""
        scope = self._scope if vote is None else f"{self._scope} {vote} "
        return sha256(f"{scope}{text}".encode("utf-8", "surrogatepass")).hexdigest()


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

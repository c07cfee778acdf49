"""Makes the rows of one job with a model.

Rounds: each asks for the rows that are missing, one call a row; then rows that aren't rows, near-copies and, of a
classification, those whose label another look at the text doesn't confirm are refused. What is missing then is asked
for again, in other words, a few times. Answers are kept by ordinal and attempt, so that whoever resumes the job
asks for none again.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from pioneer_build.answers.keeping import KeptAnswer, ModelUsage
from pioneer_build.model.attributes import attributes
from pioneer_build.model.label_answers import without_repeats
from pioneer_build.model.likeness import Likeness
from pioneer_build.model.read_answer import UnusableAnswer, json_in
from pioneer_build.model.row_prompts import row_prompt
from pioneer_build.model.together import together
from pioneer_build.model.troubles import CallFailed, NoUse, Outage
from pioneer_build.model.values import Answer
from pioneer_build.rows import Fault, normalise, task_of
from pioneer_build.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pioneer_build.answers.keeping import AnswerKeeper
    from pioneer_build.model.attributes import Attributes
    from pioneer_build.model.chat import Chat
    from pioneer_build.model.labelling import Labeller
    from pioneer_build.model.values import WantedContent

#: What stands for a text in prompts of this program, now or earlier, and in schemas. Small models copy it.
_PLACEHOLDERS = frozenset(
    ("the text", "the text that you wrote", "a span", "a label", "text", "string", "content", "what is said", "…")
)
#: How often a row is asked for.
ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class RowsWanted:
    """What rows a job should have: `number` of them, after `earlier`, the rows that the dataset has already."""

    definition: WantedContent
    dataset_name: str
    number: int
    seed: int
    earlier: Sequence[dict[str, Any]] = ()


@dataclass(slots=True)
class Generator:
    """Makes the rows of one job.

    `judge` labels the rows of a classification without seeing their label; `None` for other tasks. `made` counts the
    rows so far, `refused` the others by cause.
    """

    chat: Chat
    wanted: RowsWanted
    keeper: AnswerKeeper
    judge: Labeller | None = None
    refused: Counter[str] = field(default_factory=Counter)
    made: int = 0
    judged: int = 0
    disagreed: int = 0
    _key: tuple[int, str, str] = field(init=False)

    def __post_init__(self) -> None:
        definition = json.dumps(asdict(self.wanted.definition), sort_keys=True, ensure_ascii=False)
        self._key = (self.wanted.seed, self.wanted.dataset_name, definition)

    async def rows(self) -> list[dict[str, Any]]:
        """The rows, in the order of their ordinals; fewer than wanted if too many were refused.

        Raises:
            NoUse, Outage: no further call is of use. What was answered is kept, and used by the next try.
            Stopped: the application is closing.
            OSError: an answer could not be kept.
        """
        first = len(self.wanted.earlier)
        missing = list(range(first, first + self.wanted.number))
        seen = self._seen()
        good: dict[int, dict[str, Any]] = {}
        for attempt in range(ATTEMPTS):
            if not missing:
                break
            found = await self._asked(missing, attempt)
            fresh = {
                ordinal: found[ordinal]
                for ordinal in missing
                if ordinal in found and self._is_new(found[ordinal], seen)
            }
            good |= await self._confirmed(fresh)
            self.made = len(good)
            missing = [ordinal for ordinal in missing if ordinal not in good]
        return [good[ordinal] for ordinal in sorted(good)]

    def summary(self) -> str | None:
        """What was refused, as a sentence; `None` if nothing was."""
        if not self.refused:
            return None
        causes = ", ".join(f"{number:,} {cause}" for cause, number in self.refused.most_common())
        text = f"requested {self.wanted.number:,}, produced {self.made:,}, refused {self.refused.total():,} ({causes})"
        if self.judged:
            rate = f"{self.disagreed / self.judged:.1%} of {count(self.judged, 'row')}"
            text += f"; labelled again from the text alone, {rate} got a different label"
        return text

    def _seen(self) -> Likeness:
        seen, definition = Likeness(), self.wanted.definition
        for text in (*[text for text, _ in definition.examples], *[one.text for one in definition.entity_examples]):
            seen.add(text, "near-copies of an example")
        for row in self.wanted.earlier:
            with suppress(KeyError, TypeError):  # in a store that others write, too, it may be no row
                seen.add(_text_of(row), "near-copies of an earlier row")
        return seen

    async def _asked(self, ordinals: Sequence[int], attempt: int) -> dict[int, dict[str, Any]]:
        """The rows that one attempt gives; those that aren't rows are counted."""
        keys = {ordinal: f"{ordinal}.{attempt}" for ordinal in ordinals}
        kept = await asyncio.to_thread(self.keeper.kept, list(keys.values()))
        found: dict[int, dict[str, Any]] = {}
        todo: list[int] = []
        for ordinal in ordinals:
            one = kept.get(keys[ordinal])
            if one is None or (answer := Answer.from_kept(one)) is None:
                todo.append(ordinal)
            else:
                self._take(ordinal, attempt, answer, found)
        left = iter(todo)
        workers = min(self.chat.limits.in_flight, len(todo))
        await together(self._work(left, attempt, found) for _ in range(workers))
        return found

    async def _work(self, left: Iterator[int], attempt: int, found: dict[int, dict[str, Any]]) -> None:
        """Asks for one row after another, as long as there are any left."""
        for ordinal in left:
            prompt = row_prompt(self.wanted.definition, self._attributes(ordinal, attempt), (ordinal, attempt))
            try:
                answer = await self.chat.ask(prompt, partial(self._keep, f"{ordinal}.{attempt}"))
            except (NoUse, Outage):
                raise
            except CallFailed as error:
                self.refused[error.cause] += 1
                continue
            self._take(ordinal, attempt, answer, found)

    async def _keep(self, key: str, answer: Answer) -> None:
        kept = KeptAnswer(answer.kept_text(), ModelUsage(answer.read, answer.written, 1))
        await asyncio.wrap_future(self.keeper.keep({key: kept}))

    def _take(self, ordinal: int, attempt: int, answer: Answer, found: dict[int, dict[str, Any]]) -> None:
        """Adds the row in an answer, or counts why there is none."""
        try:
            row = self._row(json_in(answer), self._attributes(ordinal, attempt).labels)
        except UnusableAnswer as error:
            self.refused[str(error)] += 1
        else:
            found[ordinal] = row

    def _row(self, value: dict[str, Any], labels: Sequence[str]) -> dict[str, Any]:
        """The row that a model wrote.

        Raises:
            UnusableAnswer: it is none.
        """
        definition = self.wanted.definition
        if any(_is_placeholder(said) for said in _said(value)):
            raise UnusableAnswer("with a placeholder instead of text")
        raw = {**value, "label": labels[0]} if definition.task_type == "classification" else value
        if isinstance(raw.get("entities"), list) and isinstance(raw.get("text"), str):
            raw = {**raw, "entities": without_repeats(raw["entities"], raw["text"])}
        row = normalise(raw, definition.task_type, definition.labels)
        if isinstance(row, Fault):
            raise UnusableAnswer(f"with a fault ({row.cause})")
        if definition.task_type == "ner":
            if bool(row["entities"]) != bool(labels):
                raise UnusableAnswer("without the entities that were asked for")
            if any(one.get("ambiguous") for one in row["entities"]):
                raise UnusableAnswer("with an entity whose position is ambiguous")
        return dict(row)

    def _is_new(self, row: dict[str, Any], seen: Likeness) -> bool:
        text = _text_of(row)
        if (origin := seen.near(text)) is not None:
            self.refused[origin] += 1
            return False
        seen.add(text, "near-copies of another row")
        return True

    async def _confirmed(self, rows: dict[int, dict[str, Any]]) -> dict[int, dict[str, Any]]:
        """Those of `rows` that get the same label by another look at their text alone."""
        if self.judge is None or not rows:
            return rows
        items = await self.judge.label([row["text"] for row in rows.values()])
        confirmed: dict[int, dict[str, Any]] = {}
        for (ordinal, row), item in zip(rows.items(), items, strict=True):
            if "label" not in item:
                self.refused["that got no label when labelled again"] += 1
                continue
            self.judged += 1
            if item["label"] == row["label"]:
                confirmed[ordinal] = row
            else:
                self.disagreed += 1
                self.refused["that got a different label when labelled again"] += 1
        return confirmed

    def _attributes(self, ordinal: int, attempt: int) -> Attributes:
        definition = self.wanted.definition
        return attributes(definition.task_type, definition.labels, self._key, (ordinal, attempt))


def _said(value: dict[str, Any]) -> Iterator[Any]:
    """What a model wrote as text or messages."""
    yield value.get("text")
    messages = value.get("messages")
    for one in messages if isinstance(messages, list) else ():
        yield one.get("content") if isinstance(one, dict) else None


def _is_placeholder(said: Any) -> bool:
    if not isinstance(said, str) or not said.strip():
        return False
    return (said.strip().casefold().rstrip(".") or "…") in _PLACEHOLDERS


def _text_of(row: dict[str, Any]) -> str:
    """What a row says, to compare it with others."""
    if task_of(row) == "decoder":
        return " ".join(str(message["content"]) for message in row["messages"])
    return str(row["text"])

"""Completions that follow from a message or a passage: made of the same values, so that both always agree."""

from __future__ import annotations

import json
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from pioneer_build.engine.generating.filling import lowered
from pioneer_build.engine.generating.made_up_values import MadeUpValues
from pioneer_build.engine.generating.rejects import Reject
from pioneer_build.engine.generating.sentences import Sentence, sentences
from pioneer_build.engine.word_lists import lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pioneer_build.draws import Draw
    from pioneer_build.engine.generating.message_topics import Message

#: Values that are details of a message, with their names in extractions.
_DETAILS = {
    "order": "order_number",
    "money": "amount",
    "item": "product",
    "first": "name",
    "person": "name",
    "percent": "percentage",
} | {kind: kind for kind in ("date", "weekday", "month", "time", "city", "country", "phone", "email", "company")}
#: Informal words, and their formal equivalents.
_CONTRACTIONS = (
    ("can't", "cannot"),
    ("won't", "will not"),
    ("n't", " not"),
    ("I'm", "I am"),
    ("I'd like", "I would like"),
    ("I'd", "I would"),
    ("'ve", " have"),
    ("'ll", " will"),
    ("it's", "it is"),
    ("It's", "It is"),
    ("here's", "here is"),
    ("What's", "What is"),
    ("hanks", "hank you"),
    ("Hey,", ""),
    ("Just wanted", "I wanted"),
)
#: Values that a summary or a title repeats.
_NAMED = ("order", "item", "money", "city", "date", "weekday")


@cache
def _doings() -> Mapping[str, str]:
    """What the writer of a message about each topic does."""
    parted = (line.partition(" = ") for line in lines("topics.txt"))
    return {topic: doing for topic, _, doing in parted}


def extracted(message: Message) -> str:
    """The details of a message as JSON.

    Raises:
        Reject: it has none.
    """
    found: dict[str, Any] = {"topic": message.sentence.topic}
    for kind, value in message.values:
        name = _DETAILS.get(kind)
        if name is None:
            continue
        held = found.get(name)
        found[name] = value if held is None else [*held, value] if isinstance(held, list) else [held, value]
    if len(found) == 1:
        raise Reject("a message without details")
    return json.dumps(found, ensure_ascii=False)


def formal(message: Message) -> str:
    """The content of a message as a formal letter."""
    text = message.core
    for short, long in _CONTRACTIONS:
        text = text.replace(short, long)
    text = text.strip().rstrip("!")
    if not text.endswith((".", "?")):
        text += "."
    signature = f", {message.signed}" if message.signed else ""
    return f"Dear Sir or Madam, {lowered(text)} Yours sincerely{signature}"


def _named(message: Message) -> str:
    """The details that a summary or a title repeats, in brackets."""
    named = [message.details[kind] for kind in _NAMED if kind in message.details]
    return f" ({', '.join(named)})" if named else ""


def summary(draw: Draw, message: Message) -> str:
    """What the writer does, in one sentence."""
    sentence = message.sentence
    writer = "A customer" if sentence.field == "support" else "The writer"
    named = _named(message)
    doing = _doings()[sentence.topic]
    wish = (
        draw.pick((" and asks for help", "", "")) if doing.startswith(("reports", "has trouble")) and not named else ""
    )
    return f"{writer} {doing}{named}{wish}."


def title(message: Message) -> str:
    """A subject line: the topic, and the details that distinguish messages."""
    about = message.sentence.topic + _named(message)
    return about[:1].upper() + about[1:]


def question(draw: Draw) -> tuple[str, str]:
    """A passage, a question about it and the answer, made of the same values."""
    passage, question, answer = draw.pick(_facts())
    values = MadeUpValues(draw)
    given: dict[str, str] = {}
    for slot in dict.fromkeys(Sentence(passage, "", "").slots):
        given[slot] = values.of(slot.rstrip("2")).removeprefix("the ")

    def put(text: str) -> str:
        filled = text
        for slot, value in given.items():
            filled = filled.replace(f"{{{slot}}}", value)
        return filled if "@" in filled.split(maxsplit=1)[0] else filled[:1].upper() + filled[1:]

    prompt = draw.pick(("{p}\n\n{q}", "Passage: {p}\nQuestion: {q}", "Read this: {p} {q}", "{q}\n\nContext: {p}"))
    return prompt.replace("{p}", put(passage)).replace("{q}", put(question)), put(answer)


@lru_cache(maxsize=1)
def _facts() -> Sequence[tuple[str, str, str]]:
    rows = []
    for sentence in sentences("facts.txt"):
        passage, question, answer = (part.strip() for part in sentence.text.split("||"))
        rows.append((passage, question, answer))
    return rows

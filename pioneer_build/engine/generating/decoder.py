"""Rows for decoders: a prompt, and a completion that follows from it.

The spec's `prompt` decides what kind of task the rows show. The engine has seven that it can answer for:
where nothing but the message decides the completion, so that both always agree. It doesn't write freely.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from pioneer_build.engine.embedding import meaning
from pioneer_build.engine.generating.ranking import preferred, shown
from pioneer_build.engine.generating.rejects import Reject
from pioneer_build.engine.generating.texts import Sentence, fill, joined, lowered, sentences
from pioneer_build.engine.generating.values import Values
from pioneer_build.engine.lists import lines
from pioneer_build.engine.vectors import own_vectors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pioneer_build.engine.generating.draw import Draw

#: Each task by words that ask for it, and by what it is.
_TASKS: dict[str, tuple[str, str]] = {
    "extract": (
        r"\bextract|\bpull out|\bas json\b|\bjson\b|\bfields?\b|\bentities\b|\bstructured",
        "extract names, numbers and dates from a text as JSON",
    ),
    "rewrite": (
        r"\brewrite|\brephrase|\bparaphrase|\bmore formal|\bformal (?:tone|style|version)|\bpolite version",
        "rewrite a message in a formal tone",
    ),
    "summarize": (
        r"\bsummar|\btl;?dr|\bkey points?|\bin short\b|\bcondense|\bgist\b",
        "summarize a message in one sentence",
    ),
    "title": (r"\btitle|\bsubject line|\bheadline", "write a subject line for an email"),
    "classify": (
        r"\bclassif|\bcategor|\bwhich (?:team|department)|\broute\b|\brouting\b|\btriage|\bintent",
        "name the category of a message",
    ),
    "qa": (
        r"\bquestion[- ]answer|\bq ?& ?a\b|\bqa\b|\bpassage|\bcontext\b|\breading comp|\bfact|\btrivia",
        "answer a question about a passage",
    ),
    "reply": (
        r"\brepl(?:y|ies)|\bresponse|\brespond|\banswers?\b|\bsupport\b|\bagent\b|\bassistant\b|\bcustomer|\bchat|\bconversation|\bdialog|\bhelp",
        "a helpful reply to a customer's message",
    ),
}
_ADDRESSED = re.compile(r"^\s*(?:you are|you're|act as|you will act|as an? )\b", re.IGNORECASE)
_SHORT = re.compile(r"\bshort|\bbrief|\bconcise|\bone[- ]sentence|\bone[- ]line|\bone or two sentences", re.IGNORECASE)
_LONG = re.compile(r"\bdetailed|\bthorough|\blong\b|\bstep[- ]by[- ]step|\bin depth", re.IGNORECASE)
_POLITE = re.compile(r"\bpolite|\bformal|\bcourteous|\bprofessional", re.IGNORECASE)
_FRIENDLY = re.compile(r"\bfriendly|\bwarm|\bcasual|\binformal|\bcheerful", re.IGNORECASE)

_THANKS = (
    "Thank you for your message.",
    "Thanks for getting in touch.",
    "Thank you for reaching out.",
    "Thanks for letting us know.",
)
_CLOSINGS = {
    "polite": (
        "Kind regards, your support team",
        "Please let us know if we can assist you further.",
        "We remain at your disposal for any further questions.",
    ),
    "friendly": ("Have a lovely day!", "Just write back if there's anything else.", "Cheers, the team"),
    "plain": (
        "Is there anything else I can help you with?",
        "Just reply to this message if you need anything else.",
        "Let me know how it goes.",
    ),
}
_ASK: dict[str, tuple[str, ...]] = {
    "extract": (
        "Extract the details as JSON:\n{}",
        "Which details does this message contain? Answer in JSON.\n\n{}",
        "Message: {}\nFields as JSON:",
    ),
    "rewrite": (
        "Rewrite this in a formal tone:\n{}",
        "Make this more formal: {}",
        "Please rephrase politely:\n\n{}",
    ),
    "summarize": (
        "Summarize in one sentence:\n{}",
        "TL;DR of this message?\n\n{}",
        "What does the writer want? One sentence, please.\n{}",
    ),
    "title": (
        "Write a subject line for this email:\n{}",
        "Subject for: {}",
        "Give this message a short title.\n\n{}",
    ),
    "classify": ("Which category does this message belong to?\n{}", "Message: {}\nCategory:", "Classify: {}"),
    "reply": ("{}",),
}
#: Values that are details of a message, under the names that extraction gives them.
_DETAILS = {
    "order": "order_number",
    "money": "amount",
    "item": "product",
    "first": "name",
    "person": "name",
    "percent": "percentage",
} | {kind: kind for kind in ("date", "weekday", "month", "time", "city", "country", "phone", "email", "company")}
#: What people write, and what one writes in a formal letter.
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
#: The nearest replies to a message are used in turn.
_BEST_REPLIES = 2


_OPENINGS = ("Hi,", "Hello,", "Hi there,", "Good morning,", "Hello there.", "Hi!")
_ENDINGS = (
    "My order number is {order}.",
    "Thanks, {first}",
    "Can you help?",
    "Please let me know.",
    "Regards, {person}",
    "Best, {first}",
    "What can I do?",
)


@dataclass(frozen=True, slots=True)
class _Message:
    """A message somebody wrote: `core` is what it says, `text` all of it, `signed` the writer's name."""

    sentence: Sentence
    values: tuple[tuple[str, str], ...]
    core: str
    text: str
    signed: str

    @property
    def details(self) -> dict[str, str]:
        """The message's values by kind; of several the last."""
        return dict(self.values)


class MessageRows:
    """Makes rows for a prompt and a domain."""

    def __init__(self, prompt: str, domain: str) -> None:
        self._system = prompt if _ADDRESSED.match(prompt) else ""
        self._prompt = prompt
        self._tasks = _tasks_of(prompt)
        self._sources = _sources(domain or prompt)
        self._preferred = preferred(domain or prompt)

    def candidate(self, draw: Draw, ordinal: int) -> dict[str, Any]:
        """A row, which may still be refused. Where the prompt names several tasks they take turns."""
        task = self._tasks[ordinal % len(self._tasks)]
        user, assistant = _question(draw) if task == "qa" else self._about_a_message(draw, task)
        messages = [{"role": "system", "content": self._system}] if self._system else []
        messages += [{"role": "user", "content": user}, {"role": "assistant", "content": assistant}]
        return {"messages": messages}

    def _about_a_message(self, draw: Draw, task: str) -> tuple[str, str]:
        message = self._message(draw)
        answers: Mapping[str, Callable[[], str]] = {
            "extract": lambda: _extracted(message),
            "rewrite": lambda: _formal(message),
            "summarize": lambda: _summary(draw, message),
            "title": lambda: _title(message),
            "classify": lambda: message.sentence.topic,
            "reply": lambda: self._reply(draw, message),
        }
        return draw.pick(_ASK[task]).replace("{}", message.text), answers[task]()

    def _message(self, draw: Draw) -> _Message:
        values = Values(draw, self._preferred)
        sentence = draw.weighted(*self._sources)
        core = joined(fill(sentence.text, values))
        core = text = core[:1].upper() + core[1:]
        signed = ""
        if draw.chance(0.5) and sentence.topic != "greeting":
            opening = draw.pick(_OPENINGS)
            text = f"{opening} {lowered(text) if opening.endswith(',') else text}"
        if draw.chance(0.5):
            ending = draw.pick(_ENDINGS if sentence.field == "support" else _ENDINGS[1:])
            text += " " + joined(fill(ending, values))
            signed = values.seen[-1][1] if "{first}" in ending or "{person}" in ending else ""
        return _Message(sentence, tuple(values.seen), core, text, signed)

    def _reply(self, draw: Draw, message: _Message) -> str:
        given = message.details
        fitting = [
            text
            for text in _ranked_replies(message.sentence)
            if all(slot in given for slot in Sentence(text, "", "").slots)
        ]
        if not fitting:
            raise Reject("no reply that fits the message")
        reply = draw.pick(fitting[:_BEST_REPLIES])
        for kind, value in given.items():
            reply = reply.replace(f"{{{kind}}}", value)
        style = "polite" if _POLITE.search(self._prompt) else "friendly" if _FRIENDLY.search(self._prompt) else "plain"
        if _SHORT.search(self._prompt):
            return reply
        name = message.signed.split()[0] if message.signed else ""
        parts = [reply]
        if draw.chance(0.5) or _LONG.search(self._prompt):
            parts.insert(0, draw.pick(_THANKS))
        if name:
            parts[0] = f"{'Dear' if style == 'polite' else 'Hi'} {name},\n{parts[0]}"
        if (draw.chance(0.5) or _LONG.search(self._prompt)) and not reply.endswith("?"):
            parts.append(draw.pick(_CLOSINGS[style]))
        return " ".join(parts)


def _tasks_of(prompt: str) -> tuple[str, ...]:
    """The tasks that a prompt asks for: by its words, else the nearest by meaning."""
    if not prompt:
        return ("reply", "qa", "summarize", "extract")
    named = tuple(task for task, (words, _) in _TASKS.items() if re.search(words, prompt, re.IGNORECASE))
    if named:
        # "answer customers" is part of many a prompt for one of the others
        return tuple(task for task in named if task != "reply") or named
    tasks = tuple(_TASKS)
    vectors = meaning().embed([prompt, *(_TASKS[task][1] for task in tasks)])
    near = (vectors[1:] @ vectors[0]).round(2)
    return (tasks[int(near.argmax())],)


@lru_cache(maxsize=1)
def _replies() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for sentence in sentences("replies.txt"):
        found.setdefault(sentence.topic, []).append(sentence.text)
    return {topic: tuple(texts) for topic, texts in found.items()}


@lru_cache(maxsize=1024)
def _ranked_replies(sentence: Sentence) -> tuple[str, ...]:
    """The replies to the topic of `sentence`, the nearest to it in meaning first."""
    replies = _replies()[sentence.topic]
    near = (own_vectors(replies) @ own_vectors([shown()[sentence]])[0]).round(2)
    return tuple(replies[i] for i in sorted(range(len(replies)), key=lambda i: (-float(near[i]), replies[i])))


@cache
def _doings() -> Mapping[str, str]:
    """What somebody does who writes about each topic."""
    parted = (line.partition(" = ") for line in lines("topics.txt"))
    return {topic: doing for topic, _, doing in parted}


@lru_cache(maxsize=32)
def _sources(about: str) -> tuple[tuple[Sentence, ...], tuple[float, ...]]:
    """The messages that the engine can answer, the nearer to what it is about the more often."""
    answered = _replies()
    bank = tuple(s for s in sentences("clauses.txt") if s.topic in answered)
    if not about:
        return bank, (1.0,) * len(bank)
    topics = sorted(answered)
    fields = {s.topic: s.field for s in bank}
    shown = [f"{topic}: {next(s.text for s in bank if s.topic == topic)}" for topic in topics]
    vectors = meaning().embed([about, *shown])
    near = {topic: round(float(n), 2) for topic, n in zip(topics, vectors[1:] @ vectors[0], strict=True)}
    # the kind of message counts too: a prompt about customers wants none of the chats
    best_field = max(sorted(set(fields.values())), key=lambda field: max(near[t] for t in topics if fields[t] == field))
    best = max(near.values())
    kept = [s for s in bank if s.field == best_field or near[s.topic] >= best - 0.1]
    return tuple(kept), tuple(2.0 ** (8 * (near[s.topic] - best)) for s in kept)


def _extracted(message: _Message) -> str:
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


def _formal(message: _Message) -> str:
    text = message.core
    for short, long in _CONTRACTIONS:
        text = text.replace(short, long)
    text = text.strip().rstrip("!")
    if not text.endswith((".", "?")):
        text += "."
    signature = f", {message.signed}" if message.signed else ""
    return f"Dear Sir or Madam, {lowered(text)} Yours sincerely{signature}"


def _named(message: _Message) -> str:
    """The details that a summary or a title repeats, in brackets."""
    named = [message.details[kind] for kind in _NAMED if kind in message.details]
    return f" ({', '.join(named)})" if named else ""


def _summary(draw: Draw, message: _Message) -> str:
    sentence = message.sentence
    writer = "A customer" if sentence.field == "support" else "The writer"
    named = _named(message)
    doing = _doings()[sentence.topic]
    wish = (
        draw.pick((" and asks for help", "", "")) if doing.startswith(("reports", "has trouble")) and not named else ""
    )
    return f"{writer} {doing}{named}{wish}."


def _title(message: _Message) -> str:
    about = message.sentence.topic + _named(message)
    return about[:1].upper() + about[1:]


def _question(draw: Draw) -> tuple[str, str]:
    """A passage, a question about it and the answer, out of the same values."""
    passage, question, answer = draw.pick(_facts())
    values = Values(draw)
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

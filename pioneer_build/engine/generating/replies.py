"""Replies to messages: the engine's own, by topic, the nearest ones in meaning first."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pioneer_build.engine.generating.ranking import example_texts
from pioneer_build.engine.generating.rejects import Reject
from pioneer_build.engine.generating.sentences import Sentence, sentences
from pioneer_build.engine.vectors import own_vectors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pioneer_build.draws import Draw
    from pioneer_build.engine.generating.message_topics import Message
    from pioneer_build.engine.generating.prompt_tasks import Manner

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
#: This many of the nearest replies to a message are used in turn.
_BEST_REPLIES = 2


def reply_to(draw: Draw, message: Message, manner: Manner) -> str:
    """A reply to `message`, which has all values that the reply mentions.

    Args:
        draw: chooses among the replies.
        message: to answer.
        manner: length and tone.

    Raises:
        Reject: every reply to its topic mentions a value that the message doesn't have.
    """
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
    if manner.short:
        return reply
    name = message.signed.split()[0] if message.signed else ""
    parts = [reply]
    if draw.chance(0.5) or manner.long:
        parts.insert(0, draw.pick(_THANKS))
    if name:
        parts[0] = f"{'Dear' if manner.tone == 'polite' else 'Hi'} {name},\n{parts[0]}"
    if (draw.chance(0.5) or manner.long) and not reply.endswith("?"):
        parts.append(draw.pick(_CLOSINGS[manner.tone]))
    return " ".join(parts)


@lru_cache(maxsize=1)
def replies_by_topic() -> Mapping[str, tuple[str, ...]]:
    """The replies for each topic that has some."""
    found: dict[str, list[str]] = {}
    for sentence in sentences("replies.txt"):
        found.setdefault(sentence.topic, []).append(sentence.text)
    return {topic: tuple(texts) for topic, texts in found.items()}


@lru_cache(maxsize=1024)
def _ranked_replies(sentence: Sentence) -> tuple[str, ...]:
    """The replies for the topic of `sentence`, the nearest ones in meaning first."""
    replies = replies_by_topic()[sentence.topic]
    near = (own_vectors(replies) @ own_vectors([example_texts()[sentence]])[0]).round(2)
    return tuple(replies[i] for i in sorted(range(len(replies)), key=lambda i: (-float(near[i]), replies[i])))

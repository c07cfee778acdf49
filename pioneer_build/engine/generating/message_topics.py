"""Messages that people might write: the topics of decoder rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pioneer_build.engine.generating.filling import fill, joined, lowered

if TYPE_CHECKING:
    from pioneer_build.draws import Draw
    from pioneer_build.engine.generating.made_up_values import MadeUpValues
    from pioneer_build.engine.generating.sentences import Sentence

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
class Message:
    """A message: `core` is its content, `text` all of it, `signed` the name of the writer."""

    sentence: Sentence
    values: tuple[tuple[str, str], ...]
    core: str
    text: str
    signed: str

    @property
    def details(self) -> dict[str, str]:
        """The values of the message by kind; if there are several of a kind, the last one."""
        return dict(self.values)


def write_message(draw: Draw, sentence: Sentence, values: MadeUpValues) -> Message:
    """A message with the content `sentence`, and with typical text before and after.

    Args:
        draw: decides the opening and the ending.
        sentence: its core.
        values: only for this message; afterwards it has all of its values.
    """
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
    return Message(sentence, tuple(values.seen), core, text, signed)

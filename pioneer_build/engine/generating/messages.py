"""Messages that somebody might write: what decoder rows are about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pioneer_build.engine.generating.filling import fill, joined, lowered

if TYPE_CHECKING:
    from pioneer_build.engine.generating.draw import Draw
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


def write_message(draw: Draw, sentence: Sentence, values: MadeUpValues) -> Message:
    """A message that says `sentence`, with what people put before and after.

    Args:
        draw: what decides the opening and the ending.
        sentence: its core.
        values: those of this message alone; it has them all when this is done.
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

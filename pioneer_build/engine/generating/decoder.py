"""Rows for decoders: a prompt, and a completion that follows from it.

The spec's `prompt` decides the kind of task in the rows; see `prompt_tasks` for the possible ones.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pioneer_build.engine.embedding import embedder
from pioneer_build.engine.generating import completions
from pioneer_build.engine.generating.made_up_values import MadeUpValues
from pioneer_build.engine.generating.message_topics import write_message
from pioneer_build.engine.generating.prompt_tasks import INSTRUCTIONS, is_system_message, manner_of, tasks_of
from pioneer_build.engine.generating.ranking import preferred
from pioneer_build.engine.generating.replies import replies_by_topic, reply_to
from pioneer_build.engine.generating.sentences import Sentence, sentences

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pioneer_build.draws import Draw
    from pioneer_build.engine.generating.prompt_tasks import Task


class MessageRows:
    """Generates rows for a prompt and a domain; each may be empty."""

    def __init__(self, prompt: str, domain: str) -> None:
        self._system = prompt if is_system_message(prompt) else ""
        self._manner = manner_of(prompt)
        self._tasks = tasks_of(prompt)
        self._sources = _sources(domain or prompt)
        self._preferred = preferred(domain or prompt)

    def candidate(self, draw: Draw, ordinal: int) -> dict[str, Any]:
        """A row, which may still be refused. If the prompt names several tasks, they take turns."""
        task = self._tasks[ordinal % len(self._tasks)]
        user, assistant = completions.question(draw) if task == "qa" else self._about_a_message(draw, task)
        messages = [{"role": "system", "content": self._system}] if self._system else []
        messages += [{"role": "user", "content": user}, {"role": "assistant", "content": assistant}]
        return {"messages": messages}

    def _about_a_message(self, draw: Draw, task: Task) -> tuple[str, str]:
        values = MadeUpValues(draw, self._preferred)
        message = write_message(draw, draw.weighted(*self._sources), values)
        answers: Mapping[Task, Callable[[], str]] = {
            "extract": lambda: completions.extracted(message),
            "rewrite": lambda: completions.formal(message),
            "summarize": lambda: completions.summary(draw, message),
            "title": lambda: completions.title(message),
            "classify": lambda: message.sentence.topic,
            "reply": lambda: reply_to(draw, message, self._manner),
        }
        return draw.pick(INSTRUCTIONS[task]).replace("{}", message.text), answers[task]()


@lru_cache(maxsize=32)
def _sources(about: str) -> tuple[tuple[Sentence, ...], tuple[float, ...]]:
    """The messages that the engine can answer; those nearer to the topic are used more often."""
    answered = replies_by_topic()
    answerable = tuple(s for s in sentences("clauses.txt") if s.topic in answered)
    if not about:
        return answerable, (1.0,) * len(answerable)
    topics = sorted(answered)
    fields = {s.topic: s.field for s in answerable}
    described = [f"{topic}: {next(s.text for s in answerable if s.topic == topic)}" for topic in topics]
    vectors = embedder().embed([about, *described])
    near = {topic: round(float(n), 2) for topic, n in zip(topics, vectors[1:] @ vectors[0], strict=True)}
    # the kind of message counts too: a prompt about customers needs no chats
    best_field = max(sorted(set(fields.values())), key=lambda field: max(near[t] for t in topics if fields[t] == field))
    best = max(near.values())
    kept = [s for s in answerable if s.field == best_field or near[s.topic] >= best - 0.1]
    return tuple(kept), tuple(2.0 ** (8 * (near[s.topic] - best)) for s in kept)

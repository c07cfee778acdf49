"""What a server understands of the chat-completions API: found out with the first calls, and remembered.

All calls are written in the richest dialect until one is refused for it. Those that were refused are asked again: one
of them finds out which dialect is understood, and the others wait for it.

Structured output is asked for by a JSON Schema; if the server refuses that, by the word `json_object`; if it refuses
that, in the prompt alone, which describes the JSON in any case. Probabilities, seeds, temperatures and the name of the
bound on tokens differ, too.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from pioneer_build.model.values import Prompt

Form: TypeAlias = Literal["json_schema", "json_object", "text"]

_NEXT: dict[Form, Form] = {"json_schema": "json_object", "json_object": "text"}
_TEMPERATURE = 1.0
#: What an error says of a parameter that isn't understood, in the order in which they are given up without a hint.
_ABOUT_PROBABILITIES = re.compile(r"log_?prob", re.IGNORECASE)
_ABOUT_FORM = re.compile(r"response_format|json_?schema|json_object|structured|schema|grammar|guided", re.IGNORECASE)
_ABOUT_BOUND = re.compile(r"max_tokens|max_completion_tokens", re.IGNORECASE)
_ABOUT_SAMPLING = re.compile(r"temperature|seed|unsupported_(?:value|parameter)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How calls are written for one server."""

    form: Form = "json_schema"
    probabilities: bool = True
    sampling: bool = True
    bound: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"

    def body(self, name: str, prompt: Prompt, tokens: int) -> dict[str, Any]:
        """The JSON of a call.

        Args:
            name: of the model.
            prompt: what is asked.
            tokens: how many the answer may have.
        """
        messages = [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}]
        body: dict[str, Any] = {"model": name, "messages": messages, self.bound: tokens}
        if self.form == "json_schema":
            schema = {"name": "answer", "strict": True, "schema": prompt.schema}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        elif self.form == "json_object":
            body["response_format"] = {"type": "json_object"}
        if self.sampling:
            body["temperature"] = _TEMPERATURE if prompt.creative else 0.0
            if prompt.seed is not None:
                body["seed"] = prompt.seed
        if prompt.probabilities and self.probabilities:
            body["logprobs"] = True
        return body

    def without(self, complaint: str) -> Dialect | None:
        """A simpler dialect, after a call in this one was refused; `None` if there is none left to try.

        Args:
            complaint: what the server said.
        """
        if self.probabilities and _ABOUT_PROBABILITIES.search(complaint):
            return replace(self, probabilities=False)
        if self.bound == "max_tokens" and _ABOUT_BOUND.search(complaint):
            return replace(self, bound="max_completion_tokens")
        if self.sampling and _ABOUT_SAMPLING.search(complaint) and not _ABOUT_FORM.search(complaint):
            return replace(self, sampling=False)
        if self.form != "text":
            return replace(self, form=_NEXT[self.form])
        if self.probabilities:
            return replace(self, probabilities=False)
        return replace(self, sampling=False) if self.sampling else None


class KnownDialect:
    """The dialect that a model's calls are written in. Belongs to one event loop.

    `current` is the one for the next call; `proven` says whether a call in it was answered.
    """

    def __init__(self) -> None:
        self.current = Dialect()
        self.proven = False
        self._simplified = False
        self._turn = asyncio.Lock()

    def answered(self, dialect: Dialect) -> None:
        """A call in this dialect was answered.

        If that is the richest one, whatever made other calls refused was not the dialect; unless it was given up later,
        because one of several servers doesn't understand it.
        """
        if not self.proven or (dialect == Dialect() and not self._simplified):
            self.current, self.proven = dialect, True

    def attempt(self) -> DialectAttempt:
        """How one call is written, until it is answered. Use `with`."""
        return DialectAttempt(self)

    def simpler(self, dialect: Dialect, complaint: str) -> Dialect | None:
        """The dialect after a call was refused in one that others were answered in; `None` if it is about that call.

        Args:
            dialect: of the call.
            complaint: what the server said.
        """
        if self.current != dialect:
            return self.current  # another call has found it out
        simpler = dialect.without(complaint)
        if simpler is None or (simpler.form != dialect.form and "format" not in complaint):
            return None
        self.current, self._simplified = simpler, True
        return simpler

    async def take_turn(self) -> None:
        """Waits until no other call finds out what the server understands."""
        await self._turn.acquire()

    def end_turn(self) -> None:
        """Lets another call find it out."""
        self._turn.release()


class DialectAttempt:
    """The dialects that one call is written in, one after another."""

    def __init__(self, known: KnownDialect) -> None:
        self._known = known
        self._own: Dialect | None = None

    @property
    def dialect(self) -> Dialect:
        """How to write the call now."""
        return self._own or self._known.current

    async def refused(self, dialect: Dialect, complaint: str) -> bool:
        """After a refusal of how the call may be written; whether it is worth writing it in another way.

        Args:
            dialect: as it was written.
            complaint: what the server said.
        """
        known = self._known
        if self._own is None and not known.proven:
            await known.take_turn()
            if known.proven or known.current != dialect:
                known.end_turn()
                return known.current != dialect or known.simpler(dialect, complaint) is not None
            self._own = dialect
        if self._own is None:
            return known.simpler(dialect, complaint) is not None
        if known.proven and known.current != self._own:
            self._end()
            return known.current != dialect
        self._own = self._own.without(complaint)
        if self._own is None:  # it was this call, not how it was written
            known.end_turn()
        return self._own is not None

    def _end(self) -> None:
        if self._own is not None:
            self._own = None
            self._known.end_turn()

    def __enter__(self) -> DialectAttempt:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

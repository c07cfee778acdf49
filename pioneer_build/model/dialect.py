"""What a server understands of the chat-completions API: found out with the first calls, and remembered.

Structured output is asked for by a JSON Schema; if the server refuses that, by the word `json_object`; if it refuses
that, in the prompt alone, which describes the JSON in any case. Probabilities, seeds, temperatures and the name of the
bound on tokens differ, too.
"""

from __future__ import annotations

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

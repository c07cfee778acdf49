"""What is asked of a model, and what it answered."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from pioneer_build.spec.request_limits import CALLS_AT_A_TIME, LONGEST_WAIT
from pioneer_build.web.redaction import ApiKey

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pioneer_build.answers.keeping import KeptAnswer
    from pioneer_build.spec.base_url import BaseUrl
    from pioneer_build.spec.model import EntityExample, TaskType


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A model, and where it is served.

    `key` is sent as a bearer token, to these addresses alone. It is from the environment variable `key_variable`; if
    there is none, `setting` is where the name of one could be set.
    """

    urls: tuple[BaseUrl, ...]
    name: str
    key: str | None = field(default=None, repr=False)
    key_variable: str | None = None
    setting: str = "model"

    @property
    def key_advice(self) -> str:
        """What to do if a server doesn't accept the key, or wants one."""
        if self.key_variable is not None:
            return f"check the key in {self.key_variable}"
        return f"no key was sent: set `api_key_env` of `{self.setting}` in pioneer.yaml to the variable that has one"

    def api_key(self) -> ApiKey | None:
        """The key, to be sent; `None` if there is none.

        Raises:
            NoAccess: it can't be sent.
        """
        return ApiKey(self.key, self.key_variable or "the variable") if self.key is not None else None


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is asked of one endpoint, and how long it is waited for.

    `in_flight` bounds the calls at a time; `requests` and `tokens` are limits per minute. `seconds` is how long a
    single answer may take, `patience` how long a call waits for a server that is busy or gone.
    """

    in_flight: int = CALLS_AT_A_TIME
    requests: int | None = None
    tokens: int | None = None
    seconds: float = 600.0
    patience: float = LONGEST_WAIT


@dataclass(frozen=True, slots=True)
class Prompt:
    """One call: what the model is told and asked, and the JSON that it should answer with.

    `schema` is the JSON Schema of the answer. `tokens` is how many it may have at first; if it is cut off, it is asked
    for again with more. `creative` calls have a temperature, and `seed` makes them repeatable where a server can.
    """

    system: str
    user: str
    schema: Mapping[str, Any]
    tokens: int
    creative: bool = False
    seed: int | None = None
    probabilities: bool = False

    @property
    def size(self) -> int:
        """About how many tokens are read and written: four characters are one."""
        return (len(self.system) + len(self.user)) // 4 + self.tokens // 4


class Token(NamedTuple):
    """A token that the model wrote, and how likely it was: from 0 to 1."""

    text: str
    probability: float


def is_share(value: Any) -> bool:
    """Whether a JSON value is a number from 0 to 1."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model answered. `finish` is its own word for how it ended; `refusal` is what it says instead.

    `read` and `written` are in tokens, as the server counts them, or else about; `counted` says which, of `written`.
    """

    text: str
    finish: str = "stop"
    refusal: str = ""
    read: int = 0
    written: int = 0
    tokens: tuple[Token, ...] = ()
    counted: bool = field(default=False, compare=False)

    def context_full(self, tokens: int) -> bool:
        """Whether it was cut off with far fewer than the `tokens` that it might have: more would not make it longer.

        Without a text, it was cut off in its reasoning, which not every server counts.
        """
        return self.counted and self.finish == "length" and bool(self.text.strip()) and 10 * self.written < 9 * tokens

    def kept_text(self) -> str:
        """The answer as text that `from_kept` reads."""
        value = [self.text, self.finish, self.refusal, [[one.text, one.probability] for one in self.tokens]]
        return json.dumps(value, ensure_ascii=False)

    @classmethod
    def from_kept(cls, kept: KeptAnswer) -> Answer | None:
        """The answer that `kept_text` wrote; `None` if it wrote none: others may write the store, too."""
        try:
            text, finish, refusal, pairs = json.loads(kept.text)
            tokens = tuple([Token(*pair) for pair in pairs])
        except (ValueError, TypeError, RecursionError):
            return None
        if not all(isinstance(one, str) for one in (text, finish, refusal, *[token.text for token in tokens])):
            return None
        if not all(is_share(token.probability) for token in tokens):
            return None
        return cls(text, finish, refusal, kept.usage.input, kept.usage.output, tokens)


@dataclass(frozen=True, slots=True)
class WantedContent:
    """What rows or labels are wanted: the part of a request that decides its content.

    `labels` are in code-point order, so that another order asks for the same. `examples` are pairs of text and label.
    """

    task_type: TaskType
    labels: tuple[str, ...] = ()
    descriptions: Mapping[str, str] = field(default_factory=dict)
    domain: str = ""
    prompt: str = ""
    examples: tuple[tuple[str, str], ...] = ()
    entity_examples: tuple[EntityExample, ...] = ()

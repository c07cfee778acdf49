"""What `pioneer.yaml` may set, as values: None where it says nothing. `parse.settings` reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pioneer_build.spec.model import Checks

#: How a lock is stored, if not as one file.
LockLayout: TypeAlias = Literal["split"]


@dataclass(frozen=True, slots=True)
class SpendingLimits:
    """What one `apply` may spend at most: paid requests, and examples asked for."""

    max_requests: int | None = None
    max_examples: int | None = None


@dataclass(frozen=True, slots=True)
class Prices:
    """What a million tokens cost, read and written, in the currency of the settings."""

    input: float
    output: float


@dataclass(frozen=True, slots=True)
class JudgeSettings:
    """Another model that labels generated rows without seeing their label.

    Without `base_url` it is where the model is, and then it gets the model's key as well.
    """

    name: str
    base_url: tuple[str, ...] = ()
    api_key_env: str | None = None


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """A language model's endpoint: `base_url` are one or more base URLs, `name` is what the server calls the model.

    `api_key_env` is the name of a variable, never a key. `max_in_flight` bounds the requests at a time, `votes` is how
    often a text is classified if the server gives no probabilities.
    """

    base_url: tuple[str, ...]
    name: str
    api_key_env: str | None = None
    max_in_flight: int | None = None
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    prices: Prices | None = None
    currency: str | None = None
    votes: int | None = None
    judge: JudgeSettings | None = None

    @property
    def judge_key_variable(self) -> str | None:
        """The variable with the judge's key: a key goes to the server that it is for, and to no other."""
        judge = self.judge or JudgeSettings(self.name)
        return judge.api_key_env or (None if judge.base_url else self.api_key_env)


@dataclass(frozen=True, slots=True)
class Settings:
    """The project's own settings; flags and the environment go before them, defaults behind.

    `backend` is `local`, `model`, `pioneer` or a base URL; `specs` and `store` are paths as written, and `store` may
    begin with `~/`; `requests_per_minute` and `max_open_jobs` are at least 1; `checks` are the bounds for every spec
    that sets none of its own; `lock` is how a new lock is stored; `model` is that of the backend `model`.
    """

    backend: str | None = None
    specs: str | None = None
    base_url: str | None = None
    requests_per_minute: int | None = None
    max_open_jobs: int | None = None
    store: str | None = None
    seed: int | None = None
    checks: Checks | None = None
    limits: SpendingLimits | None = None
    lock: LockLayout | None = None
    model: ModelSettings | None = None


def model_settings(value: Mapping[str, Any]) -> ModelSettings:
    """The settings of a model, from plain data without mistakes: the YAML of `pioneer.yaml`, or the cache's JSON."""
    value = dict(value)
    judge, prices = value.get("judge"), value.get("prices")
    if prices is not None:
        value["prices"] = Prices(float(prices["input"]), float(prices["output"]))
    if judge is not None:
        value["judge"] = JudgeSettings(**{**judge, "base_url": _urls(judge.get("base_url"))})
    return ModelSettings(**{**value, "base_url": _urls(value["base_url"])})


def _urls(value: str | Sequence[str] | None) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())

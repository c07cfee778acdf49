"""What `pioneer.yaml` may set, as values: None where it says nothing. `parse.settings` reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from pioneer_build.spec.model import Checks

#: How a lock is stored, if not as one file.
LockLayout: TypeAlias = Literal["split"]


@dataclass(frozen=True, slots=True)
class SpendingLimits:
    """What one `apply` may spend at most: paid requests, and examples asked for."""

    max_requests: int | None = None
    max_examples: int | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """The project's own settings; flags and the environment go before them, defaults behind.

    `backend` is `local`, `pioneer` or a base URL; `specs` and `store` are paths as written, and `store` may begin with
    `~/`; `requests_per_minute` and `max_open_jobs` are at least 1; `checks` are the bounds for every spec that sets
    none of its own; `lock` is how a new lock is stored.
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

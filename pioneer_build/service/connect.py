"""Opens a service: over the network, or as an application in this process (the local engine)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from pioneer_build.keys import KEY_VARIABLES
from pioneer_build.service.client import LABEL_SECONDS, ClientOptions, HttpService
from pioneer_build.service.notes import ignore
from pioneer_build.service.rate_limiter import Pacer
from pioneer_build.web.redaction import ApiKey

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from pioneer_build.service.notes import OnNote


def connect(
    base_url: str,
    api_key: str | None,
    *,
    requests_per_minute: int | None,
    state_folder: Path,
    key_variable: str = KEY_VARIABLES[0],
    on_note: OnNote = ignore,
) -> HttpService:
    """The service at a base URL, sharing its rate limit with the other processes on this machine.

    Args:
        base_url: may have a path.
        api_key: `None` sends none.
        requests_per_minute: rate limit of the generate endpoints; `None` for no limit.
        state_folder: for the file with the recent requests; created if it doesn't exist, with mode 0700.
        key_variable: the environment variable that the key is from, for messages.
        on_note: called with waits and other remarks.

    Raises:
        ServiceError: the base URL or the key is invalid.
    """
    if api_key is not None:
        ApiKey(api_key, key_variable)  # one that can't be sent is said to be one, before anything is made with it
    pacer = Pacer.shared(state_folder, base_url, api_key, requests_per_minute, on_note=on_note)
    return HttpService(base_url, api_key, pacer, ClientOptions(key_variable=key_variable, on_note=on_note))


def connect_in_process(
    app: Callable[..., Awaitable[Any]], *, on_note: OnNote = ignore, label_seconds: float | None = None
) -> HttpService:
    """An ASGI application as a service, without a socket or a rate limit. It gets no lifespan events.

    Args:
        app: the application.
        on_note: called with waits and other remarks.
        label_seconds: how long the response to a label request may take; by default as that of a service.
    """
    transport = httpx.ASGITransport(app=app)
    options = ClientOptions(transport, on_note=on_note, label_seconds=label_seconds or LABEL_SECONDS)
    return HttpService("http://in-process", "in-process", Pacer(None), options)

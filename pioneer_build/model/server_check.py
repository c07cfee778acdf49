"""Asks one server of a model what `doctor` says: which models it has, and what it understands of a structured call."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import httpx

from pioneer_build.model.chat import Chat
from pioneer_build.model.label_answers import items_in
from pioneer_build.model.label_prompts import label_prompt
from pioneer_build.model.read_answer import UnusableAnswer, json_in
from pioneer_build.model.troubles import CallFailed, NoUse
from pioneer_build.model.values import Limits, WantedContent
from pioneer_build.web.connections import Connections, Tls
from pioneer_build.web.decompress import decompressed
from pioneer_build.web.redaction import Quiet, Words

if TYPE_CHECKING:
    from pioneer_build.model.dialect import Form
    from pioneer_build.model.values import Endpoint
    from pioneer_build.spec.base_url import BaseUrl

_LIST_SECONDS, _LONGEST_LIST = 15.0, 4 << 20
#: A model may have to be loaded first; a server that isn't there is not waited for.
_CALL = Limits(in_flight=1, seconds=120.0, patience=5.0)
_WANTED, _TEXTS = WantedContent("classification", ("no", "yes")), ["Yes, please.", "No, thank you."]


@dataclass(frozen=True, slots=True)
class ModelProbe:
    """What a server answered.

    `names` are its models, `None` if it doesn't list them. `trouble` is why the structured call has no answer; else
    `form` is how it asks for JSON, `probabilities` whether labels have some, `fits` whether the answer was as asked.
    `refused` is the status with which it refuses any call.
    """

    names: tuple[str, ...] | None = None
    trouble: str | None = None
    form: Form = "text"
    probabilities: bool = False
    fits: bool = False
    refused: int | None = None


async def probe_model(url: BaseUrl, endpoint: Endpoint) -> ModelProbe:
    """Sends `GET /models`, and one call that labels two texts.

    Args:
        url: of the server.
        endpoint: the model, and its key.

    Raises:
        NoAccess: the key can't be sent.
    """
    words = Words(endpoint.api_key())
    quiet = Quiet(words)
    quiet.install()
    try:
        names = await _names(url, endpoint.key, words)
    except httpx.RemoteProtocolError:
        names = None  # it is there, and lists nothing: the call says more
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        return ModelProbe(trouble=f"can't be reached: {words.clean(error) or type(error).__name__}")
    finally:
        quiet.remove()
    chat = Chat(replace(endpoint, urls=(url,)), _CALL)
    try:
        answer = await chat.ask(label_prompt(_WANTED, _TEXTS))
        found = items_in(json_in(answer), answer, _WANTED, _TEXTS)
    except CallFailed as error:
        refused = error.status if isinstance(error, NoUse) else None
        return ModelProbe(names, words.clean(error.message), refused=refused)
    except UnusableAnswer:
        found = {}
    finally:
        await chat.aclose()
    return ModelProbe(names, None, chat.known_dialect.current.form, bool(answer.tokens), len(found) == len(_TEXTS))


async def _names(url: BaseUrl, key: str | None, words: Words) -> tuple[str, ...] | None:
    """The models that a server lists; `None` if it doesn't."""
    headers = {"Accept": "application/json", "Accept-Encoding": "gzip"} | (
        {"Authorization": f"Bearer {key}"} if key is not None else {}
    )
    connections = Connections(Tls(needed=url.encrypted), fresh=False, direct=url.loopback)
    try:
        async with (
            connections.client() as client,
            client.stream("GET", f"{url.text}/models", headers=headers, timeout=_LIST_SECONDS) as response,
        ):
            body = b""
            async for chunk in decompressed(response):
                body += chunk
                if len(body) > _LONGEST_LIST:
                    return None
    finally:
        await connections.aclose()
    try:
        value: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    listed = value.get("data") if response.is_success and isinstance(value, dict) else None
    if not isinstance(listed, list):
        return None
    return tuple(
        words.clean(one["id"], 200) for one in listed if isinstance(one, dict) and isinstance(one.get("id"), str)
    )

"""Checks a service with free requests: which of its endpoints respond, whether it accepts the key, what time it has."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from pioneer_build.errors import NotThere, ServiceError
from pioneer_build.service.datasets import Datasets
from pioneer_build.service.error_map import Asked
from pioneer_build.service.notes import ignore
from pioneer_build.service.retry import Patience
from pioneer_build.service.transport import Calls, HttpRequest, address_of
from pioneer_build.web.redaction import ApiKey, Words

if TYPE_CHECKING:
    import httpx

#: A job and a dataset that don't exist: requests for them cost nothing and change nothing.
_NOBODY: Final = "pioneer-build-doctor"
_SECONDS: Final = 15.0


@dataclass(frozen=True, slots=True)
class Probed:
    """The results of the check.

    `jobs` is the error of the jobs endpoint, `None` if it responds as expected; `sure` is false if any other address
    would have sent the same response, so that this may be another kind of server. `datasets` says whether the service
    lists versions; `None` if that wasn't checked, or an error. `ahead` is how many seconds the service's clock is ahead
    of this machine's (with a resolution of a second); `None` if it sends no date.
    """

    jobs: ServiceError | None
    sure: bool
    datasets: bool | ServiceError | None
    ahead: float | None


async def probe(
    base_url: str, api_key: str, key_variable: str, *, transport: httpx.AsyncBaseTransport | None = None
) -> Probed:
    """Sends a few GET requests: one to the generate endpoints, the others to the dataset endpoints.

    Args:
        base_url: of the service; may have a path.
        api_key: sent as `X-API-Key`.
        key_variable: the environment variable that the key is from, for messages.
        transport: used instead of the network.

    Raises:
        ServiceError: `base_url` or the key is invalid, or there is no response.
    """
    address, key = address_of(base_url), ApiKey(api_key, key_variable)
    words = Words(key)
    calls = Calls(address, key, words, transport=transport, wall=time.time)
    try:
        asked = Asked("checking /generate/jobs", address.where, named=True)
        began = time.time()
        answer = await calls.once(HttpRequest("GET", f"/generate/jobs/{_NOBODY}", asked, _SECONDS))
        ahead = _ahead(answer.headers.get("date"), (began + time.time()) / 2)
        jobs: ServiceError | None = None
        if not 200 <= answer.status < 300:
            jobs = calls.error(answer, asked)
        sure = True
        if isinstance(jobs, NotThere):
            sure = "job" in words.read(answer.body).text.lower() or await _refuses_get(calls, asked)
            jobs = None
        return Probed(jobs, sure, await _datasets(calls) if jobs is None else None, ahead)
    finally:
        await calls.aclose()


async def _refuses_get(calls: Calls, asked: Asked) -> bool:
    """Whether `/generate` exists, but only for other methods than GET."""
    with suppress(ServiceError):
        return (await calls.once(HttpRequest("GET", "/generate", asked, _SECONDS))).status == 405
    return False


async def _datasets(calls: Calls) -> bool | ServiceError:
    try:
        return await Datasets(calls, Patience(0, ignore)).versions(_NOBODY) is not None
    except ServiceError as error:
        return error


def _ahead(date: str | None, now: float) -> float | None:
    with suppress(ValueError, TypeError, OverflowError):
        if date is not None:
            # the header has whole seconds, rounded down
            return parsedate_to_datetime(date).timestamp() + 0.5 - now
    return None

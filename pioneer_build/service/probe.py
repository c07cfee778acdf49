"""Asks a service, for nothing, what it is: which of its routes answer, whether it takes the key, what time it has."""

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
from pioneer_build.service.redaction import Key, Words
from pioneer_build.service.retry import Patience
from pioneer_build.service.transport import Calls, Request, address_of

if TYPE_CHECKING:
    import httpx

#: A job and a dataset that don't exist: asking for them costs nothing and changes nothing.
_NOBODY: Final = "pioneer-build-doctor"
_SECONDS: Final = 15.0


@dataclass(frozen=True, slots=True)
class Probed:
    """What a service answered.

    `jobs` is the error that the job route ended with, `None` where it answers as it should; `sure` is false where any
    other address would have got the same answer, so that this may be no such service. `datasets` says whether
    the service lists versions; `None` where it wasn't asked, or an error. `ahead` is by how many seconds the
    service's clock is ahead of this machine's (its resolution is a second); `None` where it sends no date.
    """

    jobs: ServiceError | None
    sure: bool
    datasets: bool | ServiceError | None
    ahead: float | None


async def probe(base_url: str, api_key: str, *, transport: httpx.AsyncBaseTransport | None = None) -> Probed:
    """Sends a few GETs: one to the generate endpoints, the others to those about datasets.

    Args:
        base_url: of the service; may carry a path.
        api_key: sent as `X-API-Key`.
        transport: used instead of the network.

    Raises:
        ServiceError: `base_url` or the key can't be used, or nobody answers.
    """
    address, key = address_of(base_url), Key(api_key)
    words = Words(key)
    calls = Calls(address, key, words, transport=transport, wall=time.time)
    try:
        asked = Asked("asking for a job that doesn't exist", address.where, named=True)
        began = time.time()
        answer = await calls.once(Request("GET", f"/generate/jobs/{_NOBODY}", asked, _SECONDS))
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
    """Whether `/generate` is an address that takes something else than GET."""
    with suppress(ServiceError):
        return (await calls.once(Request("GET", "/generate", asked, _SECONDS))).status == 405
    return False


async def _datasets(calls: Calls) -> bool | ServiceError:
    try:
        return await Datasets(calls, Patience(0, ignore)).versions(_NOBODY) is not None
    except ServiceError as error:
        return error


def _ahead(date: str | None, now: float) -> float | None:
    with suppress(ValueError, TypeError, OverflowError):
        if date is not None:
            # the header counts whole seconds, cut off
            return parsedate_to_datetime(date).timestamp() + 0.5 - now
    return None

"""`HttpService`: implements the `Service` port over HTTP.

A submission or a label request is sent once: only if there was no connection, more attempts are made (`retry.py`).
Whether it is sent again after another response is for the caller to decide, who has a budget. All other requests are
repeated while the service is busy, within bounds. Waiting for the rate limit is not bounded, unless the service asked
for a long pause.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pioneer_build.errors import Busy, NoAccess, NotReached, Refused
from pioneer_build.keys import KEY_VARIABLES
from pioneer_build.keys.search import HAS_KEY, REMOVE_IT
from pioneer_build.ports import NO_GUIDANCE, Service
from pioneer_build.service.datasets import Datasets
from pioneer_build.service.error_map import Asked
from pioneer_build.service.job_response import job_report
from pioneer_build.service.label_response import labelled
from pioneer_build.service.notes import Note, ignore
from pioneer_build.service.rate_limiter import PauseAsked, TurnsOver
from pioneer_build.service.response_bounds import bounds_for
from pioneer_build.service.retry import Patience
from pioneer_build.service.submit_response import accepted_job
from pioneer_build.service.transport import Calls, HttpRequest, HttpResponse, address_of, segment
from pioneer_build.spec.request_limits import LONGEST_WAIT, TEXTS_PER_REQUEST
from pioneer_build.web.redaction import ApiKey, Words
from pioneer_build.web.retry_after import retry_after
from pioneer_build.wording import count, duration

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    import httpx

    from pioneer_build.ports import Guidance, JobReport, JobRequest, Labelled, RemoteVersion
    from pioneer_build.service.notes import OnNote
    from pioneer_build.service.rate_limiter import Pacer, TurnKind, Usage
    from pioneer_build.spec.model import TaskType

SUBMIT_SECONDS = 120.0
LABEL_SECONDS = 300.0
POLL_SECONDS = 30.0
PATIENCE_SECONDS = LONGEST_WAIT

# Scopes of a 429 that are about work in progress: fewer requests don't help, and polls must continue.
_SCOPES_OF_WORK = ("job", "concurren", "flight", "queue")


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """The behaviour of a client.

    `transport` is used instead of the network, such as `httpx.ASGITransport`. `patience` is the total time in seconds
    that one request waits for a busy service. `on_note` is called with waits and other remarks. `wall` is the clock, in
    seconds since the epoch, for `Retry-After` dates. `label_seconds` is the longest pause of a response to a label
    request: a model may take hours for a thousand texts. `key_variable` is the environment variable that the key is
    from, for messages.
    """

    transport: httpx.AsyncBaseTransport | None = None
    patience: float = PATIENCE_SECONDS
    on_note: OnNote = ignore
    wall: Callable[[], float] = time.time
    label_seconds: float = LABEL_SECONDS
    key_variable: str = KEY_VARIABLES[0]


class HttpService(Service):
    """One service with one key. Belongs to one event loop.

    Args:
        base_url: may have a path, but no user name and no query.
        api_key: sent as `X-API-Key` and never shown; `None` sends none.
        pacer: rate limiter for the generate endpoints; closed together with this service.
        options: see `ClientOptions`.

    Raises:
        ServiceError: `base_url` is invalid; `NoAccess`: `api_key` is.
    """

    def __init__(self, base_url: str, api_key: str | None, pacer: Pacer, options: ClientOptions | None = None) -> None:
        options = options or ClientOptions()
        address = address_of(base_url)
        key = ApiKey(api_key, options.key_variable) if api_key is not None else None
        self._words = Words(key)
        self._pacer = pacer
        self._patience = Patience(options.patience, options.on_note)
        self._calls = Calls(address, key, self._words, transport=options.transport, wall=options.wall)
        self._datasets = Datasets(self._calls, self._patience)
        self._wall = options.wall
        self._label_seconds = options.label_seconds
        if key is not None and options.transport is None and not (address.encrypted or address.loopback):
            text = f"the key is sent to {address.where} unencrypted: the base URL isn't https"
            options.on_note(Note("insecure", text))

    def __repr__(self) -> str:
        return f"HttpService({self._calls.address.text!r})"

    async def submit(self, request: JobRequest) -> str:
        """See `Service.submit`."""
        asked = self._asked(f"submitting {request.dataset_name}", paid=True)
        sent = HttpRequest("POST", "/generate", asked, SUBMIT_SECONDS, self._body(asked, request.body()))

        async def attempt() -> str:
            answer = await self._paced("paid", sent)
            return self._calls.judge(answer, asked, accepted_job)

        return await self._patience.run(attempt, paid=True)

    async def poll(self, job_id: str, rows: int | None = None) -> JobReport:
        """See `Service.poll`."""
        asked = self._asked(f"polling job {self._words.clean(job_id, 80)}", named=True)
        path = f"/generate/jobs/{segment(job_id)}"
        sent = HttpRequest("GET", path, asked, POLL_SECONDS, bounds=bounds_for(rows))

        async def attempt() -> JobReport:
            answer = await self._paced("poll", sent)
            return self._calls.judge(answer, asked, lambda a: job_report(a, job_id, self._words))

        return await self._patience.run(attempt, paid=False)

    async def label(
        self, task_type: TaskType, labels: Sequence[str], texts: Sequence[str], guidance: Guidance = NO_GUIDANCE
    ) -> Labelled:
        """See `Service.label`.

        Args:
            task_type: not `decoder`.
            labels: as in the spec.
            texts: 1 to `TEXTS_PER_REQUEST`.
            guidance: what else to send.

        Raises:
            Refused: they can't be labelled in one request; nothing was sent.
            ServiceError: see `Service.label`.
        """
        if task_type == "decoder" or not 1 <= len(texts) <= TEXTS_PER_REQUEST:
            raise Refused(f"{count(len(texts), 'text')} can't be labelled for {task_type} in one request")
        asked = self._asked(f"labelling {count(len(texts), 'text')}", paid=True, labels=True)
        body = self._body(asked, {"labels": list(labels), "inputs": list(texts), **guidance.body()})
        bounds = bounds_for(len(texts), more=2 * len(body))
        sent = HttpRequest("POST", f"/generate/{task_type}/label-existing", asked, self._label_seconds, body, bounds)

        async def attempt() -> Labelled:
            answer = await self._paced("paid", sent)
            return self._calls.judge(answer, asked, lambda a: labelled(a, texts, answer.headers, self._words))

        return await self._patience.run(attempt, paid=True)

    async def versions(self, dataset_name: str) -> tuple[RemoteVersion, ...] | None:
        """See `Service.versions`; `datasets.py` distinguishes a missing dataset from a missing endpoint."""
        return await self._datasets.versions(dataset_name)

    async def download(
        self, dataset_name: str, version: str, rows: int | None = None
    ) -> AsyncIterator[Mapping[str, Any]] | None:
        """See `Service.download`. Read the rows to the end, or call `aclose()`.

        Args:
            dataset_name: the dataset's name on the service.
            version: the service's name of the version.
            rows: how many rows the version may have; `None` if that is not known.
        """
        return await self._datasets.download(dataset_name, version, rows)

    async def delete(self, dataset_name: str) -> None:
        """See `Service.delete`. Raises `Refused` if the service has no such endpoint."""
        await self._datasets.delete(dataset_name)

    def stop(self) -> None:
        """Sends no more paid requests: waiting ones raise `NotReached`, because nothing was sent.

        Requests that were already sent continue, and so do polls. For an interrupt: cancelling a submission that is
        only waiting would leave it unclear whether it was sent.
        """
        self._patience.stop()
        self._pacer.stop("paid")

    def usage(self) -> Usage:
        """How much of the rate limit this machine uses now."""
        return self._pacer.usage()

    async def aclose(self) -> None:
        """Closes connections and the rate limiter."""
        self._pacer.close()
        await self._calls.aclose()

    def _asked(self, what: str, *, paid: bool = False, named: bool = False, labels: bool = False) -> Asked:
        return Asked(what, self._calls.address.where, paid=paid, named=named, labels=labels)

    def _body(self, asked: Asked, value: object) -> bytes:
        """The JSON of a request. Raises `NoAccess` if it contains the key: services record what they are sent."""
        body = json.dumps(value, separators=(",", ":")).encode("ascii")
        if self._words.in_body(body):
            raise NoAccess(f"{asked.what}: not sent, because the request {HAS_KEY}", hint=REMOVE_IT)
        return body

    async def _paced(self, kind: TurnKind, request: HttpRequest) -> HttpResponse:
        """Sends one request to a generate endpoint, within the rate limit."""
        try:
            turn = await self._pacer.turn(kind)
        except TurnsOver:
            turn = None
        except PauseAsked as pause:
            raise _not_now(request.asked, pause.seconds) from None
        if turn is None:
            raise NotReached(f"{request.asked.what}: stopped before it was sent")
        progress = self._calls.progress(body_out=turn.sent)
        try:
            answer = await self._calls.once(request, progress)
        finally:
            if progress.sent is False:
                turn.back()
            else:
                turn.sent()
        if answer.status == 429 and not _is_about_work(answer):
            turn.refused(retry_after(answer.headers.get("retry-after"), now=self._wall()))
        return answer


def _not_now(asked: Asked, seconds: float) -> Busy:
    return Busy(
        f"{asked.what}: not sent, because {asked.where} asked for no requests for another {duration(seconds)}",
        hint="run apply again after that",
        retry_after=seconds,
        sent=False,
    )


def _is_about_work(answer: HttpResponse) -> bool:
    scope = answer.headers.get("x-ratelimit-scope", "").lower()
    return any(word in scope for word in _SCOPES_OF_WORK)

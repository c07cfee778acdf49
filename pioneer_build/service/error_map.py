"""Maps the outcomes of requests to the errors of this package (a table: `docs/outcomes.md`).

There are two kinds of requests. A *paid* one (a submission, a label request) may have been accepted if it was sent and
there was no usable response: `FateUnknown`. All others can be *repeated*, and end in a plain `ServiceError` if that
doesn't help. Pure: no clock, no sleeping, no connection.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import httpx

from pioneer_build.errors import Busy, FateUnknown, NoAccess, NotReached, NotThere, Refused, ServiceError
from pioneer_build.keys import KEY_VARIABLES
from pioneer_build.spec.request_limits import LONGEST_WAIT
from pioneer_build.web.retry_after import retry_after
from pioneer_build.wording import duration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pioneer_build.web.redaction import Said, Words

RequestStage: TypeAlias = Literal["nothing sent", "perhaps sent"]

# How far a request got, for each exception of httpx, if nothing better is known. Every exception class of httpx, or one
# of its parents, has an entry here *by name*; a test checks this.
STAGES: Mapping[type[Exception], RequestStage] = {
    httpx.ConnectError: "nothing sent",
    httpx.ConnectTimeout: "nothing sent",
    httpx.PoolTimeout: "nothing sent",
    httpx.ProxyError: "nothing sent",
    httpx.UnsupportedProtocol: "nothing sent",
    httpx.InvalidURL: "nothing sent",
    httpx.CookieConflict: "nothing sent",
    httpx.HTTPError: "perhaps sent",
    httpx.HTTPStatusError: "perhaps sent",
    httpx.RequestError: "perhaps sent",
    httpx.TransportError: "perhaps sent",
    httpx.TimeoutException: "perhaps sent",
    httpx.ReadTimeout: "perhaps sent",
    httpx.WriteTimeout: "perhaps sent",
    httpx.NetworkError: "perhaps sent",
    httpx.ReadError: "perhaps sent",
    httpx.WriteError: "perhaps sent",
    httpx.CloseError: "perhaps sent",
    httpx.ProtocolError: "perhaps sent",
    httpx.LocalProtocolError: "perhaps sent",
    httpx.RemoteProtocolError: "perhaps sent",
    httpx.DecodingError: "perhaps sent",
    httpx.TooManyRedirects: "perhaps sent",
    httpx.StreamError: "perhaps sent",
    httpx.StreamConsumed: "perhaps sent",
    httpx.StreamClosed: "perhaps sent",
    httpx.ResponseNotRead: "perhaps sent",
    httpx.RequestNotRead: "perhaps sent",
}

_REASONS: Mapping[type[Exception], str] = {
    httpx.ConnectTimeout: "connecting timed out",
    TimeoutError: "no response in time",
    httpx.PoolTimeout: "no free connection in time",
    httpx.ReadTimeout: "no response in time",
    httpx.WriteTimeout: "sending the request timed out",
    httpx.ReadError: "connection closed before a response",
    httpx.WriteError: "connection closed while the request was being sent",
    httpx.RemoteProtocolError: "connection closed before the full response",
    httpx.DecodingError: "the compressed response is corrupt",
}

_REACH_HINT = "check the network and the base URL (PIONEER_BASE_URL)"
_TLS_HINT = "check the base URL and the machine's certificates (set SSL_CERT_FILE to use your own bundle)"
_MODEL_HINT = "start the server, or check `base_url` of `model` in pioneer.yaml; then: pioneer-build doctor"
_URL_HINT = "check the base URL (PIONEER_BASE_URL, or base_url in pioneer.yaml)"
_CREDIT_HINT = "retrying doesn't help: resolve it with the service, then run apply again"
_UNKNOWN_HINT = "it is not resent automatically; if the service lists versions, apply finds out what happened"
# Of texts there is no job that could be found, and sending them again is all that can be done.
_UNKNOWN_LABELS_HINT = "apply sends the texts again, says so, and may pay for them twice"
# Redirects of these kinds mean that nothing was done yet. 303 means the opposite: done, and the result is elsewhere.
_PLAIN_REDIRECTS = frozenset({301, 302, 307, 308})


@dataclass(frozen=True, slots=True)
class Asked:
    """What was requested, for messages and for the choice of an error.

    `what` is the beginning of "…: connection closed". `paid` requests count as not accepted only if that is certain.
    `named` means that a 404 is about the requested thing. `where` is the host and port. `whole`: the request was sent
    to its end before the response came. `labels` is a label request, which makes no job. `key_variable`
    is the environment variable that the key is from.
    """

    what: str
    where: str
    paid: bool = False
    named: bool = False
    whole: bool = True
    labels: bool = False
    key_variable: str = KEY_VARIABLES[0]

    def unanswered(
        self, why: str, *, status: int | None = None, said: str = "", wait: float | None = None
    ) -> ServiceError:
        """The error for a request that was sent without a usable response.

        Args:
            why: the end of "submitting x: …".
            status: the HTTP status, if there was one.
            said: the service's message, cleaned.
            wait: seconds that the response asks to wait, if it does.
        """
        tail = f": {said.removeprefix('; ')}" if said else ""
        if self.paid:
            return FateUnknown(
                f"{self.what}: {why}{tail}; it may have been accepted",
                hint=_UNKNOWN_LABELS_HINT if self.labels else _UNKNOWN_HINT,
                status=status,
                retry_after=wait,
            )
        return ServiceError(f"{self.what}: {why}{tail}", status=status)


def of_exception(error: BaseException, asked: Asked, words: Words, *, sent: bool | None) -> ServiceError:
    """The error for an exception.

    Args:
        error: from the transport.
        asked: the request.
        words: cleans its text.
        sent: whether the first byte of the request was sent; `None` if the transport can't tell.
    """
    stage = next((STAGES[kind] for kind in type(error).__mro__ if kind in STAGES), "perhaps sent")
    if sent is not None:
        # What the trace showed is more reliable than the kind of exception.
        stage = "perhaps sent" if sent else "nothing sent"
    reason = next((_REASONS[kind] for kind in type(error).__mro__ if kind in _REASONS), None)
    told = words.clean(str(error), 200)
    if stage == "nothing sent":
        why = reason or told or type(error).__name__
        tls = "ssl" in told.lower() or "certificate" in told.lower()
        cause = f"can't reach {asked.where}: {why}"
        return NotReached(f"{asked.what}: {cause}", hint=_TLS_HINT if tls else _REACH_HINT, cause=cause)
    return asked.unanswered(reason or told or type(error).__name__)


def of_in_process(status: int, body: bytes, asked: Asked, words: Words) -> NotReached | None:
    """The error for a 503 of an engine in this process whose model can't be reached; `None` for anything else.

    Args:
        status: the HTTP status.
        body: of the response.
        asked: the request.
        words: cleans the engine's message.
    """
    if status != 503 or not _says(body, "reached"):
        return None
    cause = words.read(body).text
    return NotReached(f"{asked.what}: {cause}", hint=_MODEL_HINT, cause=cause, tried=True)


def of_status(
    status: int, headers: Mapping[str, str], body: bytes, asked: Asked, words: Words, *, now: float
) -> ServiceError | None:
    """The error for a response; `None` for success (2xx).

    Args:
        status: the HTTP status.
        headers: of the response, in lower case or case-insensitive.
        body: its bytes, or the first part of a long one.
        asked: the request.
        words: cleans the service's messages.
        now: seconds since the epoch, for a `Retry-After` with a date.
    """
    if 200 <= status < 300:
        return None
    said = words.read(body)
    tail = _tail(said)
    wait = retry_after(headers.get("retry-after"), now=now)
    match status:
        case 401 | 402 | 403:
            check = f"check the key in {asked.key_variable}, and the credits of its account"
            hint = f"see {said.link}" if said.link else (check if status == 401 else _CREDIT_HINT)
            meaning = {401: "the service doesn't accept the key", 402: "the service requires payment"}
            why = meaning.get(status, "the service denies access")
            return NoAccess(f"{why} ({status}){tail}", hint, status=status, link=said.link, details=said.details)
        case 425 | 429:
            return _busy(status, tail + _pause(wait), wait)
        case 503 if not asked.paid or not asked.whole or says_refused(headers, body):
            return _busy(status, tail + _pause(wait), wait)
        case _ if status in _PLAIN_REDIRECTS or (300 <= status < 400 and not asked.paid):
            target = words.clean(headers.get("location", "an unnamed address"), 200)
            return Refused(
                f"{asked.what}: the service redirects to {target} ({status}); redirects are not followed",
                hint=f"if that is the service's address, set the base URL to it; {_URL_HINT}",
                status=status,
            )
        case 404:
            if asked.named and not _is_page(body):
                return NotThere(f"{asked.what}: not found (404){tail}", status=404, details=said.details)
            return Refused(f"{asked.what}: not found (404){tail}", hint=_URL_HINT, status=404)
        case 405:
            return Refused(f"{asked.what}: method not allowed (405){tail}", hint=_URL_HINT, status=405)
        case _ if 400 <= status < 500:
            return Refused(
                f"{asked.what}: refused ({status}){tail}",
                hint=f"see {said.link}" if said.link else None,
                status=status,
                link=said.link,
                details=said.details,
            )
        case _:
            return asked.unanswered(
                f"the service returned {status}", status=status, said=said.text + _pause(wait), wait=wait
            )


def _pause(wait: float | None) -> str:
    """The end of a message, if the service asks for a longer pause than anything waits for."""
    if wait is None or wait <= LONGEST_WAIT:
        return ""
    return f"; it asks for a pause of {duration(wait)}, which is not waited for"


def _busy(status: int, tail: str, wait: float | None) -> Busy:
    why = {425: "too early", 429: "too many requests"}.get(status, "not available now")
    return Busy(
        f"the service responded: {why} ({status}){tail}",
        hint="it was not accepted; run apply again later",
        status=status,
        retry_after=wait,
    )


def _says(body: bytes, key: str) -> bool:
    """Whether a body is a JSON object with `false` under a key."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(said, dict) and said.get(key) is False


def says_refused(headers: Mapping[str, str], body: bytes) -> bool:
    """Whether a 503 to a paid request says itself that nothing was accepted.

    A gateway sends 503 with `Retry-After` as well, whatever became of the request behind it. So one of these is needed:
    the header `X-RateLimit-Scope`, which only the service sends; or a JSON object, also within `detail` or `error`,
    with `"accepted": false`, or with a `code` that is, or contains, `not_accepted`.

    Args:
        headers: of the response, in lower case or case-insensitive.
        body: its bytes, or the first part of a long one.
    """
    if headers.get("x-ratelimit-scope", "").strip():
        return True
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return False
    if not isinstance(said, dict):
        return False
    places = [place for place in (said, said.get("detail"), said.get("error")) if isinstance(place, dict)]
    return any(
        place.get("accepted") is False or "not_accepted" in str(place.get("code")).lower().replace("-", "_")
        for place in places
    )


def _tail(said: Said) -> str:
    parts = [said.text] if said.text else []
    parts += [detail for detail in said.details[:3] if detail not in said.text]
    return f": {'; '.join(parts)}" if parts else ""


def _is_page(body: bytes) -> bool:
    return body.lstrip()[:1] == b"<"

"""The one map from what happened to a request to the errors of this package (a table: `docs/outcomes.md`).

There are two kinds of requests. A *paid* one (a submission, a label request) may have been accepted whenever
it left this machine and no usable answer came: `FateUnknown`. Any other may simply be *repeated*, and ends in
a plain `ServiceError` when that doesn't help. Pure: no clock, no sleeping, no connection.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Literal, TypeAlias

import httpx

from pioneer_build.errors import Busy, FateUnknown, NoAccess, NotReached, NotThere, Refused, ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pioneer_build.service.redaction import Said, Words

Stage: TypeAlias = Literal["nothing sent", "perhaps sent"]

RETRY_AFTER_CAP = 3600.0
"""Seconds. No `Retry-After` is believed beyond it."""

# What each exception of httpx says about how far a request came, where nothing better is known. Every class
# of its tree has a place here or in one of its parents *by name*; a test walks the tree.
STAGES: Mapping[type[Exception], Stage] = {
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
    httpx.ConnectTimeout: "the connection was not made in time",
    TimeoutError: "no answer came in time",
    httpx.PoolTimeout: "no connection was free in time",
    httpx.ReadTimeout: "no answer came in time",
    httpx.WriteTimeout: "the request could not be sent in time",
    httpx.ReadError: "the connection broke before the answer",
    httpx.WriteError: "the connection broke while the request was sent",
    httpx.RemoteProtocolError: "the connection was closed, or spoke no HTTP, before the answer was whole",
    httpx.DecodingError: "the answer's compression is damaged",
}

_REACH_HINT = "check the network and the base URL (PIONEER_BASE_URL)"
_TLS_HINT = "check the base URL and the machine's certificates (SSL_CERT_FILE names a bundle of your own)"
_URL_HINT = "check the base URL (PIONEER_BASE_URL, or base_url in pioneer.yaml)"
_KEY_HINT = "check the key in PIONEER_API_KEY, and the credits of its account"
_CREDIT_HINT = "waiting doesn't help: settle it with the service, then run apply again"
_UNKNOWN_HINT = "it is not sent again by itself; apply reconciles it where the service lists versions"
# A redirect of these kinds says that nothing was done yet. 303 says the opposite: done, see the result over
# there.
_PLAIN_REDIRECTS = frozenset({301, 302, 307, 308})


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked, for messages and for the choice of an error.

    `what` completes "…: the connection broke". `paid` requests are never taken for not accepted unless that
    is certain. `named` means that a 404 speaks of the thing asked for. `where` is the host and port.
    """

    what: str
    where: str
    paid: bool = False
    named: bool = False

    def unanswered(self, why: str, *, status: int | None = None, said: str = "") -> ServiceError:
        """The error where it was sent, and no usable answer came.

        Args:
            why: completes "submitting x: …".
            status: the HTTP status, if there was one.
            said: the service's words, cleaned.
        """
        tail = f": {said}" if said else ""
        if self.paid:
            return FateUnknown(
                f"{self.what}: {why}{tail}; it may have been accepted", hint=_UNKNOWN_HINT, status=status
            )
        return ServiceError(f"{self.what}: {why}{tail}", status=status)


def of_exception(error: BaseException, asked: Asked, words: Words, *, sent: bool | None) -> ServiceError:
    """The error for an exception instead of an answer.

    Args:
        error: what the transport raised.
        asked: the request.
        words: cleans its text.
        sent: whether the request's first byte went out; `None` where the transport can't tell.
    """
    stage = next((STAGES[kind] for kind in type(error).__mro__ if kind in STAGES), "perhaps sent")
    if sent is not None:
        # What was seen on the wire beats the kind of exception.
        stage = "perhaps sent" if sent else "nothing sent"
    reason = next((_REASONS[kind] for kind in type(error).__mro__ if kind in _REASONS), None)
    told = words.clean(str(error), 200)
    if stage == "nothing sent":
        why = reason or told or type(error).__name__
        tls = "ssl" in told.lower() or "certificate" in told.lower()
        return NotReached(f"{asked.what}: can't reach {asked.where}: {why}", hint=_TLS_HINT if tls else _REACH_HINT)
    return asked.unanswered(reason or told or type(error).__name__)


def of_status(
    status: int, headers: Mapping[str, str], body: bytes, asked: Asked, words: Words, *, now: float
) -> ServiceError | None:
    """The error for an answer, `None` for success (2xx).

    Args:
        status: the HTTP status.
        headers: of the answer, in lower case or ignoring case.
        body: its bytes, or as many as an error has room for.
        asked: the request.
        words: cleans what the service says.
        now: seconds since the epoch, for a `Retry-After` that is a date.
    """
    if 200 <= status < 300:
        return None
    said = words.read(body)
    tail = _tail(said)
    wait = retry_after(headers.get("retry-after"), now=now)
    match status:
        case 401 | 402 | 403:
            hint = f"see {said.link}" if said.link else (_KEY_HINT if status == 401 else _CREDIT_HINT)
            meaning = {401: "the service doesn't accept the key", 402: "the service asks for payment"}
            why = meaning.get(status, "the service denies access")
            return NoAccess(f"{why} ({status}){tail}", hint, status=status, link=said.link, details=said.details)
        case 425 | 429:
            return _busy(status, tail, wait)
        case 503 if wait is not None or not asked.paid:
            return _busy(status, tail, wait)
        case _ if status in _PLAIN_REDIRECTS or (300 <= status < 400 and not asked.paid):
            target = words.clean(headers.get("location", "somewhere it doesn't name"), 200)
            return Refused(
                f"{asked.what}: the service redirects to {target} ({status}), which is not followed",
                hint=f"if that is where the service lives, set the base URL to it; {_URL_HINT}",
                status=status,
            )
        case 404:
            if asked.named and not _is_page(body):
                return NotThere(f"{asked.what}: not found (404){tail}", status=404, details=said.details)
            return Refused(f"{asked.what}: no such address (404){tail}", hint=_URL_HINT, status=404)
        case 405:
            return Refused(f"{asked.what}: not offered at this address (405){tail}", hint=_URL_HINT, status=405)
        case _ if 400 <= status < 500:
            return Refused(
                f"{asked.what}: refused ({status}){tail}",
                hint=f"see {said.link}" if said.link else None,
                status=status,
                link=said.link,
                details=said.details,
            )
        case _:
            return asked.unanswered(f"the service answered {status}", status=status, said=said.text)


def _busy(status: int, tail: str, wait: float | None) -> Busy:
    why = {425: "too early", 429: "too many requests"}.get(status, "not available now")
    return Busy(
        f"the service says: {why} ({status}){tail}",
        hint="it was not accepted; run apply again later",
        status=status,
        retry_after=wait,
    )


def _tail(said: Said) -> str:
    parts = [said.text] if said.text else []
    parts += [detail for detail in said.details[:3] if detail not in said.text]
    return f": {'; '.join(parts)}" if parts else ""


def _is_page(body: bytes) -> bool:
    return body.lstrip()[:1] == b"<"


def retry_after(value: str | None, *, now: float) -> float | None:
    """Seconds to wait by a `Retry-After` header: whole or fractional seconds, or an HTTP date (RFC 9110,
    10.2.3).

    `None` where there is none or it can't be read. Never below 0 or above `RETRY_AFTER_CAP`.
    """
    if value is None:
        return None
    text = value.strip()[:100]
    try:
        seconds = float(text)
    except ValueError:
        try:
            date = parsedate_to_datetime(text)
            seconds = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now
        except (ValueError, TypeError, OverflowError, IndexError):
            return None
    if math.isnan(seconds):
        return None
    return min(max(seconds, 0.0), RETRY_AFTER_CAP)

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.errors import (
    Busy,
    FateUnknown,
    NoAccess,
    NotReached,
    NotThere,
    Refused,
    ServiceError,
)
from pioneer_build.service.error_map import (
    STAGES,
    Asked,
    of_exception,
    of_status,
)
from pioneer_build.web.redaction import ApiKey, Words
from pioneer_build.web.retry_after import RETRY_AFTER_CAP, retry_after
from tests.service.harness import KEY

PAID = Asked("submitting tickets", "x.test", paid=True)
FREE = Asked("asking for job 7", "x.test", named=True)
WORDS = Words(ApiKey(KEY))
NOW = 1_800_000_000.0


def status(code: int, asked: Asked, body: object = None, **headers: str) -> ServiceError | None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return of_status(code, httpx.Headers(names), raw, asked, WORDS, now=NOW)


def httpx_exceptions() -> list[type[Exception]]:
    """Every exception that httpx has, found by walking, not by a list."""
    found = {v for v in vars(httpx).values() if isinstance(v, type) and issubclass(v, Exception)}
    waiting = list(found)
    while waiting:
        for kind in waiting.pop().__subclasses__():
            if kind not in found and kind.__module__.startswith("httpx"):
                found.add(kind)
                waiting.append(kind)
    return sorted(found, key=lambda kind: kind.__name__)


def test_every_exception_of_httpx_has_a_place() -> None:
    missing = [kind.__name__ for kind in httpx_exceptions() if kind not in STAGES]
    assert not missing
    assert len(httpx_exceptions()) >= 25


@pytest.mark.parametrize("kind", httpx_exceptions(), ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("sent", [None, False, True])
def test_what_was_seen_on_the_wire_decides_and_else_the_kind(kind: type[Exception], sent: bool | None) -> None:
    error = kind.__new__(kind)
    error.args = (f"it broke near {KEY}",)
    perhaps_sent = STAGES[kind] == "perhaps sent" if sent is None else sent
    paid = of_exception(error, PAID, WORDS, sent=sent)
    free = of_exception(error, FREE, WORDS, sent=sent)
    assert type(paid) is (FateUnknown if perhaps_sent else NotReached)
    assert type(free) is (ServiceError if perhaps_sent else NotReached)
    assert KEY not in f"{paid!r} {paid} {paid.hint}"


def test_an_application_that_raises_leaves_a_paid_request_in_doubt() -> None:
    assert type(of_exception(ZeroDivisionError("x"), PAID, WORDS, sent=None)) is FateUnknown
    assert type(of_exception(TimeoutError(), PAID, WORDS, sent=True)) is FateUnknown
    assert type(of_exception(TimeoutError(), PAID, WORDS, sent=False)) is NotReached


CASES: list[tuple[int, type[ServiceError], type[ServiceError]]] = [
    (101, FateUnknown, ServiceError),
    (301, Refused, Refused),
    (302, Refused, Refused),
    (303, FateUnknown, Refused),
    (304, FateUnknown, Refused),
    (307, Refused, Refused),
    (308, Refused, Refused),
    (400, Refused, Refused),
    (401, NoAccess, NoAccess),
    (402, NoAccess, NoAccess),
    (403, NoAccess, NoAccess),
    (404, Refused, NotThere),
    (405, Refused, Refused),
    (408, Refused, Refused),
    (409, Refused, Refused),
    (413, Refused, Refused),
    (418, Refused, Refused),
    (422, Refused, Refused),
    (425, Busy, Busy),
    (429, Busy, Busy),
    (499, Refused, Refused),
    (500, FateUnknown, ServiceError),
    (501, FateUnknown, ServiceError),
    (502, FateUnknown, ServiceError),
    (503, FateUnknown, Busy),
    (504, FateUnknown, ServiceError),
    (520, FateUnknown, ServiceError),
    (599, FateUnknown, ServiceError),
]


@pytest.mark.parametrize(("code", "paid", "free"), CASES)
def test_every_status_has_a_place(code: int, paid: type[ServiceError], free: type[ServiceError]) -> None:
    for asked, kind in ((PAID, paid), (FREE, free)):
        error = status(code, asked, {"detail": "the words"})
        assert type(error) is kind
        assert error.status == code
        assert "the words" in str(error) or 300 <= code < 400


def test_every_status_of_the_range_is_judged() -> None:
    for code in range(100, 600):
        error = status(code, PAID)
        assert (error is None) == (200 <= code < 300)
        if error is not None and code >= 500:
            assert isinstance(error, FateUnknown)
        elif error is not None and code >= 400:
            assert not isinstance(error, FateUnknown)


@pytest.mark.parametrize(
    ("body", "headers", "certain"),
    [
        ({}, {}, False),
        ({}, {"Retry_After": "2"}, False),
        ({"detail": "Service Unavailable"}, {"Retry_After": "2"}, False),
        ({"accepted": True}, {}, False),
        ({"accepted": None, "code": 503}, {}, False),
        ({"accepted": False}, {}, True),
        ({"detail": {"code": "NOT_ACCEPTED"}}, {"Retry_After": "2"}, True),
        ({"error": {"code": "job-not-accepted"}}, {}, True),
        ({}, {"X_RateLimit_Scope": "user"}, True),
        (b"<html>not_accepted</html>", {}, False),
        (b"[" * 100_000, {}, False),
        (["accepted"], {}, False),
    ],
)
def test_503_of_a_paid_request_is_believed_only_if_it_says_more(
    body: Any, headers: dict[str, str], certain: bool
) -> None:
    error = status(503, PAID, body, **headers)
    assert type(error) is (Busy if certain else FateUnknown)
    assert error.retry_after == (2.0 if "Retry_After" in headers else None)
    assert type(status(503, FREE, body, **headers)) is Busy
    assert type(status(503, replace(PAID, whole=False), body, **headers)) is Busy, "the body did not go out"


def test_a_pause_that_nothing_waits_for_is_said() -> None:
    assert "asks for a pause" not in str(status(429, PAID, Retry_After="900"))
    for code, asked in ((429, PAID), (503, PAID), (503, FREE)):
        assert "it asks for a pause of 15 min" in str(status(code, asked, Retry_After="901"))


def test_401_says_credits_in_the_services_own_words_and_402_has_the_link() -> None:
    error = status(401, PAID, {"detail": "Credits exhausted"})
    assert isinstance(error, NoAccess)
    assert "Credits exhausted" in error.message
    for code in (402, 403):
        body = {"code": "x", "message": "Add a card", "resolution_url": "https://x.test/pay"}
        error = status(code, PAID, body)
        assert isinstance(error, NoAccess)
        assert (error.link, "https://x.test/pay" in (error.hint or "")) == ("https://x.test/pay", True)
        assert "Add a card" in error.message


def test_a_401_names_the_variable_that_the_key_is_from() -> None:
    for variable in ("PIONEER_API_KEY", "FASTINO_API_KEY"):
        error = status(401, replace(PAID, key_variable=variable))
        assert isinstance(error, NoAccess)
        assert error.hint == f"check the key in {variable}, and the credits of its account"


def test_a_422_carries_its_details() -> None:
    error = status(422, PAID, {"detail": "invalid", "errors": ["labels: too many", "prompt: unknown"]})
    assert isinstance(error, Refused)
    assert error.details == ("labels: too many", "prompt: unknown")
    assert "labels: too many" in error.message


def test_a_redirect_says_where_to() -> None:
    error = status(307, PAID, Location="https://new.test/generate")
    assert "https://new.test/generate" in str(error)
    assert error is not None
    assert "base URL" in (error.hint or "")


def test_a_404_page_is_about_the_address_not_the_thing() -> None:
    error = status(404, FREE, b"<html><title>Not Found</title>")
    assert type(error) is Refused
    assert type(status(404, FREE, b"")) is NotThere


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        ("7", 7.0),
        (" 0.25 ", 0.25),
        ("-3", 0.0),
        ("1e9", RETRY_AFTER_CAP),
        ("inf", RETRY_AFTER_CAP),
        ("nan", None),
        ("soon", None),
        ("", None),
        (format_datetime(datetime.fromtimestamp(NOW + 30, UTC), usegmt=True), 30.0),
        (format_datetime(datetime.fromtimestamp(NOW - 30, UTC), usegmt=True), 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", RETRY_AFTER_CAP),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 0.0),
        ("Sun Nov  6 08:49:37 1994", 0.0),
    ],
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, now=NOW) == seconds


@given(st.text(max_size=60))
def test_retry_after_of_anything(value: str) -> None:
    seconds = retry_after(value, now=NOW)
    assert seconds is None or 0 <= seconds <= RETRY_AFTER_CAP


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.just(KEY),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["detail", "message", "error", "errors", "code", "loc", "msg", "resolution_url"]),
            inner,
        )
    ),
    max_leaves=10,
)


@given(st.integers(100, 599), json_values | st.binary(max_size=200), st.sampled_from([PAID, FREE]))
def test_no_body_upsets_the_map_or_shows_the_key(code: int, body: object, asked: Asked) -> None:
    error = status(code, asked, body)
    assert (error is None) == (200 <= code < 300)
    if error is not None:
        shown = f"{error!r} {error} {error.hint} {error.link} {error.details}"
        assert KEY not in shown
        assert all(c.isprintable() for c in error.message)
        assert len(error.message) < 2000


def test_the_table_in_the_documents_has_every_case() -> None:
    table = Path(__file__).parents[2].joinpath("docs", "outcomes.md").read_text(encoding="utf-8")
    missing = [kind.__name__ for kind in httpx_exceptions() if f"`{kind.__name__}`" not in table]
    assert not missing
    assert not [
        code for code, _, _ in CASES if code in range(400, 505) and f"{code}" not in table and code not in (418, 499)
    ]

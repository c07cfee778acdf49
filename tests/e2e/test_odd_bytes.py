"""Bytes that nobody expects, in every answer of a service: commands end as ever, and nothing is bought twice."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.conftest import NER, Answer, Cli, project_of_a_service
from tests.e2e.scripted import Scripted, running
from tests.fakes.server import Fault

DOWNLOAD, POLL, LISTING = "GET /datasets/people/1/download", "GET /generate/jobs/", "GET /datasets/people"
SUBMIT, LABEL = "POST /generate", "POST /generate/ner/label-existing"

ROW = '{"text": "Ada met nobody.", "entities": [["Ada", "person"]]}'
READY = '{"job_id": "job-1", "status": "ready", "count": 1, "data": [%s], "dataset": {"version_number": "1"}}'
#: An answer with everything that some command looks for, and a hole for the odd part.
ANSWERS = {
    POLL: READY % ROW.replace("nobody", "%s"),
    DOWNLOAD: ROW.replace("nobody", "%s") + "\n",
    LISTING: '{"success": true, "count": 1, "versions": [{"version_number": "1", "size": 20, "status": "%s"}]}',
    SUBMIT: '{"job_id": "job-1", "status": "%s"}',
    LABEL: '{"results": [{"text": "%s", "entities": []}]}',
}
#: What stands in the hole.
INSIDE: dict[str, bytes] = {
    "bytes that are no UTF-8": b"\xff\xfe\xc3(\xf0\x28\x8c\x28",
    "an overlong slash": b"\xc0\xaf\xe0\x80\xaf",
    "half a surrogate in UTF-8": b"\xed\xa0\x80",
    "half a surrogate": rb"\ud800",
    "the wrong half first": rb"\udc00\ud800",
    "NULs": b"\0\0",
    "escaped NULs": rb"\u0000",
    "an escape that is none": rb"\x41\u12",
    "a line end": b"\n",
    "DEL and C1": b"\x7f\xc2\x80\xc2\x9b",
}
#: Whole bodies.
_TEXT = '{"job_id": "job-1", "status": "ready", "data": [], "results": [], "versions": []}'
_VALUES = ("NaN", "Infinity", "-Infinity", "1e999999999", "-1e-999999999", "9" * 5000, "-0", "0.1e+0000000001")
WHOLE: dict[str, bytes] = {
    **{name: text.encode(name) for name, text in ((one, _TEXT) for one in ("utf-8-sig", "utf-16", "utf-16-be"))},
    **{name: _TEXT.encode(name) for name in ("utf-16-le", "utf-32", "utf-32-le", "utf-7", "cp037")},
    **{
        f"{value:.12}": (
            f'{{"job_id": {value}, "status": "ready", "count": {value}, "data": [{value}], "results": [{value}],'
            f' "dataset": {{"version_number": {value}}}, "versions": [{{"version_number": {value}, "size": {value}}}]}}'
        ).encode()
        for value in _VALUES
    },
    "keys twice": b'{"job_id": "a", "job_id": "job-1", "status": "failed", "status": [], "data": 1, "data": {}}',
    "nothing": b"",
    "a blank": b" ",
    "NUL": b"\0",
    "a BOM": b"\xef\xbb\xbf",
    "a lone quote": b'"',
    "a list": b"[]",
    "a text": b'"ready"',
    "null": b"null",
    "deep": b"[" * 100_000,
    "deep objects": b'{"a":' * 100_000,
    "half": _TEXT[:40].encode(),
    "two values": (_TEXT * 2).encode(),
    "random": bytes(range(256)) * 8,
}
HEADERS: dict[str, tuple[tuple[str, str], ...]] = {
    "a charset that there isn't": (("Content-Type", "application/json; charset=x-none"),),
    "the charset of another": (("Content-Type", "application/json; charset=utf-16"),),
    "a charset of bytes": (("Content-Type", "application/json; charset=base64"),),
    "gzip that is none": (("Content-Encoding", "gzip"),),
    "an encoding that there isn't": (("Content-Encoding", "x-none, br"),),
    "odd headers": (("Retry-After", "\xff\x80"), ("Content-Type", "\xe9"), ("X-Odd", "\x9b2J")),
}
STATUSES = (200, 400, 422, 500)


def bodies(route: str) -> list[tuple[str, bytes]]:
    """Each odd body, by its name."""
    holed = ANSWERS[route].encode()
    return [*((name, holed.replace(b"%s", odd)) for name, odd in INSIDE.items()), *WHOLE.items()]


def odd_answers(route: str) -> list[tuple[str, Fault]]:
    """Each odd answer to a request: bodies with good and bad statuses, and headers with a good body."""
    found = [
        (f"{name} with {status}", Fault(status=status, body=body, headers=_JSON))
        for number, (name, body) in enumerate(bodies(route))
        for status in (200, STATUSES[1 + number % 3])
    ]
    good = ANSWERS[route].replace("%s", "nobody").encode()
    return [*found, *((name, Fault(status=200, body=good, headers=some)) for name, some in HEADERS.items())]


_JSON = (("Content-Type", "application/json"),)


def odd_end(answer: Answer) -> str:
    """What is wrong with how a command ended; nothing, where it is an end that people are told of."""
    shown = answer.out + answer.err
    if answer.code in (0, 1, 2, 3) and "Traceback" not in shown and "this is a bug" not in shown:
        return ""
    return f"exit code {answer.code}: {shown[-2000:]}"


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pioneer_build.service.retry._FIRST_PAUSE", 0.0)
    monkeypatch.setenv("PIONEER_REQUESTS_PER_MINUTE", "1000000")


def label_requests(service: Scripted) -> int:
    return sum(seen.target.endswith("label-existing") for seen in service.seen)


def apply(cli: Cli, service: Scripted, *more: str) -> Answer:
    return cli("--backend", service.url, "apply", "--yes", *more)


def some(route: str, share: int) -> list[tuple[str, Fault]]:
    """Each `share`-th odd answer."""
    return odd_answers(route)[::share]


@pytest.mark.parametrize("share", [pytest.param(1, marks=pytest.mark.long, id="all"), pytest.param(7, id="some")])
@pytest.mark.parametrize("route", [POLL, DOWNLOAD, LISTING])
def test_whatever_comes_for_what_was_bought_nothing_is_bought_again(
    one: Path, cli: Cli, route: str, share: int
) -> None:
    """Each odd answer meets a job that is open, as it is in a run that was told not to wait."""
    with running(Scripted(give="download", datasets="/datasets", named=route != LISTING)) as service:
        assert apply(cli, service, "--no-wait").code == 0
        lock, wrong = (one / "pioneer.lock").read_bytes(), {}
        for name, fault in some(route, share):
            (one / "pioneer.lock").write_bytes(lock)
            service.always(route, fault)
            began = time.monotonic()
            said = odd_end(apply(cli, service, "--deadline", "0.01"))
            if said or time.monotonic() - began > 20:
                wrong[name] = said or "it took long"
            service.always(route, None)
            if service.asked() != [20]:
                wrong[name] = f"it was bought again: {service.asked()}"
                break
        assert wrong == {}


@pytest.mark.parametrize("share", [pytest.param(1, marks=pytest.mark.long, id="all"), pytest.param(7, id="some")])
def test_whatever_answers_a_submission_it_is_sent_once(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, share: int
) -> None:
    """The service made the job, whatever the answer says; the budget is one request."""
    wrong = {}
    for number, (name, fault) in enumerate(some(SUBMIT, share)):
        (tmp_path / str(number)).mkdir()
        root = project_of_a_service(tmp_path / str(number), monkeypatch)
        (root / "specs" / "people.yaml").write_text(NER)
        with running(Scripted(datasets="/datasets")) as service:
            service.always(SUBMIT, replace(fault, do=True))
            for _ in range(2):
                if said := odd_end(apply(cli, service, "--deadline", "0.01", "--max-requests", "1")):
                    wrong[name] = said
            if service.asked() != [20] and fault.status == 200:
                wrong[name] = f"it was bought again: {service.asked()}"
    assert wrong == {}


@pytest.mark.parametrize("share", [pytest.param(1, marks=pytest.mark.long, id="all"), pytest.param(7, id="some")])
def test_whatever_answers_texts_to_label(one: Path, cli: Cli, share: int) -> None:
    """Labels of a service are never made up from bytes that say none."""
    (one / "specs" / "people.yaml").write_text(
        "dataset_name: people\ntask_type: ner\nlabels: [person]\ninputs: [one text]\n"
    )
    wrong = {}
    with running(Scripted()) as service:
        for name, fault in some(LABEL, share):
            service.always(LABEL, fault)
            before = label_requests(service)
            if said := odd_end(apply(cli, service)):
                wrong[name] = said
            if label_requests(service) > before + 4:
                wrong[name] = "it was sent very often"
    assert wrong == {}

"""What a service says: the answers to each request of the client, and the rows of each task."""

from __future__ import annotations

import contextlib
import io
import json
from typing import TYPE_CHECKING, Any, get_args
from zlib import crc32

from pioneer_build.checks.bounds import effective_checks
from pioneer_build.checks.judge import JobTerms, judge
from pioneer_build.checks.quarantined_rows import parse_quarantined, quarantine_line
from pioneer_build.diff.rows import compare_rows
from pioneer_build.exports.base import RowStream
from pioneer_build.exports.formats import exporter
from pioneer_build.ports import JobRequest
from pioneer_build.rows import parse_line, row_line
from pioneer_build.rows.annotation import annotation_line, normalise_annotation, row_line_of
from pioneer_build.rows.normal_form import Fault
from pioneer_build.service.client import ClientOptions, HttpService
from pioneer_build.service.rate_limiter import Pacer
from pioneer_build.spec.model import Checks, TaskType
from tests.fuzz.mutations import any_value, json_bytes, mutated, mutated_value
from tests.fuzz.target import Target
from tests.service.harness import run_virtually

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from random import Random

_TEXT = "Ada Lovelace wrote to Charles Babbage in London, and Ada waited. Où ça? e\u0301 😀"
_ENTITIES: Sequence[Any] = (
    [{"text": "Ada", "label": "person", "start": 0, "end": 3, "score": 0.9}, {"span": "London", "type": "place"}],
    [["Ada", "person"], ["London", "place"]],
    {"person": ["Ada Lovelace", {"text": "Charles", "start": 22, "end": 29}], "place": ["London"]},
)
_NER = [{"text": _TEXT, "entities": one} for one in _ENTITIES] + [
    {"input": _TEXT, "output": {"entities": _ENTITIES[2]}}
]
_CLASSES = [
    {"text": _TEXT, "label": "person", "score": 0.5},
    {"text": _TEXT, "labels": ["person", "place"], "confidence": "0.5"},
    {"input": _TEXT, "output": {"true_label": ["person"]}},
    {"text": _TEXT, "class": {"label": "place", "score": 1}},
]
_CHATS = [
    {
        "messages": [
            {"role": "system", "content": "x"},
            {"role": "user", "content": "y"},
            {"role": "assistant", "content": "z"},
        ]
    },
    {"prompt": "a", "completion": "b"},
    {"input": "a", "output": "b"},
    {"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]},
]
_ROWS: dict[TaskType, Sequence[Any]] = {"ner": _NER, "classification": _CLASSES, "decoder": _CHATS}
_LABELS = ("person", "place")
_JOB = {
    "job_id": "j",
    "status": "complete",
    "dataset_name": "a",
    "generated_count": 3,
    "version_number": 2,
    "rows": _NER,
}
_VERSIONS = {"versions": [{"version": "1", "id": "j", "sample_size": 3, "status": "ready", "labels": ["a"]}]}
_LABELLED = {"results": _NER[:2], "unsupported_labels": ["x"]}
_ERROR = {"detail": [{"loc": ["body", "labels"], "msg": "bad", "type": "x"}], "error": {"message": "no", "code": "x"}}
_REQUEST = JobRequest("a", "ner", 3, labels=_LABELS)


def _answer(random: Random) -> bytes:
    """A status, headers and a body."""
    good = random.choice((_JOB, _VERSIONS, _LABELLED, _ERROR, {"job_id": "j"}, _NER))
    body = json_bytes(mutated_value(random, good) if random.randrange(6) else any_value(random))
    if not random.randrange(3):
        body = mutated(random, body)
    if not random.randrange(8):
        body = b"\n".join([json_bytes(mutated_value(random, row)) for row in _NER])
    status = random.choice(
        (200, 200, 200, 200, 201, 204, 301, 400, 401, 402, 403, 404, 405, 409, 410, 413, 422, 418, 500, 501)
    )
    headers = [
        [
            "content-type",
            random.choice(("application/json", "text/html", "application/x-ndjson", "", "a/b; charset=x")),
        ],
        ["x-unsupported-labels", random.choice(("", "a, b", '["a"', '["\\ud800"]', "é", "[" * 9000))],
        ["retry-after", random.choice(("1e9", "-1", "9" * 5000, "Wed, 21 Oct 2015 07:28:00 GMT", "x", "nan"))],
        ["date", random.choice(("Wed, 21 Oct 99999 07:28:00 GMT", "x", ""))],
        ["x-ratelimit-scope", random.choice(("jobs", "", "é"))],
    ]
    head = json.dumps({"status": status, "headers": random.sample(headers, random.randrange(3))}).encode()
    return head + b"\n" + body


def _read_answer(data: bytes, folder: Path) -> None:
    head, _, body = data.partition(b"\n")
    said = json.loads(head)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(name.encode(), value.encode()) for name, value in said["headers"]]
        await send({"type": "http.response.start", "status": said["status"], "headers": headers})
        await send({"type": "http.response.body", "body": body})

    run_virtually(lambda _: _ask(app, crc32(data) % 6))


async def _ask(app: Any, what: int) -> None:
    import httpx

    transport = httpx.ASGITransport(app=app)
    service = HttpService("http://in-process", "in-process", Pacer(None), ClientOptions(transport, patience=0.0))
    try:
        match what:
            case 0:
                await service.submit(_REQUEST)
            case 1:
                report = await service.poll("j")
                list(report.rows or ())
            case 2:
                await service.label("ner", _LABELS, [_TEXT, _TEXT])
            case 3:
                await service.versions("a")
            case 4:
                rows = await service.download("a", "1")
                async for row in rows or _none():
                    assert isinstance(row, dict)
            case _:
                await service.delete("a")
    finally:
        await service.aclose()


async def _none() -> Any:
    for row in ():
        yield row


def _rows(random: Random) -> bytes:
    task: TaskType = random.choice(get_args(TaskType))
    rows = [mutated_value(random, random.choice(_ROWS[task])) for _ in range(random.randrange(1, 6))]
    if not random.randrange(10):
        rows = [mutated_value(random, random.choice(_ROWS[random.choice(get_args(TaskType))])), any_value(random)]
    return task.encode() + b"\n" + json.dumps(rows, default=str).encode()


def _read_rows(data: bytes, folder: Path) -> None:
    name, _, text = data.partition(b"\n")
    task: TaskType = name.decode()  # type: ignore[assignment]
    raws = json.loads(text)
    labels = _LABELS if crc32(data) % 2 else ()
    checks = effective_checks(Checks(), Checks(), "x")
    judged = judge(raws, JobTerms(task, labels, len(raws)), checks)
    for aside in judged.quarantined:
        assert parse_quarantined(quarantine_line(aside)).number == aside.number
    lines = [row_line(row) for row in judged.accepted]
    assert [row_line(parse_line(line)) for line in lines] == lines
    again = judge([parse_line(line) for line in lines], JobTerms(task, labels, len(raws)), checks)
    assert not again.quarantined, "what is in normal form stays as it is"
    compare_rows(lambda: iter(lines), lambda: iter(lines[1:]))
    for form in ("jsonl", "pioneer", "gliner2", "conll", "csv"):
        _export(form, judged.accepted, task, labels)
    if task != "decoder":
        _annotate(raws, task, labels)


def _export(form: str, rows: Sequence[Any], task: TaskType, labels: Sequence[str]) -> None:
    from pioneer_build.errors import UsageError

    with contextlib.suppress(UsageError):
        exporter(form).write(RowStream(rows, task, labels), io.BytesIO())


def _annotate(raws: Sequence[Any], task: TaskType, labels: Sequence[str]) -> None:
    for raw in raws:
        for text in (_TEXT, " " + _TEXT, _TEXT.replace("e\u0301", "é")):
            found = normalise_annotation(raw, text, task, labels)
            if not isinstance(found, Fault):
                line = annotation_line(found)
                assert json.loads(line) == found
                parse_line(row_line_of(text, line, "id"))


TARGETS = (
    Target("answer", _answer, _read_answer, 8),
    Target("rows", _rows, _read_rows, 15),
)

"""`show`, `status` and the end of an apply at several widths, without and with colour."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pioneer_build.apply.events import Outcome, Report
from pioneer_build.errors import NoAccess
from pioneer_build.render.apply import outcome_text
from pioneer_build.render.show import show_text
from pioneer_build.render.status import status_text

DIGEST = "sha256:" + "9" * 64
JOB: dict[str, Any] = {
    "job_id": "job_1", "version": "1", "examples": 40, "state": "ready", "accepted": 38, "remote_name": "people",
    "fingerprint": "fp1:" + "a" * 64, "verified": True, "inferred": False, "revision": None, "reason": None,
}  # fmt: skip
VALUE: dict[str, Any] = {
    "dataset_name": "people", "remote_name": "people", "backend": "local", "task_type": "ner",
    "fingerprint": "fp1:" + "a" * 64, "state": "ready", "examples": 38, "version": "1", "verified": True,
    "content": DIGEST, "jobs": [JOB], "training": {"name": "people", "version": "1"}, "command": None,
    "definition": {"labels": ["person", "place"], "task_type": "ner", "domain_description": "Letters sent home " * 9},
    "content_summary": {
        "rows": 38, "mentions": {"person": 30, "place": 3}, "by_label": {}, "empty": 2, "duplicates": 0,
        "length": {"min": 3, "max": 90, "median": 20}, "confidence": None,
    },
    "rows": [
        {"text": "Ada met \x1b[31mBob in a town whose name is too long for any line of this terminal.",
         "entities": [{"text": "Ada", "label": "person", "start": 0, "end": 3}]},
        {"messages": [{"role": "user", "content": "Hello.\nAre you there?"}, {"role": "assistant", "content": "Yes."}]},
        {"id": 7, "text": "short", "label": "place", "score": 0.5},
    ],
}  # fmt: skip
LONG = "the connection was closed, or spoke no HTTP, before the answer was whole; it may have been accepted"


@pytest.mark.parametrize("width", [60, 80, 200])
def test_show_fits(width: int) -> None:
    text = show_text(VALUE, width=width)
    assert max(map(len, text.split("\n"))) <= width
    assert "[Ada](person) met \\x1b[31mBob" in text
    assert "             Are you there?" in text
    assert "38 of 40 rows" in text
    assert "None" not in text
    assert (DIGEST in text) == (width >= 90)


def test_colour_only_adds() -> None:
    coloured = show_text(VALUE, width=80, colour=True)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == show_text(VALUE, width=80)


def test_remote_names_are_shown_where_they_differ() -> None:
    other = {**JOB, "job_id": None, "remote_name": "people-1a2b3c4d", "state": "unknown", "reason": LONG}
    text = show_text({**VALUE, "jobs": [JOB, other]}, width=80)
    assert "people-1a2b3c4d" in text
    assert "(no id): the connection" in text


def test_what_was_set_aside() -> None:
    bad = {"job_id": "job_1", "number": 3, "cause": "no-text", "message": "there is no text", "raw": {"text": ""}}
    value = {**VALUE, "rejected": [bad] * 25}
    value.pop("rows")
    text = show_text(value, width=60)
    assert "set aside: 25 no-text" in text
    assert "… and 5 more: --format json has all" in text


@pytest.mark.parametrize("width", [60, 80, 200])
def test_status_fits_and_the_worst_is_first(width: int) -> None:
    unknown = {
        **VALUE, "dataset_name": "zebra", "state": "unknown", "examples": 0, "version": None,
        "jobs": [{**JOB, "job_id": None, "state": "unknown", "reason": LONG}], "command": "pioneer-build apply",
    }  # fmt: skip
    text = status_text([VALUE, unknown], width=width)
    assert text.startswith("unknown   zebra")
    assert max(map(len, text.split("\n"))) <= width
    assert text.endswith("1 unknown, 1 ready")


@pytest.mark.parametrize("width", [60, 80, 200])
def test_the_end_of_an_apply(width: int) -> None:
    report = Report(
        (
            Outcome("people", "create", "done", "40 rows"),
            Outcome("zebra", "create", "unknown", LONG, "pioneer-build apply", ("a detail",)),
        ),
        requests=2,
        examples=80,
        stopped=NoAccess(
            "the service asks for payment (402)", "see https://example.org/pay", link="https://example.org"
        ),
    )
    text = outcome_text(report, width=width)
    assert max(map(len, text.split("\n"))) <= width
    assert "✓ people  done     40 rows" in text
    assert "    help: pioneer-build apply" in text
    assert "stopped: the service asks for payment (402)" in text
    assert "Sent 2 requests for 80 examples." in " ".join(text.split())

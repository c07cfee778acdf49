"""Progress: counted right, drawn on a real terminal of any width that is resized meanwhile, plain lines elsewhere."""

from __future__ import annotations

import json
import os
import re
import struct
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pioneer_build.apply.events import Event
from pioneer_build.cli import progress_lines
from pioneer_build.cli.options import Globals
from pioneer_build.cli.progress import progress
from pioneer_build.cli.progress_counts import ApplyProgress
from pioneer_build.plan import Plan, Step

if TYPE_CHECKING:
    from pioneer_build.apply.events import Sink

ROOT = Path(__file__).resolve().parents[2]
PLAN = Plan("local", (
    Step("people", "create", requests=1, examples=40, total=40),
    Step("tickets", "label", requests=2, examples=1500, total=1500),
    Step("places", "resume"),
    Step("rest", "none"),
))  # fmt: skip
EVENTS = [
    Event("start", "people", "create"),
    Event("submitting", "people", "asking for 40 examples", {"examples": 40}),
    Event("submitted", "people", "job job_1", {"job_id": "job_1"}),
    Event("polled", "people", "generating", {"said": "generating", "done": 10, "job_id": "job_1"}),
    Event("start", "tickets", "label"),
    Event("labelled", "tickets", "1,000 of 1,500 texts", {"texts": 1000, "done": 1000, "total": 1500}),
    Event("waiting", "", "the service responded: busy; retrying in 3 s", {"seconds": 3}),
]
REST = [
    Event("ended", "people", "40 rows", {"result": "done"}),
    Event("quarantined", "tickets", "a.txt:3: refused", {"count": 1}),
    Event("ended", "tickets", "1,499 rows", {"result": "done"}),
    Event("ended", "places", "job is open", {"result": "open"}),
]


def test_quiet_says_what_was_bought_and_what_may_be_paid_twice(capsys: pytest.CaptureFixture[str]) -> None:
    risks = [
        Event("waiting", "tickets", "sending 5 texts again, which may cost twice", {"seconds": 2.0, "paid_twice": 5}),
        Event("waiting", "tickets", "of the local engine", {"seconds": 2.0, "paid_twice": 0}),
        Event("note", "", "stopped immediately", {"paid_twice": None}),
        Event("note", "", "nothing else"),
    ]
    with progress(Globals(".", None, -1, "text"), PLAN) as sink:
        for event in [*EVENTS, *risks, *REST]:
            sink(event)
    assert capsys.readouterr().err.splitlines() == [
        "people: job job_1",
        "tickets: sending 5 texts again, which may cost twice",
        "stopped immediately",
    ]


def test_counting() -> None:
    counted = ApplyProgress(PLAN)
    assert counted.text == "0 of 3 datasets done, 3 queued"
    for event in EVENTS:
        counted.take(event)
    assert counted.text == "0 of 3 datasets done, 2 running, 1 queued"
    assert (counted.rows_done, counted.rows) == (1010, 1540)
    assert counted.running["people"].text == "generating, 10 of 40 rows"
    for event in REST:
        counted.take(event)
    assert (counted.text, counted.rows_done) == ("3 of 3 datasets done", 1540)


def _play(sink: Sink, events: list[Event]) -> None:
    for event in events:
        sink(event)


def test_plain_lines(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_lines, "LINE_EVERY", 0.0)
    with progress(Globals(".", None, 0, "text"), PLAN) as sink:
        _play(sink, EVENTS + REST)
    assert capsys.readouterr().err.split("\n") == [
        "people: job job_1",
        "0 of 3 datasets done, 1 running, 2 queued; people: generating, 10 of 40 rows",
        "0 of 3 datasets done, 2 running, 1 queued; tickets: 1,000 of 1,500 texts",
        "the service responded: busy; retrying in 3 s",
        "tickets: a.txt:3: refused",
        "",
    ]


def test_the_same_wait_of_several_datasets_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    waits = [Event("waiting", "", text) for text in ("can't reach x; retrying", "busy", "can't reach x; retrying")]
    notes = [Event("note", "people", "again")] * 2
    with progress(Globals(".", None, 0, "text"), PLAN) as sink:
        _play(sink, waits + notes)
    assert capsys.readouterr().err.splitlines() == ["can't reach x; retrying", "busy", "people: again", "people: again"]


def test_a_wait_is_said_again_after_a_while(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress_lines, "LINE_EVERY", 0.0)
    with progress(Globals(".", None, 0, "text"), PLAN) as sink:
        _play(sink, [Event("waiting", "", "busy")] * 2)
    assert capsys.readouterr().err.splitlines() == ["busy", "busy"]


def test_quiet_says_job_ids_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(Globals(".", None, -1, "text"), PLAN) as sink:
        _play(sink, EVENTS + REST)
    assert capsys.readouterr().err == "people: job job_1\n"


def test_json_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(Globals(".", None, 0, "json"), PLAN) as sink:
        _play(sink, EVENTS + REST)
    values = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [value["event"] for value in values] == [event.kind for event in EVENTS + REST]
    assert values[2] == {"event": "submitted", "dataset_name": "people", "text": "job job_1", "job_id": "job_1"}


# -- a terminal ----------------------------------------------------------------------------------------------------

SCRIPT = """
import sys, time
from pioneer_build.cli.options import Globals
from pioneer_build.cli.progress import progress
from test_progress import EVENTS, PLAN, REST
with progress(Globals(".", None, 0, "text"), PLAN) as sink:
    for event in EVENTS:
        sink(event)
    time.sleep(0.3)
    sys.stdin.readline()
    for event in REST:
        sink(event)
print("the end")
"""


def _drawn(columns: int, then: int, **environment: str) -> str:
    """What a terminal of `columns` gets, which becomes `then` wide."""
    fcntl = pytest.importorskip("fcntl")
    termios = pytest.importorskip("termios")
    import pty

    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    paths = os.pathsep.join([str(ROOT), str(Path(__file__).parent)])
    variables = {**os.environ, "PYTHONPATH": paths, "TERM": "xterm-256color", **environment}
    variables.pop("COLUMNS")
    child = subprocess.Popen(
        [sys.executable, "-c", SCRIPT], stdin=follower, stdout=follower, stderr=follower, env=variables,
        start_new_session=True,
    )  # fmt: skip
    os.close(follower)
    data = b""
    resized = False
    while True:
        try:
            chunk = os.read(leader, 65536)
        except OSError:
            break
        if not chunk:
            break
        data += chunk
        if not resized and b"1,010/1,540" in data:
            resized = True
            fcntl.ioctl(leader, termios.TIOCSWINSZ, struct.pack("HHHH", 24, then, 0, 0))
            os.write(leader, b"\n")
    os.close(leader)
    assert child.wait(20) == 0, data.decode()
    return data.decode()


@pytest.mark.parametrize(("columns", "then"), [(60, 200), (80, 60), (200, 80)])
def test_a_terminal(columns: int, then: int) -> None:
    text = _drawn(columns, then)
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)
    assert "people: job job_1" in plain
    assert "0 of 3 datasets done, 2 running" in plain
    assert "1,010/1,540" in plain
    assert "the end" in plain
    assert max(len(line.rstrip()) for line in re.split(r"[\r\n]+", plain)) <= max(columns, then)
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h"), "the cursor is given back"


def test_a_terminal_that_can_not_move_its_cursor_gets_lines() -> None:
    text = _drawn_dumb()
    assert "\x1b" not in text
    assert "people: job job_1" in text


def _drawn_dumb() -> str:
    import pty

    leader, follower = pty.openpty()
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(Path(__file__).parent)]), "TERM": "dumb"}
    child = subprocess.Popen(
        [sys.executable, "-c", SCRIPT], stdin=subprocess.DEVNULL, stdout=follower, stderr=follower, env=variables
    )
    os.close(follower)
    assert child.wait(20) == 0
    text = os.read(leader, 65536).decode()
    os.close(leader)
    return text

"""Two real processes that label the same texts over one store at the same time: each text is paid for once."""

from __future__ import annotations

import json
import signal
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.crashes.machine import Forked, Server, write_spec
from tests.crashes.test_interrupts import until

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path


ROUTE = "POST /generate/ner/label-existing"
STALL = {"then": "stall", "seconds": 600}


def line_with(process: subprocess.Popen[str], words: str) -> str:
    """The next line on stderr that has these words."""
    assert process.stderr is not None
    for line in process.stderr:
        if words in line:
            return line
    raise AssertionError(f"it ended, and never said '{words}'")


def declare(project: Path, first: int, end: int, name: str = "a") -> set[str]:
    texts = [f"text {number}" for number in range(first, end)]
    (project / "specs" / f"{name}.txt").write_text("\n".join(texts) + "\n")
    write_spec(project, name, more=f"inputs: {name}.txt\n")
    return set(texts)


def test_two_worktrees_at_once_pay_once(tmp_path: Path) -> None:
    with Server("--label-seconds", "0.3") as server:
        machine = Forked(tmp_path, server.url)
        one, two = machine.checkout("one"), machine.checkout("two")
        texts = declare(one, 0, 6000) | declare(two, 1500, 7500)
        both = [machine.start(project, "apply", "--yes", "--format", "json") for project in (one, two)]
        ended = [(*process.communicate(timeout=120), process.returncode) for process in both]
        assert [code for *_, code in ended] == [0, 0], ended
        billed = server.billed_texts()
        assert Counter(billed) == Counter(texts)
        assert sum(json.loads(out)["examples"] for out, *_ in ended) == 7500
        assert [value["examples"] for project in (one, two) for value in machine.status(project).values()] == [6000] * 2
        for project in (one, two):
            assert machine.run(project, "plan", "--detailed-exitcode").returncode == 0


def test_two_datasets_of_one_project_with_the_same_definition_pay_once(tmp_path: Path) -> None:
    with Server("--label-seconds", "0.2") as server:
        machine = Forked(tmp_path, server.url)
        project = machine.checkout()
        texts = declare(project, 0, 1200) | declare(project, 0, 1200, "b")
        assert machine.run(project, "apply", "--yes").returncode == 0
        assert Counter(server.billed_texts()) == Counter(texts)


def test_the_first_is_killed_and_the_second_takes_over(tmp_path: Path) -> None:
    with Server() as server:
        machine = Forked(tmp_path, server.url)
        one, two = machine.checkout("one"), machine.checkout("two")
        declare(one, 0, 900)
        texts = declare(two, 0, 900)
        server.always(ROUTE, STALL)
        with machine.start(one, "apply", "--yes") as first:
            until(server.billed_texts, first)
            with machine.start(two, "apply", "--yes") as second:
                assert f"process {first.pid} on" in line_with(second, "being labelled by")
                server.always(ROUTE, None)
                first.send_signal(signal.SIGKILL)
                first.wait(30)
                out, err = second.communicate(timeout=120)
        assert second.returncode == 0, err
        assert "900 texts were in flight in a run that ended" in err
        assert "sent again because a response was missing, so 900 texts may be paid for twice" in " ".join(out.split())
        assert Counter(server.billed_texts()) == Counter([*texts, *texts]), "what was in flight, and once"
        assert [value["examples"] for value in machine.status(two).values()] == [900]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_waiting(tmp_path: Path, number: signal.Signals) -> None:
    with Server() as server:
        machine = Forked(tmp_path, server.url)
        one, two = machine.checkout("one"), machine.checkout("two")
        declare(one, 0, 5)
        declare(two, 0, 5)
        server.always(ROUTE, STALL)
        with machine.start(one, "apply", "--yes") as first:
            until(server.billed_texts, first)
            with machine.start(two, "apply", "--yes") as second:
                line_with(second, "being labelled by")
                second.send_signal(number)
                second.communicate(timeout=60)
            assert second.returncode == 130
            assert first.poll() is None
            assert len(server.billed_texts()) == 5
            first.kill()
            first.communicate(timeout=60)


@pytest.mark.parametrize("options", [(), ("-q",)])
def test_a_second_signal_names_what_is_paid_twice_and_the_next_apply_says_so(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    with Server() as server:
        machine = Forked(tmp_path, server.url)
        project = machine.checkout()
        declare(project, 0, 5)
        server.always(ROUTE, STALL)
        with machine.start(project, *options, "apply", "--yes") as process:
            until(server.billed_texts, process)
            process.send_signal(signal.SIGINT)
            line_with(process, "waiting up to")
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
        assert process.returncode == 130
        assert "stopped immediately" in err
        assert "its 5 texts would be sent again by the next apply, and paid for twice" in " ".join(err.split())
        server.always(ROUTE, None)
        done = machine.run(project, *options, "apply", "--yes")
        assert done.returncode == 0
        assert "5 texts were in flight in a run that ended" in " ".join(done.stderr.split())
        assert len(server.billed_texts()) == 10

"""Where datasets stand at several widths, without and with colour."""

from __future__ import annotations

import pytest

from pioneer_build.render.status import status_text
from tests.render.made import JOB, LONG, VALUE


@pytest.mark.parametrize("width", [60, 80, 200])
def test_status_fits_and_the_worst_is_first(width: int) -> None:
    unknown = {
        **VALUE, "dataset_name": "zebra", "state": "unknown", "examples": 0, "version": None,
        "jobs": [{**JOB, "job_id": None, "state": "unknown", "reason": LONG}], "command": "pioneer-build apply",
    }  # fmt: skip
    text = status_text([VALUE, unknown], width=width)
    assert text.startswith("unknown   zebra")
    assert max(map(len, text.split("\n"))) <= width
    assert text.endswith("\n2 datasets: 1 unknown, 1 ready")


def test_the_service_is_quoted() -> None:
    job = {**JOB, "state": "open", "now": "generating, 10 rows so far"}
    text = status_text([{**VALUE, "state": "open", "jobs": [job]}], width=200)
    assert "          job job_1, 40 examples, open, on the service: generating, 10 rows so far\n" in text


def test_what_is_not_as_it_should_be() -> None:
    value = {**VALUE, "verified": False, "inputs": {"quarantined": 1200}, "reason": "too few", "command": "do this"}
    lines = status_text([value], width=80).split("\n")
    assert lines[0] == "ready     people  38 rows, version 1, not verified, 1,200 texts quarantined"
    assert lines[1:3] == ["          too few", "          help: do this"]


def test_rows_that_are_missing_on_this_machine_explain_the_command() -> None:
    value = {**VALUE, "action": "fetch", "command": "pioneer-build apply --select people"}
    lines = status_text([value], width=80).split("\n")
    assert lines[0] == "ready     people  38 rows, version 1, to be fetched to this machine"
    assert "fetched" not in status_text([{**value, "reason": "never received"}], width=80)


@pytest.mark.parametrize("action", ["forget", "delete"])
def test_a_dataset_whose_spec_was_removed(action: str) -> None:
    """Its state is still that of its last job, and the command would forget it."""
    value = {**VALUE, "action": action, "command": "pioneer-build apply --select people"}
    assert status_text([value]).split("\n")[0] == "ready     people  38 rows, version 1, spec removed"


def test_colours() -> None:
    assert status_text([VALUE], colour=True).startswith("\x1b[32mready    \x1b[0m people")
    assert status_text([{**VALUE, "state": "forgotten"}], colour=True).startswith("forgotten people")


def test_no_datasets() -> None:
    assert status_text([]) == "No datasets. `pioneer-build init` creates some."

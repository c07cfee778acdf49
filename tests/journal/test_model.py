"""A submission: whether it was accepted, and what it is called."""

from __future__ import annotations

import pytest

from tests.journal.logs import intent


@pytest.mark.parametrize(
    ("changes", "accepted", "named"),
    [
        ({}, False, "an unanswered submission"),
        ({"job_id": "j-1"}, True, "job j-1"),
        ({"version": "3"}, True, "version 3"),
        ({"job_id": "j-1", "version": "3"}, True, "job j-1"),
    ],
    ids=str,
)
def test_what_the_service_said_of_it(changes: dict[str, object], accepted: bool, named: str) -> None:
    made = intent(**changes)
    assert (made.accepted, made.named) == (accepted, named)

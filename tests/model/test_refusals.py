"""What `Retry-After` asks for, and what is nonsense."""

from __future__ import annotations

import pytest

from pioneer_build.model.refusals import pause_of


@pytest.mark.parametrize(
    "said",
    [
        "1 Jan 99999999999999999999 00:00:00 GMT",
        "Fri, 01 Jan 2027 00:00:00 +99999999999999",
        "Fri, 01 Jan 2027 99999999999999999999:00:00 GMT",
        "nan",
        "soon",
        "",
    ],
)
def test_nonsense_is_no_pause(said: str) -> None:
    assert pause_of({"retry-after": said}, 0.0) is None


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("7", 7.0), ("0.5", 0.5), ("-1", 0.0), ("9" * 5000, 3600.0), ("Thu, 01 Jan 1970 00:01:00 GMT", 60.0)],
)
def test_seconds_and_dates_are_pauses(said: str, seconds: float) -> None:
    assert pause_of({"retry-after": said}, 0.0) == seconds

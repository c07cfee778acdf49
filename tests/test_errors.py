"""What errors say, what helps, and which of them are which."""

from __future__ import annotations

import pickle
import traceback

import pytest

from pioneer_build import errors
from pioneer_build.errors import (
    Busy,
    FateUnknown,
    MissingExtra,
    NoAccess,
    NotReached,
    NotThere,
    PioneerError,
    Problem,
    Problems,
    Refused,
    ServiceError,
    UsageError,
)


def test_an_error_has_a_message_and_a_hint() -> None:
    error = PioneerError("it is wrong", hint="make it right")
    assert (str(error), error.message, error.hint) == ("it is wrong", "it is wrong", "make it right")
    assert PioneerError("it is wrong").hint is None


def test_a_scripts_traceback_shows_the_hint() -> None:
    shown = "".join(traceback.format_exception(PioneerError("it is wrong", hint="make it right")))
    assert "it is wrong" in shown
    assert "help: make it right" in shown
    assert "help" not in "".join(traceback.format_exception(PioneerError("it is wrong")))


def test_every_error_is_one_that_a_user_may_see() -> None:
    found = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, Exception)]
    assert len(found) > 10
    assert all(issubclass(one, PioneerError) for one in found)


@pytest.mark.parametrize("kind", [NotReached, Busy, NoAccess, Refused, FateUnknown, NotThere])
def test_errors_of_the_service(kind: type[ServiceError]) -> None:
    error = kind("no", "try", status=418)
    assert isinstance(error, ServiceError)
    assert (error.status, error.link, error.details) == (418, None, ())


def test_what_certainly_was_not_accepted() -> None:
    assert issubclass(NotThere, Refused)
    for kind in (NotReached, Busy, NoAccess, FateUnknown):
        assert not issubclass(kind, Refused)
    assert not issubclass(UsageError, ServiceError)


def test_what_the_service_gave_along() -> None:
    error = Refused("no", status=422, link="https://x.test", details=["a", "b"])
    assert (error.link, error.details) == ("https://x.test", ("a", "b"))
    assert Busy("no", retry_after=1.5).retry_after == 1.5


def test_an_extra_that_is_missing() -> None:
    error = MissingExtra("a Parquet file", "parquet")
    assert error.message == "a Parquet file needs the extra 'parquet', which is not installed"
    assert (error.hint, error.extra) == ("pip install 'pioneer-build[parquet]'", "parquet")


def test_places_of_problems() -> None:
    assert Problem("specs/x.yaml", 6, 1, "odd").place == "specs/x.yaml:6:1"
    assert Problem("specs/x.yaml", 0, 0, "odd").place == "specs/x.yaml"
    assert pickle.loads(pickle.dumps(Problem("a", 1, 2, "odd"))) == Problem("a", 1, 2, "odd")


def test_problems_are_sorted_by_place_and_counted() -> None:
    one, two, three = Problem("a", 10, 1, "x"), Problem("a", 9, 2, "x"), Problem("b", 1, 1, "x")
    found = Problems([three, one, two])
    assert found.problems == (two, one, three)
    assert str(found) == "3 errors"
    assert str(Problems([one])) == "1 error"


def test_problems_that_are_alike_but_for_what_can_not_be_compared() -> None:
    """The place and the message decide; hints and sources may be missing."""
    one, two = Problem("a", 1, 1, "x", hint=None), Problem("a", 1, 1, "x", hint="h")
    assert set(Problems([one, two]).problems) == {one, two}

"""Causes that several datasets share, found at the ends of their messages."""

from __future__ import annotations

from pioneer_build.apply.results import Outcome
from pioneer_build.render.shared_causes import shared_causes

LONG = "can't reach 127.0.0.1:9: All connection attempts failed"
OTHER = "the service doesn't accept the key (401): it expired yesterday"


def _stopped(**messages: str) -> list[Outcome]:
    return [Outcome(name, "create", "stopped", message) for name, message in messages.items()]


def test_the_end_that_most_share_is_the_cause() -> None:
    found = shared_causes(_stopped(
        a=f"not submitted: listing a: {LONG}",
        b=f"not submitted: listing b: {LONG}",
        c=f"not labelled: {LONG}",
        d=f"not labelled: {LONG}",
        e=f"x: {OTHER}",
        f=OTHER,
        g="not submitted: what nobody else has, and that is long enough",
    ))  # fmt: skip
    assert {name: (cause.text, cause.datasets) for name, cause in found.items()} == {
        **dict.fromkeys("abcd", (LONG, "4 datasets (a, b, c, d)")),
        **dict.fromkeys("ef", (OTHER, "2 datasets (e, f)")),
    }
    assert found["a"].without(f"not submitted: listing a: {LONG}") == "not submitted: listing a (cause below)"
    assert found["f"].without(OTHER) == "cause below"


def test_what_is_short_or_alone_stays_with_its_dataset() -> None:
    assert shared_causes([]) == {}
    assert shared_causes(_stopped(a=f"x: {LONG}")) == {}
    assert shared_causes(_stopped(a="not submitted: interrupted", b="not submitted: interrupted")) == {}


def test_many_datasets_are_counted_and_many_colons_are_no_work() -> None:
    names = [f"d{number:02}" for number in range(13)]
    found = shared_causes(_stopped(**dict.fromkeys(names, LONG)))
    assert found["d00"].datasets == f"13 datasets ({', '.join(names[:10])} and 3 others)"
    many = "a: " * 200_000 + LONG
    assert shared_causes(_stopped(a=f"x: {many}", b=many))["a"].text.endswith(LONG)

"""The end of an apply, as text and as JSON."""

from __future__ import annotations

import pytest

from pioneer_build.apply.results import Outcome, Report
from pioneer_build.errors import NoAccess, NotReached
from pioneer_build.plan import Plan
from pioneer_build.render.apply import outcome_text, outcome_value
from tests.render.made import LONG


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
            "the service requires payment (402)", "see https://example.org/pay", link="https://example.org"
        ),
    )
    text = outcome_text(report, width=width)
    assert max(map(len, text.split("\n"))) <= width
    assert "✓ people  done     40 rows" in text
    assert "    help: pioneer-build apply" in text
    assert "stopped: the service requires payment (402)" in text
    assert "Sent 2 requests for 80 examples." in " ".join(text.split())


@pytest.mark.parametrize(
    ("report", "unchanged", "said"),
    [
        (Report(()), 0, "Nothing to do."),
        (Report(()), 1, "Nothing to do: 1 dataset up to date."),
        (Report((), lock_changed=True), 3, "Nothing to do. Sent no requests. pioneer.lock was written:"),
        (
            Report((Outcome("a", "create", "open", "job is open"),), 1, 1, interrupted=True),
            0,
            "the next apply resumes them. Sent 1 request for 1 example. pioneer.lock is unchanged.",
        ),
        (
            Report((Outcome("a", "create", "done", "x"), Outcome("b", "create", "failed", "y"))),
            0,
            "Apply: 1 of 2 done.",
        ),
    ],
)
def test_the_summary(report: Report, unchanged: int, said: str) -> None:
    assert said in outcome_text(report, unchanged=unchanged, width=500)


def test_marks_have_colours() -> None:
    report = Report(tuple(Outcome(word, "create", word, "") for word in ("done", "open", "pending", "failed")))  # type: ignore[arg-type]
    marks = [line[:10] for line in outcome_text(report, colour=True).split("\n")[:4]]
    assert marks == ["\x1b[32m✓\x1b[0m", "\x1b[33m…\x1b[0m", "\x1b[33m…\x1b[0m", "\x1b[31m✗\x1b[0m"]
    assert outcome_text(report)[0] == "✓"


def test_the_json() -> None:
    stopped = NoAccess("no money (402)", "pay", link="https://example.org")
    report = Report((Outcome("a", "create", "done", "40 rows", details=("d",)),), 2, 80, stopped, lock_changed=True)
    value = outcome_value(report, Plan("pioneer", ()))
    assert value.pop("stopped") == {"message": "no money (402)", "hint": "pay", "link": "https://example.org"}
    assert value == {
        "format": 1,
        "backend": "pioneer",
        "good": False,
        "interrupted": False,
        "requests": 2,
        "examples": 80,
        "resent": {"requests": 0, "examples": 0},
        "refused": {"requests": 0, "examples": 0},
        "lock_changed": True,
        "datasets": [
            {
                "dataset_name": "a",
                "action": "create",
                "result": "done",
                "message": "40 rows",
                "command": None,
                "details": ["d"],
            }
        ],
    }
    assert outcome_value(Report(()), Plan("local", ()))["stopped"] is None


def test_what_was_sent_again_is_said() -> None:
    report = Report((Outcome("a", "label", "done", "2 rows"),), 3, 2000, resent_requests=2, resent_examples=1500)
    text = " ".join(outcome_text(report).split())
    assert (
        "Sent 3 requests for 2,000 examples; 2 requests of these were sent again because a response was missing,"
        " so 1,500 texts may be paid for twice." in text
    )
    assert outcome_value(report, Plan("x", ()))["resent"] == {"requests": 2, "examples": 1500}


def test_what_was_deleted_is_named() -> None:
    half = Outcome("a", "delete", "stopped", "409: in use", "pioneer-build apply", deleted=("a", "a-0badcafe"))
    assert "    deleted on the service: a, a-0badcafe" in outcome_text(Report((half,))).splitlines()
    assert outcome_value(Report((half,)), Plan("x", ()))["datasets"][0]["deleted"] == ["a", "a-0badcafe"]


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        (0, "Sent 3 requests for 30 examples."),
        (1, "Sent 3 requests for 30 examples; 1 request of these was refused by the service."),
        (2, "Sent 3 requests for 30 examples; 2 requests of these were refused by the service."),
        (3, "Sent 3 requests for 30 examples, refused by the service."),
    ],
)
def test_what_was_refused_was_sent(refused: int, said: str) -> None:
    report = Report((), requests=3, examples=30, lock_changed=True, refused_requests=refused)
    assert said in outcome_text(report, width=200)


CAUSE = "can't reach 127.0.0.1:9: All connection attempts failed"
HINT = "check the network and the base URL (PIONEER_BASE_URL)"


def _unreached(name: str) -> Outcome:
    return Outcome(name, "create", "stopped", f"not submitted: listing the versions of {name}: {CAUSE}; {HINT}")


def test_a_cause_that_several_datasets_share_is_said_once() -> None:
    error = NotReached(f"listing the versions of a: {CAUSE}", HINT)
    report = Report((_unreached("a"), _unreached("b"), Outcome("c", "create", "done", "40 rows")), stopped=error)
    assert outcome_text(report, width=200) == (
        "✗ a  stopped  not submitted: listing the versions of a (cause below)\n"
        "✗ b  stopped  not submitted: listing the versions of b (cause below)\n"
        "✓ c  done     40 rows\n"
        "\n"
        "Apply: 1 of 3 done. Sent no requests. pioneer.lock is unchanged.\n"
        "\n"
        f"stopped for 2 datasets (a, b): {CAUSE}\n"
        f"  help: {HINT}"
    )
    value = outcome_value(report, Plan("pioneer", ()))
    assert value["stopped"]["message"] == f"listing the versions of a: {CAUSE}", "JSON has each as it was"
    assert [one["message"].count(CAUSE) for one in value["datasets"]] == [1, 1, 0]


def test_a_cause_that_did_not_end_the_run_is_said_before_the_summary() -> None:
    said = "the service returned 500: the model is being replaced"
    outcomes = tuple(Outcome(name, "resume", "open", "job is open") for name in ("x", "y"))
    failed = tuple(
        Outcome(name, "resume", "stopped", f"job {name}1 stays open; polling failed: {said}", "pioneer-build apply")
        for name in ("a", "b")
    )
    text = outcome_text(Report((*failed, *outcomes)), width=200)
    assert text.count(said) == 1
    assert f"\n\ncause for 2 datasets (a, b): {said}\n\nApply: 0 of 4 done." in text
    assert "✗ a  stopped  job a1 stays open; polling failed (cause below)\n    help: pioneer-build apply\n" in text


@pytest.mark.parametrize(
    ("here", "said"),
    [
        (True, "Interrupted: the work ended with this process, and the next apply resumes it."),
        (False, "Interrupted: submitted jobs continue on the service, and the next apply resumes them."),
    ],
)
def test_an_interrupted_apply_says_where_its_jobs_are(here: bool, said: str) -> None:
    report = Report((Outcome("people", "create", "open", "submitted"),), interrupted=True)
    text = outcome_text(report, width=200, here=here)
    assert said in text

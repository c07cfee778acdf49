"""Submitting: versions are listed before anything is paid for; nothing is lost or sent twice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pioneer_build.apply.submit import request_for
from pioneer_build.lock.model import digest_of
from pioneer_build.project.lock_file import LOCK_NAME
from pioneer_build.spec.label_descriptions import described_domain
from pioneer_build.spec.model import EntityExample, Spec
from tests.apply.bench import SPEC, Bench
from tests.apply.world import declared

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("fault", "result"), [("refused", "failed"), ("no-access", "stopped"),
                                               ("not-reached", "stopped")])  # fmt: skip
def test_what_was_not_accepted_is_recorded_as_that(bench: Bench, fault: str, result: str) -> None:
    bench.service.lists = False
    assert bench.apply(fault) == result
    assert bench.report.requests == bench.report.refused_requests == (fault != "not-reached"), "what was sent counts"
    if result == "failed":
        assert bench.message.startswith("specs/a.yaml:1:1: refused by the service")
        assert bench.apply() == "blocked"
        assert bench.apply(retry=True) == "done"
    else:
        assert not (bench.checkout.root / LOCK_NAME).exists()
        assert bench.apply() == "done"
    assert len(bench.service.jobs) == 1


@pytest.mark.parametrize("lists", [True, False])
def test_a_busy_service_is_sent_it_again_and_each_time_is_counted(bench: Bench, lists: bool) -> None:
    bench.service.lists = lists
    faults = ["", "busy", "", "busy", ""] if lists else ["busy", "busy"]
    assert bench.apply(*faults) == "done"
    assert (bench.service.submits, bench.report.requests, bench.report.examples) == (3, 3, 12)
    assert bench.world.clock.seconds >= 3, "with pauses"


def test_no_more_is_sent_than_the_budget_allows(tmp_path: Path) -> None:
    bench = Bench(tmp_path, lists=False)
    for number, budget in ((1, {"max_requests": 1}), (2, {"max_examples": 7})):
        assert bench.apply("busy", "busy", "busy", **budget) == "stopped"
        assert bench.message == "not submitted: too many requests; the budget is used up"
        assert (bench.service.submits, bench.report.requests) == (number, 1)
    assert bench.apply("busy", "busy", "busy", max_requests=3) == "stopped"
    assert bench.service.submits == 5
    assert bench.apply(max_requests=1) == "done"


def test_a_service_that_stays_busy_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    bench = Bench(tmp_path, lists=False)
    assert bench.apply(*["busy"] * 99) == "stopped"
    assert 800 < bench.world.clock.seconds <= 900
    assert bench.service.submits < 40
    assert bench.apply() == "done"


def test_a_gateway_is_not_believed_where_versions_are_listed(tmp_path: Path) -> None:
    bench = Bench(tmp_path, lists=True)
    assert bench.apply("", "gateway") == "unknown"
    assert "too many requests, but version 1 of 'a' is new" in bench.message
    assert bench.apply() == "done"
    assert (bench.service.submits, bench.states()) == (1, ["ready"])


def test_elsewhere_its_503_is_unknown(tmp_path: Path) -> None:
    bench = Bench(tmp_path, lists=False)
    assert bench.apply("gateway") == "unknown"
    assert bench.apply() == "unknown"
    assert bench.service.submits == 1


def test_one_that_appears_after_all_is_not_built_upon_silently(bench: Bench) -> None:
    assert bench.apply("", "lost") == "unknown"
    assert bench.apply(resubmit=True) == "done"
    bench.foreign()
    bench.edit(num_examples=8)
    assert bench.apply() == "refused"
    assert "version 2 is in neither pioneer.lock nor the journal" in bench.message
    assert bench.service.submits == 2


def test_without_waiting_no_more_jobs_are_open_than_may_be(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    for name in "bcd":
        bench.checkout.specs[name] = replace(SPEC, dataset_name=name)
    bench.apply(wait=False, max_open_jobs=3)
    assert [outcome.result for outcome in bench.report.outcomes] == ["open", "open", "open", "pending"]
    limit = "at most 3 jobs may be open at a time (`max_open_jobs`)"
    assert bench.report.outcomes[-1].message == f"not submitted yet: {limit}"
    assert bench.report.good
    bench.apply()
    assert all(outcome.result == "done" for outcome in bench.report.outcomes)


def test_a_disk_that_takes_nothing_after_the_intent(bench: Bench) -> None:
    assert bench.apply(disk={"journal": {1, 2, 3, 4}, "lock": set(range(9))}) == "stopped"
    assert "the service accepted job job-1" in bench.message
    assert bench.command == "pioneer-build adopt a job-1"
    assert bench.report.stopped is not None
    assert bench.apply() == "done"  # by the service's list
    assert bench.service.submits == 1


def test_a_refusal_points_at_the_key_of_the_spec_that_it_is_about(bench: Bench) -> None:
    bench.service.lists = False
    bench.edit(marks=(("num_examples", 7, 3),))
    assert bench.apply("refused") == "failed"
    assert bench.message == "specs/a.yaml:7:3: refused by the service: num_examples is too large"


def test_what_is_sent_was_taken_down_as_it_was_sent(bench: Bench) -> None:
    assert bench.apply() == "done"
    bench.edit(num_examples=6)
    assert bench.apply() == "done"
    first, second = bench.world.submissions()
    assert (first.asked, first.order, first.known, first.base_name) == (4, 0, (), "a")
    assert (second.asked, second.order, second.known, second.remote_name) == (2, 1, ("1",), "a")
    assert first.request == digest_of(request_for(declared(SPEC), "a", 4, "pioneer").body())
    assert second.request == digest_of(request_for(declared(SPEC), "a", 2, "pioneer").body())


@pytest.mark.parametrize("fault", ["created-unanswered", "lost"])
def test_what_was_not_answered_counts_as_spent(bench: Bench, fault: str) -> None:
    assert bench.apply("", fault) == "unknown"
    assert (bench.report.requests, bench.report.examples) == (1, 4)
    assert [item.state for item in bench.world.submissions()] == ["unknown"]


GUIDED = Spec(
    "a",
    "ner",
    ("x", "b"),
    4,
    domain_description="mail ",
    ner_examples=(EntityExample("Ada", (("Ada", "x"),)),),
    label_descriptions=(("x", "the  first"), ("b", 'a "b"')),
)


@pytest.mark.parametrize("backend", ["local", "model/small"])
def test_a_backend_that_reads_guidance_gets_it_as_it_was_written(backend: str) -> None:
    body = request_for(declared(GUIDED), "a", 4, backend).body()
    assert body["domain_description"] == "mail "
    assert body["label_descriptions"] == {"x": "the  first", "b": 'a "b"'}
    assert body["ner_examples"] == [{"text": "Ada", "entities": [["Ada", "x"]]}]


def test_a_service_gets_descriptions_in_the_text_that_it_reads() -> None:
    body = request_for(declared(GUIDED), "a", 4, "https://example.org").body()
    assert body == {
        "task_type": "ner", "dataset_name": "a", "num_examples": 4, "labels": ["x", "b"],
        "domain_description": 'mail\nLabels: {"b": "a \\"b\\"", "x": "the first"}',
    }  # fmt: skip
    assert body["domain_description"] == described_domain("mail ", GUIDED.label_descriptions)

"""The steps of a label spec: each text is paid for once, whatever stops them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.lock.model import Lock, Tokens
from pioneer_build.store import Store
from tests.apply.labelling import Project, result

if TYPE_CHECKING:
    from pathlib import Path


def test_each_text_is_bought_once(project: Project) -> None:
    project.texts += project.texts[:7]
    assert result(project.apply()) == "done"
    assert len(project.service.requests) == 1
    assert set(project.service.answered.values()) == {1}
    assert project.entry().examples == 47
    assert project.apply().outcomes == ()
    project.texts += ("new",)
    assert result(project.apply()) == "done"
    assert project.service.requests[1:] == [("new",)]


def test_a_budget_stops_in_the_middle_and_loses_nothing(project: Project) -> None:
    project.texts = tuple(f"text {number}" for number in range(5000))
    report = project.apply(max_requests=2)
    assert (result(report), report.requests) == ("refused", 2)
    assert sum(project.service.answered.values()) == 2000
    assert dict(project.entry().paid) == {project.entry().fingerprint: 2000}
    assert result(project.apply()) == "done"
    assert set(project.service.answered.values()) == {1}


def test_an_interrupt_keeps_every_answer(project: Project) -> None:
    project.texts = tuple(f"text {number}" for number in range(30000))
    report = project.apply(interrupt_at=3)
    assert report.interrupted
    kept = sum(project.service.answered.values())
    assert 0 < kept < 30000
    assert result(project.apply()) == "done"
    assert set(project.service.answered.values()) == {1}


def test_paid_annotations_that_vanish_are_not_bought_again_silently(project: Project, tmp_path: Path) -> None:
    project.apply()
    project.store = Store(tmp_path / "another-store")
    report = project.apply()
    assert result(report) == "refused"
    assert len(project.service.requests) == 1


def test_the_local_engine_labels_again_without_a_request(project: Project, tmp_path: Path) -> None:
    assert project.apply(free=True).requests == 1
    project.store = Store(tmp_path / "another-store")
    project.events.clear()
    report = project.apply(free=True, max_requests=0, max_examples=0)
    assert project.plan.requests == 0
    assert (result(report), report.requests, report.examples) == ("done", 0, 0)
    assert len(project.service.requests) == 2
    assert "the local engine labels 40 texts again" in [event.text for event in project.events if event.kind == "note"]


def test_progress_counts_texts(project: Project) -> None:
    project.texts = ("one",)
    project.apply()
    (text,) = [event.text for event in project.events if event.kind == "labelled"]
    assert text.startswith("1 of 1 text, ")
    assert text.endswith(" per second")


def test_the_lock_reads_back(project: Project) -> None:
    project.apply()
    assert isinstance(project.lock, Lock)


def test_tokens_of_label_requests_add_up_by_definition(project: Project) -> None:
    project.service.tokens = 5
    project.texts = ("a", "b")
    assert result(project.apply()) == "done"
    project.texts = ("a", "b", "c")
    assert result(project.apply()) == "done"
    entry = project.entry()
    assert dict(entry.tokens) == {entry.fingerprint: Tokens(15, 3)}
    first = entry.fingerprint
    project.labels = ("x", "z")
    assert result(project.apply()) == "done"
    entry = project.entry()
    assert dict(entry.tokens) == {first: Tokens(15, 3), entry.fingerprint: Tokens(15, 3)}


def test_tokens_count_where_a_step_ends_early(project: Project) -> None:
    project.service.tokens = 1
    project.texts = tuple(f"text {number}" for number in range(5000))
    assert result(project.apply(max_requests=2)) == "refused"
    assert [tokens for _, tokens in project.entry().tokens] == [Tokens(2000, 2000)]

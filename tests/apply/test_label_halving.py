"""Batches with texts that make them fail, outages and empty responses: what is paid for, stored and reported."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pioneer_build.apply import label_halving, label_in_flight
from pioneer_build.errors import Refused
from pioneer_build.ports import Labelled
from pioneer_build.spec.model import Checks
from pioneer_build.spec.request_limits import SENDS_PER_TEXT, TEXTS_PER_REQUEST, label_requests_at_most
from tests.apply.labelling import Project, holds, result
from tests.apply.world import BACKEND

if TYPE_CHECKING:
    from collections.abc import Sequence


@pytest.mark.parametrize("kind", ["refuse", "fail"])
@pytest.mark.parametrize("poison", [(0,), (39,), (17,), (0, 1), (0, 39), (5, 6, 7, 30), (38, 39)])
def test_poison_is_found_and_named(project: Project, kind: str, poison: tuple[int, ...]) -> None:
    bad = tuple(project.texts[number] for number in poison)
    setattr(project.service, kind, holds(*bad))
    report = project.apply()
    if kind == "fail" and len(poison) > 1 and {number < 20 for number in poison} == {True, False}:
        # both halves fail: it looks like an outage, and is not multiplied
        assert result(report) == "stopped"
        assert len(project.service.requests) <= 5
        return
    assert result(report) == "rejected"
    number, texts, were = len(poison), "text" if len(poison) == 1 else "texts", "was" if len(poison) == 1 else "were"
    assert report.outcomes[0].message == (
        f"{number} {texts} got no usable annotation and {were} quarantined"
        f" ({number} {were} refused by the service); the others are used"
    )
    assert len([event for event in project.events if event.kind == "quarantined"]) == number
    assert set(project.service.answered) == set(project.texts) - set(bad)
    assert set(project.service.answered.values()) == {1}
    assert project.entry().examples == 40 - len(poison)
    assert dict(project.entry().paid) == {project.entry().fingerprint: 40 - len(poison)}
    assert project.apply().outcomes == ()
    # the service now accepts them
    setattr(project.service, kind, lambda texts: False)
    before = len(project.service.requests)
    assert result(project.apply(retry=True)) == "done"
    assert [set(texts) for texts in project.service.requests[before:]] == [set(bad)]
    assert project.entry().examples == 40


def test_the_figures_of_the_page_are_those_of_the_code() -> None:
    """docs/outcomes.md says what an outage, and a search, may cost."""
    page = Path(__file__).parents[2].joinpath("docs", "outcomes.md").read_text(encoding="utf-8")
    said = " ".join(page.partition("## Label requests that are sent again")[2].partition("\n## ")[0].split())
    words = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight")
    tries = label_halving._TRIES
    pauses = " and ".join(f"{2**number}" for number in range(1, tries))
    assert f"A batch is sent up to {words[tries]} times, with pauses of {pauses} seconds." in said
    assert f"stops: {words[tries + 2]} requests, each text sent {words[tries + 1]} times." in said, "and its two halves"
    assert f"ends after {words[SENDS_PER_TEXT]} times the texts of the batch" in said
    assert "after `3 + 4 × log2` of their number requests" in said
    for power in range(1, 11):
        assert label_requests_at_most(2**power) == 3 + 4 * power
    assert f"({label_requests_at_most(TEXTS_PER_REQUEST)} for {TEXTS_PER_REQUEST:,} texts)" in said
    assert label_requests_at_most(TEXTS_PER_REQUEST) == 43
    limits = label_in_flight._AT_LEAST, label_in_flight._UNKNOWN, label_in_flight._AT_MOST, label_in_flight._SLOWER
    assert limits == (10, 60, 120, 1.5)
    assert (
        "one and a half times the slowest of this run, a minute if there was none yet, never less than 10 seconds or"
        " more than two minutes" in said
    )


def test_a_poisonous_text_among_many_costs_few_requests(project: Project) -> None:
    project.texts = tuple(f"text {number}" for number in range(1000))
    project.service.refuse = holds("text 700")
    project.apply()
    assert len(project.service.requests) <= 2 + 2 * 10


def test_an_outage_is_not_multiplied(project: Project) -> None:
    project.texts = tuple(f"text {number}" for number in range(5000))
    project.service.fail = lambda texts: True
    report = project.apply()
    assert (result(report), len(project.service.requests)) == ("stopped", 5)
    assert report.requests == 5
    project.service.fail = lambda texts: False
    assert result(project.apply()) == "done"


def test_what_is_sent_again_is_in_the_report_and_in_the_budget(project: Project) -> None:
    failing = iter([True, True])
    project.service.fail = lambda texts: next(failing, False)
    report = project.apply()
    assert (result(report), report.requests, report.examples) == ("done", 3, 120)
    assert (report.resent_requests, report.resent_examples) == (2, 80)
    waits = [event.text for event in project.events if event.kind == "waiting"]
    assert waits[0] == "the service returned 500; sending the 40 texts again in 2 s, which may cost twice"
    # a budget of what the plan says leaves nothing for a missing response
    project.texts = tuple(f"other {number}" for number in range(40))
    failing = iter([True])
    report = project.apply(max_requests=1)
    assert (result(report), report.requests, report.resent_requests) == ("refused", 1, 0)
    assert result(project.apply()) == "done"


def test_the_worst_case_of_a_plan_is_never_exceeded(project: Project) -> None:
    """Every 5xx as late as possible: each half succeeds just often enough that the search goes on."""
    for seed in range(40):
        dice = random.Random(seed)
        share = dice.choice([0.3, 0.5, 0.7, 0.9])
        project.texts = tuple(f"text {seed} {number}" for number in range(dice.choice([1, 2, 3, 40, 200])))
        before = len(project.service.requests)
        project.service.fail = lambda texts: dice.random() < share  # noqa: B023 - called in this round only
        report = project.apply()
        (step,) = project.plan.steps
        assert step.requests_at_most is not None
        assert step.examples_at_most is not None
        sent = project.service.requests[before:]
        assert len(sent) == report.requests <= step.requests_at_most
        assert sum(map(len, sent)) == report.examples <= step.examples_at_most


def test_an_outage_in_the_middle_ends_the_search(project: Project) -> None:
    project.texts = tuple(f"text {number}" for number in range(1000))
    project.service.fail = lambda texts: len(project.service.requests) > 6 or "text 1" in texts
    assert result(project.apply()) == "stopped"
    assert len(project.service.requests) <= 20
    kept = set(project.service.answered)
    project.service.fail = lambda texts: False
    project.apply()
    assert set(project.service.answered.values()) == {1}
    assert kept
    assert project.entry().examples == 1000


def test_a_request_that_is_wrong_itself_is_not_halved_to_the_end(project: Project) -> None:
    project.texts = tuple(f"text {number}" for number in range(1000))
    project.service.refuse = lambda texts: True
    report = project.apply()
    assert result(report) == "failed"
    assert len(project.service.requests) <= 20
    assert report.requests == report.refused_requests == len(project.service.requests)
    assert result(project.apply()) == "blocked"
    assert len(project.service.requests) <= 20
    assert not project.store.annotations(BACKEND, project.entry().fingerprint).quarantined()


def test_a_refusal_that_names_the_labels_is_sent_once(project: Project) -> None:
    def refuse(*_: object) -> bool:
        raise Refused("labels: at most 1", status=422, details=("labels: at most 1 item",))

    project.service.refuse = refuse
    assert result(project.apply()) == "failed"
    assert len(project.service.requests) == 1


def test_empty_answers_are_no_dataset(project: Project) -> None:
    project.texts = tuple(f"text {number}" for number in range(3000))
    project.service.silent = lambda text: True
    assert result(project.apply()) == "rejected"
    assert len(project.service.requests) == 1
    assert project.entry().labelling is None
    assert result(project.apply()) == "blocked"
    assert len(project.service.requests) == 1
    project.service.silent = lambda text: False
    assert result(project.apply(retry=True)) == "done"


def test_one_empty_answer_for_one_new_text_spoils_nothing(project: Project) -> None:
    project.apply()
    project.texts += ("new",)
    project.service.silent = lambda text: text == "new"
    report = project.apply()
    assert result(report) == "rejected"
    assert "1 text got no usable annotation and was quarantined (1 has no annotation)" in report.outcomes[0].message
    assert project.entry().examples == 40
    assert project.entry().rejection is None
    assert project.apply().outcomes == ()
    project.service.silent = lambda text: False
    assert result(project.apply(retry=True)) == "done"
    assert project.service.requests[2:] == [("new",)]


@settings(max_examples=30, deadline=None)
@example(refused={0, 15, 29}, silent=set(), stops=[])  # the first, the last and the one in the middle
@given(
    refused=st.sets(st.integers(0, 29), max_size=4),
    silent=st.sets(st.integers(0, 29), max_size=3),
    stops=st.lists(st.integers(1, 6), max_size=2),
)
def test_whatever_is_refused_every_other_text_is_bought_once(
    tmp_path_factory: pytest.TempPathFactory, refused: set[int], silent: set[int], stops: list[int]
) -> None:
    project = Project(tmp_path_factory.mktemp("label"))
    project.texts = tuple(f"text {number}" for number in range(30))
    project.service.refuse = holds(*(project.texts[number] for number in refused))
    project.service.silent = lambda text: int(text.split()[1]) in silent
    for stop in stops:
        project.apply(interrupt_at=len(project.service.requests) + stop)
    project.apply()
    project.apply()
    done = set(project.texts) - {project.texts[number] for number in refused}
    assert set(project.service.answered) == done
    assert set(project.service.answered.values()) == {1}
    entry = project.entry()
    if entry.labelling is not None:
        assert entry.examples == len(done - {project.texts[number] for number in silent})


def test_an_annotation_whose_row_could_not_be_read_is_quarantined(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service may answer with a label of any length where the spec declares none."""
    monkeypatch.setattr("pioneer_build.apply.label_halving.LONGEST_ANNOTATION", 1 << 20)
    room = (1 << 20) - len(b'{"label":""}\n')
    project.texts = ("fits", "too long")
    project.labels = ()
    project.checks = Checks(min_accepted=0.5)

    async def label(task_type: str, labels: Sequence[str], texts: Sequence[str], _: object) -> Labelled:
        project.service.requests.append(tuple(texts))
        return Labelled(tuple({"label": "x" * (room + (one == "too long"))} for one in texts), ())

    monkeypatch.setattr(project.service, "label", label)
    assert result(project.apply()) == "rejected"
    entry = project.entry()
    (found,) = project.store.annotations(BACKEND, entry.fingerprint).quarantined().values()
    assert found.reason == "bad-shape: the annotation takes more than 1 MiB"
    (line,) = project.store.lines(entry.labelling.content)
    assert len(line) == (1 << 20) + len(b'"text":"fits",')

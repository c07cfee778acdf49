"""Steps and plans as values: sums, the least time, and what a step was decided on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pioneer_build.plan import (
    Choices,
    Reason,
    Step,
)
from pioneer_build.spec.model import Spec, TopUp
from tests.plan.steps import (
    ITEM,
    LABEL,
    OTHER,
    facts,
    labelled,
    plan,
    sized,
    step,
)
from tests.planning import declared, entry, generate_spec, job


def test_sums_and_the_least_time() -> None:
    specs = [declared(generate_spec(f"d{number:03}", num_examples=3)) for number in range(241)]
    whole = plan(*specs, requests_per_minute=120)
    assert (whole.requests, whole.examples, whole.seconds_at_least) == (241, 723, 120)
    assert plan(*specs[:120], requests_per_minute=120).seconds_at_least == 0
    assert plan(*specs[:121], requests_per_minute=120).seconds_at_least == 60
    assert plan(*specs).seconds_at_least == 0
    assert plan(requests_per_minute=120).seconds_at_least == 0
    assert whole.counts() == {"create": 241}
    assert whole.changes
    part = whole.only({"d001", "nothing"})
    assert [one.dataset_name for one in part.steps] == ["d001"]


def test_a_reason_about_the_whole_dataset_has_no_key() -> None:
    labels, whole = Reason("labels", '+ "x"', [], ["x"]), Reason("dataset_name", "new dataset")
    assert (labels.key, labels.line) == ("labels", 'labels: + "x"')
    assert (whole.key, whole.line, whole.field) == (None, "new dataset", "dataset_name")


def test_what_a_step_was_decided_on_is_digested_only_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from pioneer_build.plan import model as values

    asked: list[object] = []
    monkeypatch.setattr(values, "digest_of", lambda value: asked.append(value) or "sha256:x")
    one = step(ITEM, entry(ITEM, job(ITEM)))
    assert not asked
    assert one.basis == "sha256:x"
    assert len(asked) == 1
    assert Step("a", "none", evidence="saved").basis == "saved"
    assert isinstance(ITEM.spec, Spec)


@pytest.mark.parametrize(
    "other",
    [
        {"known": entry(ITEM, job(ITEM, got=9))},
        {"known": entry(ITEM, job(ITEM, 2))},
        {"known": entry(ITEM, job(ITEM), protect=True)},
        {"known": entry(ITEM, job(ITEM), base_name="old")},
        {"known": entry(ITEM, job(ITEM), forgotten=True)},
        {"known": entry(ITEM, job(ITEM), num_examples=9)},
        {"known": entry(ITEM, job(ITEM, deleted=True))},
        {"known": None},
        {"item": sized(11)},
        {"item": OTHER},
        {"item": declared(replace(ITEM.spec, protect=True))},
        {"item": declared(replace(ITEM.spec, top_up=TopUp(2)))},
        {"item": replace(ITEM, checks={"min_chars": 2})},
        {"choices": Choices(retry=frozenset({"a"}))},
        {"choices": Choices(resubmit=frozenset({"a"}))},
        {"choices": Choices(relabel=frozenset({"a"}))},
    ],
    ids=str,
)
def test_a_basis_moves_with_what_it_is_made_of(other: dict[str, Any]) -> None:
    plain: dict[str, Any] = {"item": ITEM, "known": entry(ITEM, job(ITEM)), "choices": None}
    assert step(**plain).basis == step(**plain).basis
    assert step(**plain).basis != step(**{**plain, **other}).basis


def test_a_basis_moves_with_the_inputs() -> None:
    seen = {step(LABEL, labelled(), **facts(*given)).basis for given in (("d", 5, 0), ("e", 5, 0), ("d", 5, 1))}
    assert len(seen) == 3
    assert step(LABEL, labelled(), **facts(quarantined=1)).basis not in seen


def test_what_would_be_sent_is_no_more_than_what_may_be() -> None:
    assert step(ITEM, None).submits
    assert not step(ITEM, entry(ITEM, job(ITEM))).submits
    kept = entry(ITEM, job(ITEM), protect=True)
    refused = step(replace(OTHER, spec=replace(OTHER.spec, protect=True)), kept)
    assert (refused.requests > 0, refused.refused is not None, refused.submits) == (True, True, False)

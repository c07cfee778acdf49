"""What a plan says about kept rows whose checks changed; nothing is read where none did."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.checks.quarantined_rows import QuarantinedRow
from pioneer_build.lock.model import Labelling, Lock, Rejection
from pioneer_build.operations.plan import plan_project
from pioneer_build.operations.project_state import read_project_state
from pioneer_build.operations.rows_to_judge import read_kept_rows
from pioneer_build.plan import Choices, Facts, InputFacts, KeptRows, make_plan
from pioneer_build.project.open import open_project
from pioneer_build.rows import row_line
from pioneer_build.spec.model import Checks
from pioneer_build.store import Store
from tests.made import Made, spec_text
from tests.planning import declared, entry, label_spec

if TYPE_CHECKING:
    from pioneer_build.plan import Step

ROWS: list[dict[str, Any]] = [{"text": "text".ljust(10 + 10 * (i % 2), str(i)), "label": "a"} for i in range(8)]


def spec(name: str = "moods", **more: Any) -> str:
    fields = {"labels": ["a"], "num_examples": 8, "domain_description": "x", **more}
    return spec_text(name, "classification", **fields)


@pytest.fixture
def moods(made: Made) -> Made:
    """Half of the rows have 10 characters, and half of them 20."""
    made.dataset(spec(), ROWS)
    made.write_lock()
    return made


def edit(made: Made, text: str) -> None:
    (made.root / "specs" / "moods.yaml").write_text(text)


def kept(made: Made) -> KeptRows | None:
    state = read_project_state(open_project(made.root))
    config, specs = state.project.config, tuple(state.declared.values())
    return read_kept_rows(config, specs, state.lock, {}).get("moods")


def step(made: Made) -> Step:
    return next(one for one in plan_project(open_project(made.root)).steps if one.dataset_name == "moods")


def test_rows_are_read_only_where_checks_changed(moods: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    def lines(*_: Any) -> Any:
        raise AssertionError("a plan with nothing to do reads no rows")

    monkeypatch.setattr(Store, "lines", lines)
    assert (kept(moods), step(moods).action) == (None, "none")
    edit(moods, spec(num_examples=9))
    assert (kept(moods), step(moods).action) == (None, "extend")
    edit(moods, spec(labels=["a", "b"]))
    assert (kept(moods), step(moods).action) == (None, "replace")


def test_how_many_pass(moods: Made) -> None:
    edit(moods, spec(checks={"min_chars": 15, "min_accepted": 0.5}))
    found = kept(moods)
    assert found is not None
    assert (found.text, found.broken, found.here) == ("4 of 8 rows pass; 4 are too short", False, True)
    assert (step(moods).action, step(moods).missing) == ("update", 4)
    edit(moods, spec(checks={"min_chars": 15}))
    found = kept(moods)
    assert found is not None
    assert found.broken
    assert step(moods).action == "blocked"
    (moods.root / "pioneer.yaml").write_text((moods.root / "pioneer.yaml").read_text() + "checks: {min_chars: 15}\n")
    edit(moods, spec())
    assert step(moods).action == "blocked", "by the project's checks"


def test_quarantined_rows_are_judged_too(made: Made) -> None:
    bad = QuarantinedRow(3, {"text": "short", "label": "a"}, "too-short", "5 characters (at least 8 required)")
    made.dataset(spec(checks={"min_chars": 8}), ROWS[:7], [bad])
    made.entries = [replace(made.entries[0], checks={"min_chars": 8})]
    made.write_lock()
    assert step(made).action == "none"
    edit(made, spec())
    found = kept(made)
    assert found is not None
    assert (found.text, [job.got for job in found.jobs]) == ("8 of 8 rows pass", [8])
    made.store.path(made.entries[0].jobs[0].quarantined or "").unlink()
    found = kept(made)
    assert found is not None
    assert not found.here
    assert (step(made).action, step(made).fetch) == ("update", True)


def test_rows_that_are_not_here_or_damaged(moods: Made) -> None:
    edit(moods, spec(checks={"min_chars": 15}))
    path = moods.store.path(moods.entries[0].jobs[0].rows or "")
    path.chmod(0o600)
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    found = kept(moods)
    assert found is not None
    assert (found.here, found.text.startswith("the rows can't be checked: ")) == (False, True)
    assert [reason.text for reason in step(moods).reasons] == ["min_chars: (none) → 15", found.text]
    path.unlink()
    found = kept(moods)
    assert found is not None
    assert found.text == "8 rows to check are not on this machine; `apply` fetches and checks them first"
    assert (step(moods).action, step(moods).fetch) == ("update", True)


def test_rows_of_a_rejected_job_come_before_new_ones(moods: Made) -> None:
    digest = moods.store.put(row_line({**row, "text": f"more {row['text']}"}) for row in ROWS)
    (built,) = moods.entries
    again = replace(built.jobs[0], job_id="job-2", order=2, state="rejected", got=0, rows=digest, reason="too short")
    moods.entries = [replace(built, jobs=(*built.jobs, again))]
    moods.write_lock()
    assert (kept(moods), step(moods).action) == (None, "none")
    edit(moods, spec(num_examples=16))
    assert (step(moods).action, step(moods).requests) == ("extend", 0)
    assert "job job-2 was rejected, and now passes the checks: 8 of 8 rows pass" in [
        reason.text for reason in step(moods).reasons
    ]
    edit(moods, spec(num_examples=18))
    assert (step(moods).requests, step(moods).examples) == (1, 2)
    moods.store.path(built.jobs[0].rows or "").unlink()
    assert (step(moods).requests, step(moods).examples, step(moods).fetch) == (1, 10, True)
    assert "8 rows to check are not on this machine" in step(moods).reasons[-1].text
    moods.store.path(digest).unlink()
    assert kept(moods) is None, "there is nothing to judge"


def test_texts_of_other_datasets(moods: Made) -> None:
    moods.dataset(spec("others", num_examples=1), ROWS[:1])
    moods.write_lock()
    edit(moods, spec(checks={"no_overlap_with": ["others"]}))
    found = kept(moods)
    assert found is not None
    assert found.text.startswith("7 of 8 rows pass; 1 ")
    assert [job.got for job in found.jobs] == [7]
    (others,) = [one for one in moods.entries if one.dataset_name == "others"]
    Store(open_project(moods.root).config.store).path(others.jobs[0].rows or "").unlink()
    found = kept(moods)
    assert found is not None
    assert not found.here
    assert "the rows of 'others', to compare with, are not on this machine" in found.text
    assert step(moods).action == "update"


def test_a_definition_that_comes_back_is_news_only_if_its_rows_fare_otherwise(moods: Made) -> None:
    (built,) = moods.entries
    definition = {**built.definition, "labels": ["a", "b"]}
    moods.entries = [replace(built, definition=definition, fingerprint="", checks={})]
    moods.write_lock()
    assert (kept(moods), step(moods).action) == (None, "restore")
    moods.entries = [replace(moods.entries[0], checks={"min_chars": 15})]
    moods.write_lock()
    edit(moods, spec(checks={"min_chars": 15}))
    assert step(moods).action == "blocked", "the lock's checks are those of the other definition"


def test_label_specs(made: Made) -> None:
    project = open_project(made.root)
    item = declared(label_spec("a", checks=Checks(min_accepted=0.9)), {"min_accepted": 0.9})
    labelling = Labelling(item.fingerprint, "d", 5, 5, 4, 1, 4, "sha256:" + "0" * 64)
    known = replace(entry(item, labelling=labelling), backend="local", checks={})
    lock = Lock({("a", "local"): known})

    def judged(new: int, quarantined: int) -> KeptRows | None:
        return read_kept_rows(project.config, [item], lock, {"a": InputFacts("d", 5, 5, new, quarantined)}).get("a")

    found = judged(0, 1)
    assert found is not None
    assert found.broken
    assert found.text.startswith("4 of 5 texts were annotated (at least 5 required): 1 ")
    assert judged(0, 0) is None
    assert judged(1, 1) is None, "the new texts are labelled first"


@pytest.mark.parametrize(
    ("inputs", "broken", "action"), [("d", False, "label"), ("d", True, "blocked"), ("e", False, "none")]
)
def test_texts_that_tighter_checks_rejected(made: Made, inputs: str, broken: bool, action: str) -> None:
    """The lock's checks are those of the rows: that they are the spec's again says nothing about the rejection."""
    share = 0.9 if broken else 0.5
    item = declared(label_spec("a", checks=Checks(min_accepted=share)), {"min_accepted": share})
    content = "sha256:" + "0" * 64
    labelling = Labelling(item.fingerprint, "d" if inputs == "e" else "c", 1, 1, 1, 0, 1, content)
    refusal = Rejection(item.fingerprint, inputs, "rejected", "3 of 5 texts were annotated (at least 5 required)")
    known = replace(
        entry(item, labelling=labelling),
        backend="local",
        checks=dict(item.checks),
        rejection=refusal,
        num_examples=None,
    )
    lock, facts = Lock({("a", "local"): known}), {"a": InputFacts("d", 5, 5, 0, 2)}
    found = read_kept_rows(open_project(made.root).config, [item], lock, facts)
    assert ("a" in found) == (inputs == "d")
    plan = make_plan([item], lock, Facts("local", present=frozenset({content}), inputs=facts, kept=found), Choices())
    assert plan.steps[0].action == action

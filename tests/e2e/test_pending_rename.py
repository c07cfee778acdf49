"""A dataset whose spec was renamed, before the rename is in the lock: one dataset, with its rows, in every command."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

import pioneer_build
from pioneer_build.errors import PioneerError
from pioneer_build.journal.log import Journal
from pioneer_build.journal.model import Submission
from pioneer_build.lock.model import Job
from pioneer_build.project.open import open_project
from tests.e2e.conftest import Cli
from tests.made import Made, spec_text

ROWS = [{"text": f"text {i}", "label": "ab"[i % 2]} for i in range(4)]
MORE = [{"text": f"more {i}", "label": "ab"[i % 2]} for i in range(2)]


def spec(name: str, size: int = 4, **more: str) -> str:
    return spec_text(name, "classification", labels=["a", "b"], num_examples=size, **more)


@pytest.fixture(params=["under its old name", "under both names"])
def renamed(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    """`old` is built and called `new` in its spec; `other` is up to date. The lock may have jobs under both names."""
    made = Made(tmp_path / "project", tmp_path / "store")
    made.dataset(spec("other", 2), [{"text": f"other {i}", "label": "ab"[i]} for i in range(2)])
    size = 6 if request.param == "under both names" else 4
    made.dataset(spec("old", size), ROWS, asked=4)
    (made.root / "specs" / "old.yaml").unlink()
    if request.param == "under both names":
        extended = made.dataset(spec("new", size, renamed_from="old"), MORE, order=1, asked=2, remote_name="old")
        made.entries[-1] = replace(extended, base_name="old")
    (made.root / "specs" / "new.yaml").write_text(spec("new", size, renamed_from="old"))
    made.write_lock()
    monkeypatch.chdir(made.root)
    return made


def expected(made: Made) -> list[dict[str, str]]:
    return [*ROWS, *MORE] if len(made.entries) == 3 else ROWS


def test_the_plan_only_renames(renamed: Made, cli: Cli) -> None:
    steps = {step["dataset_name"]: step for step in cli("plan", "--format", "json").json()["steps"]}
    assert {name: step["action"] for name, step in steps.items()} == {"new": "rename", "other": "none"}
    assert steps["new"]["renamed_from"] == "old"


def test_status_lists_one_dataset_with_its_rows(renamed: Made, cli: Cli) -> None:
    listed = {one["dataset_name"]: one for one in cli("status", "--format", "json").json()["datasets"]}
    assert listed.keys() == {"new", "other"}
    rows = len(expected(renamed))
    assert (listed["new"]["examples"], listed["new"]["verified"], listed["new"]["stale"]) == (rows, True, False)
    assert (listed["new"]["action"], listed["new"]["state"]) == ("rename", "changed")


def test_show_has_its_rows_and_knows_the_old_name(renamed: Made, cli: Cli) -> None:
    shown = cli("show", "new", "--rows", "9", "--format", "json").json()
    assert shown["rows"] == expected(renamed)
    assert len(shown["jobs"]) == len(renamed.entries) - 1
    old = cli("show", "old")
    assert old.code != 0
    assert "the dataset 'old' is called 'new' now: see `renamed_from` in specs/new.yaml" in old.err


def test_the_report_has_it_once(renamed: Made, cli: Cli, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    assert cli("report", "--to", str(page)).code == 0
    found = re.search(r'<script type="application/json" id="overview">(.*?)</script>', page.read_text(), re.DOTALL)
    assert found is not None
    datasets = {one["dataset_name"]: one for one in json.loads(found[1])["datasets"]}
    assert datasets.keys() == {"new", "other"}
    assert (datasets["new"]["embedded"], datasets["new"]["unseen"]) == (len(expected(renamed)), None)


def test_rows_are_exported_and_loaded_under_the_new_name(renamed: Made, cli: Cli) -> None:
    written = cli("export", "new")
    assert [json.loads(line) for line in written.out.splitlines()] == expected(renamed)
    for stale in (False, True):
        loaded = pioneer_build.load("new", allow_stale=stale)
        assert (loaded.name, list(loaded)) == ("new", expected(renamed))
        with pytest.raises(PioneerError, match="'old' is called 'new' now") as caught:
            pioneer_build.load("old", allow_stale=stale)
        assert caught.value.hint == "use the name 'new'"


def test_rows_of_another_definition_are_still_stale(renamed: Made) -> None:
    (renamed.root / "specs" / "new.yaml").write_text(spec("new", renamed_from="old", domain_description="shops"))
    with pytest.raises(PioneerError, match="'new' are stale"):
        pioneer_build.load("new")


def test_check_reads_its_rows(renamed: Made, cli: Cli) -> None:
    found = cli("check", "--strict", "--format", "json").json()["findings"]
    assert [(one["dataset_name"], one["kind"]) for one in found] == [("new", "pending")]
    for job in (renamed.entries[1].jobs[0], renamed.entries[-1].jobs[0]):
        path = renamed.store.path(str(job.rows))
        path.chmod(0o600)
        path.write_bytes(b"damaged")
    found = cli("check", "--format", "json").json()["findings"]
    assert {(one["dataset_name"], one["kind"]) for one in found} == {("new", "pending"), ("new", "content")}


def test_it_is_selected_by_its_new_name_and_by_its_state(renamed: Made, cli: Cli) -> None:
    for selector in ("new", "state:changed"):
        chosen = cli("status", "--select", selector, "--format", "json").json()["datasets"]
        assert [one["dataset_name"] for one in chosen] == ["new"], selector
    assert cli("status", "--select", "old").code != 0
    flagged = cli("plan", "--retry", "old")
    assert flagged.code != 0
    assert "--retry: the dataset 'old' is called 'new' now" in flagged.err


def test_what_the_journal_knows_is_known_under_either_name(renamed: Made, cli: Cli) -> None:
    (was,) = (one for one in renamed.entries if one.dataset_name == "old")
    sent = Submission("", "local", "old", "old", "old", "classification", was.definition, was.fingerprint, 4, 4, 5, "")
    project = open_project(renamed.root)
    journal = Journal(project.journal_folder, project.journal_copy)
    token = journal.begin(sent, ()).token
    journal.record(token, state="open", job_id="job-journal")
    unknown = Job(was.fingerprint, "old", 4, "unknown", order=5, submissions=(token,))
    renamed.entries[1] = replace(was, jobs=(*was.jobs, unknown))
    renamed.write_lock()
    (step,) = (one for one in cli("plan", "--format", "json").json()["steps"] if one["dataset_name"] == "new")
    assert step["action"] == "resume"

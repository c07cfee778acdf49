"""The main job, end to end: specs in, datasets and a lock out."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.e2e.conftest import Answer, Cli, move_home, process, requests_of, serving


@pytest.fixture
def built(project: Path, cli: Cli) -> Answer:
    """The project, built with the local engine."""
    answer = cli("apply", "--yes", "--format", "json")
    assert answer.code == 0, answer
    return answer


def test_builds_all_kinds_and_then_has_nothing_to_do(project: Path, cli: Cli, built: Answer) -> None:
    assert requests_of(built) == 5
    lock = (project / "pioneer.lock").read_bytes()
    plan = cli("plan", "--detailed-exitcode", "--format", "json")
    assert plan.code == 0
    assert plan.json()["changes"] is False
    assert {step["action"] for step in plan.json()["steps"]} == {"none"}
    assert cli("check").code == 0
    again = cli("apply", "--format", "json")  # no --yes: there is nothing to ask for
    assert (again.code, requests_of(again)) == (0, 0)
    assert (project / "pioneer.lock").read_bytes() == lock


def test_the_lock_comes_out_the_same_from_nothing(
    project: Path, cli: Cli, built: Answer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lock = (project / "pioneer.lock").read_bytes()
    (project / "pioneer.lock").unlink()
    again = cli("apply", "--yes", "--format", "json")
    assert (again.code, requests_of(again)) == (0, 0)  # the journal and the store know it all
    assert (project / "pioneer.lock").read_bytes() == lock
    (project / "pioneer.lock").unlink()
    move_home(monkeypatch, tmp_path / "elsewhere")
    assert cli("apply", "--yes").code == 0
    assert (project / "pioneer.lock").read_bytes() == lock


def test_a_fresh_clone_gets_its_rows_back_and_leaves_the_lock(
    project: Path, cli: Cli, built: Answer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lock = (project / "pioneer.lock").read_bytes()
    rows = cli("export", "mentions").out
    move_home(monkeypatch, tmp_path / "elsewhere")
    plan = cli("plan", "--detailed-exitcode", "--format", "json")
    assert plan.code == 0, "rows that aren't here are no change"
    assert {step["action"] for step in plan.json()["steps"]} == {"fetch"}
    assert cli("check").code == 0
    assert cli("export", "mentions").code == 1
    fetched = cli("apply", "--format", "json")
    assert fetched.code == 0, fetched
    assert (project / "pioneer.lock").read_bytes() == lock
    assert cli("export", "mentions").out == rows
    assert cli("plan", "--format", "json").json()["summary"]["none"] == 5


def test_only_what_changed_is_submitted_and_undoing_it_costs_nothing(project: Path, cli: Cli, built: Answer) -> None:
    specs = project / "specs" / "all.yaml"
    text = specs.read_text()
    cosmetic = text.replace("[billing, refund, other]", "[other, refund, billing]  # a comment")
    (project / "specs" / "deep").mkdir()
    specs.rename(project / "specs" / "deep" / "moved.yaml")
    specs = project / "specs" / "deep" / "moved.yaml"
    shutil.move(project / "specs" / "texts.jsonl", project / "specs" / "deep" / "texts.jsonl")
    specs.write_text(cosmetic)
    assert cli("plan", "--detailed-exitcode").code == 0
    specs.write_text(text.replace("online bookshop", "online toyshop"))
    plan = cli("plan", "--detailed-exitcode", "--format", "json")
    assert plan.code == 2
    changed = [step for step in plan.json()["steps"] if step["action"] != "none"]
    assert [(step["dataset_name"], step["action"], step["requests"]) for step in changed] == [("intents", "replace", 1)]
    assert [reason["field"] for reason in changed[0]["reasons"]] == ["domain_description"]
    assert changed[0]["remote_name"].startswith("intents-")
    assert requests_of(cli("apply", "--yes", "--format", "json")) == 1
    specs.write_text(text)
    plan = cli("plan", "--format", "json").json()
    assert [step["action"] for step in plan["steps"] if step["dataset_name"] == "intents"] == ["restore"]
    assert requests_of(cli("apply", "--format", "json")) == 0
    assert cli("plan", "--detailed-exitcode").code == 0


def test_one_new_text_is_one_request_with_one_input(project: Path, cli: Cli, built: Answer) -> None:
    with (project / "specs" / "texts.jsonl").open("a") as file:
        file.write(json.dumps({"key": "d", "text": "Grace Hopper was born in New York."}) + "\n")
    step = next(s for s in cli("plan", "--format", "json").json()["steps"] if s["dataset_name"] == "mentions")
    assert (step["action"], step["requests"], step["examples"], step["total"]) == ("label", 1, 1, 4)
    answer = cli("apply", "--yes", "--format", "json").json()
    assert (answer["requests"], answer["examples"]) == (1, 1)
    rows = [json.loads(line) for line in cli("export", "mentions").out.splitlines()]
    assert [row["id"] for row in rows] == ["a", "b", "c", "d"]


def test_more_examples_are_a_job_for_the_difference(project: Path, cli: Cli, built: Answer) -> None:
    specs = project / "specs" / "all.yaml"
    before = cli("export", "people").out
    specs.write_text(specs.read_text().replace("num_examples: 20", "num_examples: 26"))
    step = next(s for s in cli("plan", "--format", "json").json()["steps"] if s["dataset_name"] == "people")
    assert (step["action"], step["requests"], step["examples"], step["total"]) == ("extend", 1, 6, 26)
    assert cli("apply", "--yes").code == 0
    shown = cli("show", "people", "--format", "json").json()
    assert [job["examples"] for job in shown["jobs"]] == [20, 6]
    assert [job["version"] for job in shown["jobs"]] == ["1", "2"]
    assert cli("export", "people").out.startswith(before)
    assert shown["training"] == {"name": "people", "version": "2"}


def test_the_same_over_real_http(project: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving("--limit", "10000", "--key", "secret-key") as url:
        monkeypatch.setenv("PIONEER_BASE_URL", f"{url}/")
        monkeypatch.setenv("PIONEER_REQUESTS_PER_MINUTE", "10000")
        pioneer = ("--backend", "pioneer")
        missing = cli(*pioneer, "apply", "--yes")
        assert missing.code == 1
        assert "PIONEER_API_KEY" in missing.err
        monkeypatch.setenv("PIONEER_API_KEY", "wrong-key")
        wrong = cli(*pioneer, "apply", "--yes")
        assert wrong.code == 1
        assert not (project / "pioneer.lock").exists()
        monkeypatch.setenv("PIONEER_API_KEY", "secret-key")
        first = cli(*pioneer, "apply", "--yes", "--format", "json")
        assert (first.code, requests_of(first)) == (0, 5)
        assert cli(*pioneer, "plan", "--detailed-exitcode").code == 0
        assert "secret-key" not in (project / "pioneer.lock").read_text()
        shown = cli(*pioneer, "show", "people", "--format", "json").json()
        assert shown["backend"] == url
        assert shown["verified"] is True
        # what one backend made doesn't count for another
        assert cli("plan", "--format", "json").json()["summary"]["create"] == 3
        monkeypatch.setenv("PIONEER_BASE_URL", f"{url}/nowhere")
        lost = cli(*pioneer, "apply", "--yes")
        assert lost.code == 1
    monkeypatch.setenv("PIONEER_BASE_URL", url)
    specs = project / "specs" / "all.yaml"
    specs.write_text(specs.read_text().replace("online bookshop", "online toyshop"))
    lock = (project / "pioneer.lock").read_bytes()
    down = cli(*pioneer, "apply", "--yes")
    assert down.code == 1, down
    assert (project / "pioneer.lock").read_bytes() == lock


def test_a_server_of_the_api_document_alone(project: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving("--vocabulary", "seed", "--no-datasets", "--limit", "10000") as url:
        monkeypatch.setenv("PIONEER_API_KEY", "any")
        monkeypatch.setenv("PIONEER_REQUESTS_PER_MINUTE", "10000")
        assert cli("--backend", url, "apply", "--yes").code == 0
        shown = cli("--backend", url, "show", "people", "--format", "json").json()
        assert (shown["verified"], shown["state"], shown["version"]) == (False, "ready", "1")
        assert cli("--backend", url, "check").code == 0
        assert cli("--backend", url, "check", "--strict").code == 1
        assert cli("--backend", url, "plan", "--detailed-exitcode").code == 0


def test_an_apply_that_was_killed_is_finished_by_the_next(
    project: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving("--limit", "10000", "--latency", "1.5") as url:
        monkeypatch.setenv("PIONEER_API_KEY", "any")
        monkeypatch.setenv("PIONEER_REQUESTS_PER_MINUTE", "10000")
        killed = process("--backend", url, "apply", "--yes", "--select", "people", cwd=project)
        assert killed.stderr is not None
        for line in killed.stderr:
            if "job job_" in line:
                break
        killed.kill()
        killed.communicate()
        answer = cli("--backend", url, "apply", "--yes", "--select", "people", "--format", "json")
        assert (answer.code, requests_of(answer)) == (0, 0)
        jobs = cli("--backend", url, "show", "people", "--format", "json").json()["jobs"]
        assert [job["state"] for job in jobs] == ["ready"]


def test_ten_mistakes_are_said_at_once(project: Path, cli: Cli) -> None:
    (project / "specs" / "bad.yaml").write_text(
        "dataset_name: bad name\n"
        "task_type: nerr\n"
        "lables: [a]\n"
        "---\n"
        "dataset_name: people\n"
        "task_type: ner\n"
        "labels: [no, a, a]\n"
        "num_examples: 0\n"
        "---\n"
        "dataset_name: c\n"
        "task_type: classification\n"
        "labels: [x, y]\n"
        "num_examples: 3\n"
        "inputs: [t]\n"
        "prompt: p\n"
        "classified_examples: [{text: t, label: z}]\n"
    )
    answer = cli("plan")
    assert answer.code == 1
    for place in ("bad.yaml:1:15", "bad.yaml:2:12", "bad.yaml:3:1", "bad.yaml:5:15", "bad.yaml:7:10", "bad.yaml:8:15"):
        assert f"specs/{place}" in answer.err, place
    assert "'labels'" in answer.err
    assert "lables: [a]" in answer.err
    data = cli("validate", "--format", "json")
    assert data.code == 1
    assert data.json()["errors"] >= 10


@pytest.mark.parametrize("damage", ["", "{", "not json", '{"lock_version": 99, "datasets": {}}'])
def test_an_unreadable_lock_stops_everything_and_stays(project: Path, cli: Cli, built: Answer, damage: str) -> None:
    lock = project / "pioneer.lock"
    lock.write_text(damage)
    for command in (["plan"], ["apply", "--yes"], ["check"], ["status"], ["show", "people"], ["export", "people"]):
        answer = cli(*command)
        assert answer.code == 1, (command, answer)
        assert "pioneer.lock" in answer.err
    assert lock.read_text() == damage


def test_a_hand_edited_lock_is_found(project: Path, cli: Cli, built: Answer) -> None:
    lock = project / "pioneer.lock"
    text = lock.read_text().replace('"got": 20', '"got": 19')
    lock.write_text(text)
    answer = cli("plan")
    assert answer.code == 1
    assert "people" in answer.err
    assert lock.read_text() == text


def test_usage_errors_are_64(project: Path, cli: Cli) -> None:
    for wrong in (["plna"], ["plan", "--nope"], ["show"], ["export"], ["apply", "--max-requests", "x"]):
        answer = cli(*wrong)
        assert answer.code == 64, (wrong, answer)
    assert "did you mean 'plan'" in cli("plna").err


def test_asks_before_it_submits(project: Path, cli: Cli) -> None:
    answer = process("apply", cwd=project)
    _, err = answer.communicate()
    assert answer.returncode == 1
    assert "--yes" in err
    assert not (project / "pioneer.lock").exists()


def test_no_spec_and_a_lock_is_an_error(project: Path, cli: Cli, built: Answer) -> None:
    shutil.rmtree(project / "specs")
    answer = cli("plan")
    assert answer.code == 1
    assert "no spec found in" in answer.err


def test_a_fresh_clone_extends_with_new_rows(
    project: Path, cli: Cli, built: Answer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = cli("export", "people").out
    move_home(monkeypatch, tmp_path / "elsewhere")
    specs = project / "specs" / "all.yaml"
    specs.write_text(specs.read_text().replace("num_examples: 20", "num_examples: 26"))
    assert cli("apply", "--yes", "--select", "people").code == 0
    after = cli("export", "people").out
    assert after.startswith(before)
    assert len(set(after.splitlines())) == 26
    assert [job["version"] for job in cli("show", "people", "--format", "json").json()["jobs"]] == ["1", "2"]


def test_two_projects_with_a_dataset_of_one_name_do_not_meet(
    project: Path, cli: Cli, built: Answer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(project, other, ignore=shutil.ignore_patterns("pioneer.lock"))
    specs = other / "specs" / "all.yaml"
    specs.write_text(specs.read_text().replace("online bookshop", "online toyshop"))
    monkeypatch.chdir(other)
    step = next(s for s in cli("plan", "--format", "json").json()["steps"] if s["dataset_name"] == "intents")
    assert (step["action"], step["remote_name"]) == ("create", "intents")


def test_rows_that_come_out_otherwise_are_said_and_taken_only_when_told(
    project: Path, cli: Cli, built: Answer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lock = (project / "pioneer.lock").read_bytes()
    move_home(monkeypatch, tmp_path / "elsewhere")
    (project / "pioneer.yaml").write_text("version: 1\nbackend: local\nseed: 7\n")  # as another engine would
    answer = cli("apply", "--select", "people", "--format", "json")
    assert answer.code == 3
    outcome = answer.json()["datasets"][0]
    assert outcome["result"] == "differs"
    assert "--retry people" in outcome["command"]
    assert (project / "pioneer.lock").read_bytes() == lock
    assert cli("apply", "--select", "people", "--retry", "people").code == 0
    assert (project / "pioneer.lock").read_bytes() != lock
    assert len(cli("export", "people").out.splitlines()) == 20
    assert cli("plan", "--select", "people", "--detailed-exitcode").code == 0


def test_the_functions_do_what_the_commands_do(project: Path, built: Answer) -> None:
    import pioneer_build

    assert not pioneer_build.api.plan().changes
    assert pioneer_build.api.apply().good
    assert not pioneer_build.api.check().findings
    assert len(pioneer_build.load("people")) == 20


def test_labels_that_cannot_be_found_are_said(project: Path, cli: Cli) -> None:
    (project / "specs" / "all.yaml").write_text(
        "dataset_name: ships\ntask_type: ner\nlabels: [person, starship]\ninputs: [Ada Lovelace lived in London.]\n"
    )
    answer = cli("apply", "--yes")
    assert answer.code == 0
    assert "does not support these labels: starship" in answer.out
    assert cli("show", "ships", "--format", "json").json()["unsupported_labels"] == ["starship"]
    assert "starship" in cli("show", "ships").out
    (project / "specs" / "all.yaml").write_text(
        "dataset_name: ships\ntask_type: ner\nlabels: [starship]\ninputs: [Ada Lovelace lived in London.]\n"
    )
    refused = cli("apply", "--yes")
    assert refused.code == 3
    assert "specs/all.yaml:3:9" in refused.out

"""Datasets that others name in `no_overlap_with`: renamed at the same time, or labelled on another machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.conftest import move_home, project_of_a_service
from tests.e2e.scripted import Scripted, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.conftest import Answer, Cli

NAMES = "checks: {no_overlap_with: [ref]%s}"
ROWS = "dataset_name: %s\ntask_type: classification\nlabels: [x, y]\nnum_examples: %s\n%s\n"
TEXTS = "dataset_name: gold\ntask_type: classification\nlabels: [x, y]\ninputs: ../gold.txt\n%s\n"


def rows(request: dict[str, Any], number: int) -> list[dict[str, Any]]:
    """The same texts for each dataset, so that four of eight occur in one of four."""
    return [{"text": f"Example {number // 3} {row}", "label": "xy"[row % 2]} for row in range(request["num_examples"])]


class Team:
    def __init__(self, root: Path, cli: Cli, service: Scripted, patch: pytest.MonkeyPatch) -> None:
        self.root, self.cli, self.service, self.patch = root, cli, service, patch
        self.overlaps = True
        self.at("first")

    def at(self, machine: str) -> None:
        move_home(self.patch, self.root.parent / machine)

    def write(self, name: str, text: str) -> None:
        (self.root / "specs" / f"{name}.yaml").write_text(text)

    def run(self, *arguments: str) -> Answer:
        return self.cli("--backend", self.service.url, *arguments)

    def apply(self, *arguments: str) -> Answer:
        return self.run("apply", "--yes", *arguments)

    def steps(self, *arguments: str) -> dict[str, Any]:
        plan = self.run("plan", "--format", "json", *arguments).json()
        return {step["dataset_name"]: step for step in plan["steps"]}

    def rename(self, names: str) -> None:
        """`gold` becomes `ref` in the same commit in which `a` names it."""
        (self.root / "specs" / "gold.yaml").unlink()
        self.write("ref", ROWS % ("ref", 4, "renamed_from: gold"))
        self.write("a", ROWS % ("a", 8, names))


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Cli) -> Iterator[Team]:
    root = project_of_a_service(tmp_path, monkeypatch)
    with running(Scripted(give="download", datasets="/datasets", rows=rows)) as service:
        yield Team(root, cli, service, monkeypatch)


# -- renamed together with the spec that names them ------------------------------------------------------------------


@pytest.fixture
def two(team: Team) -> Team:
    team.write("gold", ROWS % ("gold", 4, ""))
    team.write("a", ROWS % ("a", 8, ""))
    assert team.apply().code == 0
    return team


def test_rows_that_a_renamed_dataset_has_count_in_the_plan(two: Team) -> None:
    two.rename(NAMES % "")
    before = two.steps()
    assert (before["ref"]["action"], before["a"]["action"]) == ("rename", "blocked")
    assert "4 of 8 rows pass" in before["a"]["reasons"][0]["text"]
    assert two.run("check").code == 2
    assert two.apply().code == 3
    assert two.steps()["a"]["reasons"][0] == before["a"]["reasons"][0]
    assert sorted(two.service.asked()) == [4, 8]


@pytest.mark.parametrize("select", [(), ("--select", "a")], ids=["all", "only the one that names it"])
def test_plan_and_apply_drop_the_same_rows(two: Team, select: tuple[str, ...]) -> None:
    two.rename(NAMES % ", min_accepted: 0.5")
    step = two.steps(*select)["a"]
    assert step["action"] == "update"
    assert any("4 of 8 rows pass" in reason["text"] for reason in step["reasons"])
    assert two.apply(*select).code == 0
    assert len(two.run("export", "a").out.splitlines()) == 4
    assert two.apply().code == 0
    assert two.run("check", "--strict").code == 0


def test_missing_rows_are_priced_before_they_are_bought(two: Team) -> None:
    two.rename(NAMES % ", min_accepted: 0.5" + "\ntop_up: {max_attempts: 1}")
    step = two.steps()["a"]
    assert (step["action"], step["requests"], step["examples"]) == ("extend", 1, 4)
    assert two.apply().code == 0
    assert sorted(two.service.asked()) == [4, 4, 8]
    assert set(two.steps()) == {"a", "ref"}
    assert {step["action"] for step in two.steps().values()} == {"none"}


def test_a_saved_plan_and_the_price_of_a_retry_know_it(two: Team, tmp_path: Path) -> None:
    two.rename(NAMES % "")
    assert two.steps("--retry", "a")["a"]["requests"] == 1
    saved = str(tmp_path / "saved")
    assert two.run("plan", "--out", saved).code == 0
    ended = two.run("apply", saved, "--yes")
    assert ended.code == 3
    assert "4 of 8 rows pass" in ended.out + ended.err
    assert "out of date" not in ended.out + ended.err


def test_rows_recorded_under_the_old_name_are_fetched_where_they_were_not(team: Team) -> None:
    """Together with the rename the checks change: the recorded ones name a dataset that no longer has this name."""
    team.service.rows = lambda request, _: [
        {"text": "Example ".ljust(10 + row, "x"), "label": "xy"[row % 2]} for row in range(request["num_examples"])
    ]
    team.write("gold", ROWS % ("gold", 4, ""))
    assert team.apply().code == 0
    team.write("a", ROWS % ("a", 8, "checks: {no_overlap_with: [gold], min_accepted: 0.2}"))
    assert team.apply().code == 0
    team.at("second")
    team.rename(NAMES % ", min_accepted: 0.2, max_chars: 15")
    ended = team.apply()
    assert ended.code == 0, ended.err
    assert len(team.run("export", "a").out.splitlines()) == 2
    assert sorted(team.service.asked()) == [4, 8]


@pytest.mark.parametrize("at", ["first", "second"])
@pytest.mark.parametrize("select", [(), ("--select", "ref"), ("--select", "a")], ids=["all", "ref", "a"])
def test_a_rename_alone_changes_no_checks(team: Team, at: str, select: tuple[str, ...]) -> None:
    team.write("gold", ROWS % ("gold", 4, ""))
    team.write("a", ROWS % ("a", 8, "checks: {no_overlap_with: [gold], min_accepted: 0.1}"))
    assert team.apply().code == 0
    kept = team.run("export", "a").out
    team.rename(NAMES % ", min_accepted: 0.1")
    assert {name: step["action"] for name, step in team.steps().items()} == {"a": "none", "ref": "rename"}
    team.at(at)
    asked = len(team.service.seen)
    if at == "first":
        assert team.apply(*select).code == 0
        assert len(team.service.seen) == asked, "nothing is asked for, nothing is judged"
    assert team.steps()["a"]["action"] == {"first": "none", "second": "fetch"}[at]
    assert team.apply().code == 0
    team.write("ref", ROWS % ("ref", 4, ""))  # the rename is done: nothing says any more what the name was
    assert {step["action"] for step in team.steps().values()} == {"none"}
    assert team.run("check", "--strict").code == 0
    assert team.run("export", "a").out == kept
    assert sorted(team.service.asked()) == [4, 8]


# -- labelled on another machine -------------------------------------------------------------------------------------


def numbered(request: dict[str, Any], number: int) -> list[dict[str, Any]]:
    return [{"text": f"Example {number} {row}", "label": "xy"[row % 2]} for row in range(request["num_examples"])]


@pytest.fixture(params=[True, False], ids=["overlap", "none"])
def labelled(team: Team, request: pytest.FixtureRequest) -> Team:
    """Two texts of `gold` may be those of rows of the first job of `a`, and one that of its second."""
    team.overlaps = request.param
    team.service.rows = numbered
    texts = ["Example 1  6", "Example 1 7", "Example 2 3"] if team.overlaps else ["of its own"]
    (team.root / "pioneer.yaml").write_text("checks: {no_overlap_with: [gold], min_accepted: 0.1}\n")
    (team.root / "gold.txt").write_text("".join(f"{text}\n" for text in texts))
    team.write("gold", TEXTS % "")
    team.write("a", ROWS % ("a", 8, ""))
    assert team.apply().code == 0
    team.write("a", ROWS % ("a", 12, ""))
    return team


def test_texts_in_git_are_compared_where_their_annotations_are_not(labelled: Team) -> None:
    labelled.at("second")
    steps = labelled.steps()
    assert (steps["a"]["action"], steps["a"]["requests"]) == ("extend", 1)
    ended = labelled.apply()
    assert ended.code == 3, "gold itself is refused"
    assert labelled.steps()["a"]["action"] == "none"
    texts = labelled.run("export", "a").out
    assert len(texts.splitlines()) == (9 if labelled.overlaps else 12)
    assert ("Example 1 6" in texts) == ("Example 2 3" in texts) == (not labelled.overlaps)
    strict = labelled.run("check", "--strict")
    assert "specs/a.yaml" not in strict.out + strict.err


def test_texts_that_changed_are_not_those_of_the_rows(labelled: Team) -> None:
    labelled.at("second")
    with (labelled.root / "gold.txt").open("a") as file:
        file.write("a new text\n")
    sent = labelled.service.asked()
    step = labelled.steps()["a"]
    assert (step["action"], step["requests"]) == ("blocked", 0)
    assert "'gold' (`no_overlap_with`), which are not on this machine" in step["reasons"][0]["text"]
    assert "--relabel gold" in step["command"]
    shown = labelled.apply()
    assert shown.code == 3
    assert labelled.service.asked() == sent
    kept = labelled.run("export", "a").out.splitlines()
    assert len(kept) == (0 if labelled.overlaps else 8), "what can be told is fetched all the same"
    relabelled = labelled.apply("--relabel", "gold")
    assert relabelled.code == 0, relabelled.err
    assert labelled.service.asked() == [*sent, 4], "the one command is enough"
    assert labelled.run("check").code == 0


@pytest.mark.parametrize("how", ["tightened", "restored"])
def test_rows_to_judge_and_those_to_compare_with_are_both_elsewhere(labelled: Team, how: str) -> None:
    """The inputs have grown, so the texts that the rows were compared with are not known here."""
    labelled.write("a", ROWS % ("a", 8, ""))
    if how == "restored":
        labelled.write("a", (ROWS % ("a", 8, "")).replace("[x, y]", "[y, x, z]"))
        assert labelled.apply().code == 0
        labelled.write("a", ROWS % ("a", 8, ""))
    else:
        labelled.write("a", ROWS % ("a", 8, "checks: {min_chars: 3}"))
    labelled.at("second")
    with (labelled.root / "gold.txt").open("a") as file:
        file.write("a new text\n")
    sent = labelled.service.asked()
    for _ in range(2):
        step = labelled.steps()["a"]
        assert (step["action"], step["requests"]) == ("blocked", 0)
        assert "'gold' (`no_overlap_with`), which are not on this machine" in step["reasons"][0]["text"]
        assert "--relabel gold" in step["command"]
        ended = labelled.run("apply", "--yes", "--format", "json").json()["datasets"]
        assert {one["dataset_name"]: one["result"] for one in ended}["a"] == "blocked"
    assert labelled.service.asked() == sent
    assert labelled.apply("--relabel", "gold").code == 0
    assert {step["action"] for step in labelled.steps().values()} == {"none"}
    assert labelled.service.asked() == sent


def test_a_plan_of_one_dataset_says_whose_rows_it_lacks(two: Team) -> None:
    two.write("a", ROWS % ("a", 12, "checks: {no_overlap_with: [gold], min_accepted: 0.1}"))
    two.at("second")
    step = two.steps("--select", "a")["a"]
    assert (step["action"], step["requests"], step["command"]) == (
        "blocked",
        0,
        "pioneer-build apply --select gold",
    )
    assert two.steps()["a"]["requests"] == 1
    assert two.apply("--select", "a").code == 3
    assert two.apply("--select", "gold").code == 0
    assert two.apply("--select", "a").code == 0


# -- datasets that name each other -----------------------------------------------------------------------------------


@pytest.mark.parametrize("retries", [("a",), ("b",), ("a", "b")])
def test_two_that_name_each_other_and_have_lost_their_rows(team: Team, retries: tuple[str, ...]) -> None:
    """What `--retry` asks for does not wait for rows that nobody has: both would wait for each other for ever."""
    team.service.rows = lambda request, number: [
        {"text": f"Example {number} {row}", "label": "xy"[row % 2]} for row in range(request["num_examples"])
    ]
    for name, other in (("a", "b"), ("b", "a")):
        team.write(name, ROWS % (name, 4, f"checks: {{no_overlap_with: [{other}]}}"))
    assert team.apply().code == 0
    team.at("second")
    team.service.jobs.clear()
    assert team.apply().code == 3
    assert {step["action"] for step in team.steps().values()} == {"fetch"}
    flags = [flag for name in retries for flag in ("--retry", name)]
    plan = team.steps(*flags)
    assert {name: plan[name]["requests"] for name in retries} == dict.fromkeys(retries, 1)
    before = len(team.service.asked())
    team.apply(*flags)
    assert len(team.service.asked()) == before + len(retries)
    rest = sorted({"a", "b"} - set(retries))
    if rest:
        assert team.apply("--retry", rest[0]).code == 0
    assert team.run("check", "--strict").code == 0
    assert len(team.service.asked()) == before + 2

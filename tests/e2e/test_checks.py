"""Checks that change after a dataset was built, black box: what plans say, what readers get, and what is bought."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.errors import PioneerError
from pioneer_build.operations.load import load
from tests.e2e.plan_project import PlanProject, folders

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("onnxruntime", reason="the extra 'local' is not installed")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

SPEC = """\
version: 1
dataset_name: support
task_type: classification
labels: [billing, refund, other]
num_examples: 40
domain_description: Messages to the support desk of an online bookshop
"""


class Built(PlanProject):
    """The dataset `support` of 40 and 30 rows; `requests` counts everything that was requested."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.requests = 0
        self.spec("support", SPEC)
        self.apply()
        self.edit("support", "num_examples: 40", "num_examples: 70")
        self.apply()

    def apply(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        value = super().apply(*arguments, code=code)
        self.requests += value["requests"]
        return value

    def check(self, text: str) -> None:
        """Replaces the spec's checks."""
        path = self.root / "specs" / "support.yaml"
        path.write_text(path.read_text().partition("checks:")[0] + (f"checks: {{{text}}}\n" if text else ""))

    def rows(self, *arguments: str) -> list[dict[str, Any]]:
        self.export(*arguments)
        return [json.loads(line) for line in (self.root / "rows.jsonl").read_text("utf-8").splitlines()]

    def export(self, *arguments: str, name: str = "support", code: int = 0) -> str:
        """What `export` said."""
        return self.run("export", name, "--to", str(self.root / "rows.jsonl"), *arguments, code=code).err

    def show(self) -> dict[str, Any]:
        return self.run("show", "support", "--format", "json").value  # type: ignore[no-any-return]

    def status(self) -> dict[str, Any]:
        return self.run("status", "--format", "json").value["datasets"][0]  # type: ignore[no-any-return]


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Built:
    folders(tmp_path, monkeypatch)
    return Built(tmp_path / "project")


def result_of(value: dict[str, Any], name: str = "support") -> dict[str, Any]:
    """How the step of a dataset ended."""
    return next(one for one in value["datasets"] if one["dataset_name"] == name)


def test_checks_that_the_rows_do_not_meet_change_nothing(built: Built) -> None:
    before, rows, shown = built.lock_path.read_bytes(), built.rows(), built.show()
    assert len(rows) == 70
    built.check("min_chars: 90")
    step = built.plan()["support"]
    assert (step["action"], step["requests"], step["examples"]) == ("blocked", 0, 0)
    assert step["reasons"][0]["field"] == "checks"
    assert "of 70 rows pass, so the dataset keeps the rows it has" in step["reasons"][0]["text"]
    assert "are too short" in step["reasons"][0]["text"]
    assert "apply --retry support" in step["command"]
    for _ in range(3):
        assert result_of(built.apply(code=3))["result"] == "blocked"
    assert built.requests == 2
    assert built.lock_path.read_bytes() == before
    assert built.rows() == rows
    assert list(load("support", directory=built.root)) == rows
    again = built.show()
    assert (again["rows"], again["content"], again["stale"]) == (shown["rows"], shown["content"], False)
    assert (built.status()["state"], built.status()["examples"]) == ("changed", 70)
    for strict in ((), ("--strict",)):
        assert "blocked" in built.run("check", *strict, code=2).out
    built.run("report", "--to", str(built.root / "report.html"))
    built.check("")
    assert built.run("check").code == 0


def test_checks_and_size_in_one_edit(built: Built) -> None:
    built.check("min_chars: 90")
    built.edit("support", "num_examples: 70", "num_examples: 80")
    assert built.plan()["support"]["action"] == "blocked"
    built.apply(code=3)
    assert (built.requests, len(built.rows())) == (2, 70)
    built.check("min_chars: 60, min_accepted: 0.3")
    step = built.plan()["support"]
    assert (step["action"], step["examples"]) == ("extend", 10)
    assert any("of 70 rows pass" in reason["text"] for reason in step["reasons"])
    outcome = result_of(built.apply())
    rows = built.rows()
    assert len(rows) < 80
    assert outcome["message"] == f"{len(rows)} of 80 rows"
    assert all(len(row["text"]) >= 60 for row in rows)
    assert (built.requests, built.run("check", "--strict").code) == (3, 0)
    short = f"{len(rows)} of 80 rows"
    assert short in built.run("status").out
    assert short in built.run("show", "support").out
    assert short in built.run("plan", "--all").out
    assert short in built.run("plan", "--all").out, "the cached plan says it too"
    assert (built.status()["num_examples"], built.plan()["support"]["missing"]) == (80, 80 - len(rows))


def test_a_saved_plan_does_what_was_reviewed(built: Built) -> None:
    file = str(built.root / "plan.json")
    built.check("min_chars: 60, min_accepted: 0.3")
    built.run("plan", "--out", file)
    outcome = result_of(built.apply(file))
    assert outcome["message"].endswith(" of 70 rows")
    built.check("min_chars: 90")
    built.run("plan", "--out", file)
    before = built.lock_path.read_bytes()
    assert result_of(built.apply(file, code=3))["result"] == "blocked"
    assert (built.lock_path.read_bytes(), built.requests) == (before, 2)


def test_a_machine_without_the_rows(built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = built.rows()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "another machine"))
    built.check("min_chars: 60, min_accepted: 0.3")
    step = built.plan()["support"]
    assert (step["action"], step["fetch"]) == ("update", True)
    assert any("70 rows to check are not on this machine" in reason["text"] for reason in step["reasons"])
    assert built.run("check", code=2).code == 2
    outcome = result_of(built.apply())
    kept = [row for row in rows if len(row["text"]) >= 60]
    assert (outcome["message"], built.rows()) == (f"{len(kept)} of 70 rows", kept)
    assert built.requests == 2


def test_readers_do_not_get_rows_of_another_definition(built: Built) -> None:
    rows = built.rows()
    built.edit("support", "other]", "other, praise]")
    refused = built.export(code=1)
    assert "the rows of 'support' are stale" in refused
    assert 'labels: + "praise"' in refused
    assert "--allow-stale" in refused
    with pytest.raises(PioneerError, match="are stale"):
        load("support", directory=built.root)
    assert built.rows("--allow-stale") == rows
    assert load("support", directory=built.root, allow_stale=True)[:] == rows
    shown = built.show()
    assert (shown["stale"], shown["training"], len(shown["rows"])) == (True, None, 3)
    assert "of an earlier definition" in built.run("show", "support").out
    assert "of an earlier definition" in built.run("status").out
    # its job is rejected: the lock has the new definition, and the last good rows are those of the old one
    built.check("min_chars: 9000")
    built.apply(code=3)
    assert built.lock("support")["definition"]["labels"] == ["billing", "other", "praise", "refund"]
    assert "are stale" in built.export(code=1)
    stale = load("support", directory=built.root, allow_stale=True)
    assert (list(stale), stale.labels, stale.task_type) == (rows, (), "classification")
    assert built.rows("--allow-stale") == rows
    built.check("")
    built.edit("support", "other, praise]", "other]")
    assert built.apply()["requests"] == 0
    assert built.rows() == rows


def test_label_specs(built: Built) -> None:
    built.remove("support")
    built.spec(
        "moods", "dataset_name: moods\ntask_type: classification\nlabels: [good, bad]\ninputs: [I love it, It broke]\n"
    )
    built.apply()
    built.edit("moods", "[good, bad]\n", "[good, bad]\nchecks: {min_accepted: 1.0}\n")
    assert built.plan()["moods"]["action"] == "update", "all texts have an annotation"
    built.apply()
    built.edit("moods", "min_accepted: 1.0", "max_chars: 3")
    outcome = result_of(built.apply(), "moods")
    assert (outcome["result"], outcome["message"]) == ("done", "2 rows")
    built.edit("moods", "labels: [good, bad]", "labels: [good, bad, so-so]")
    assert "are stale" in built.export(name="moods", code=1)


def test_a_pair_for_training_after_an_extend(built: Built) -> None:
    assert built.show()["training"] == {"name": "support", "version": "2"}, "the local engine's versions add up"
    assert load("support", directory=built.root).training == {"name": "support", "version": "2"}
    built.check("min_chars: 60, min_accepted: 0.3")
    built.apply()
    assert built.show()["training"] is None, "the version has rows that the dataset lacks"


def test_a_protected_dataset(built: Built) -> None:
    built.edit("support", "version: 1\n", "version: 1\nprotect: true\n")
    built.edit("support", "other]", "other, praise]")
    built.edit("support", "num_examples: 70", "num_examples: 5")
    built.apply()
    built.edit("support", "other, praise]", "other]")
    for size, more in ((5, 0), (90, 1)):
        built.edit("support", "num_examples: 5", f"num_examples: {size}")
        step = built.plan()["support"]
        assert (step["action"], step["requests"]) == ("restore", more)
        assert "protected" in step["refused"]
        assert result_of(built.apply(code=3))["result"] == "refused"
    built.edit("support", "other]", "other, praise]")
    built.edit("support", "num_examples: 90", "num_examples: 5")
    assert built.action("support") == "none"
    assert built.requests == 3
    text = (built.root / "specs" / "support.yaml").read_text()
    built.spec("another", SPEC.replace("support", "another").replace("40", "2"))
    built.apply()
    built.remove("support")
    way = (
        "restore the spec, remove `protect` from it, and run pioneer-build apply; then remove the spec and apply again"
    )
    assert way in built.run("status").out
    assert built.show()["command"] == way
    assert result_of(built.apply(code=3))["command"] == way
    built.spec("support", text.replace("protect: true\n", ""))
    built.apply()
    built.remove("support")
    assert result_of(built.apply())["message"].startswith("forgotten")


def test_a_merge_of_rows_and_checks(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    """One branch changes the checks, the other one asks for more rows; git merges both with the merge driver."""
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "ada@example.org")

    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=built.root, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    git("config", "merge.pioneer-lock.driver", f"{sys.executable} -m pioneer_build merge-lock %O %A %B")
    (built.root / ".gitattributes").write_text("pioneer.lock merge=pioneer-lock\n")
    (built.root / ".gitignore").write_text(".pioneer/\n")
    spec = built.root / "specs" / "support.yaml"
    spec.write_text(f"{spec.read_text()}description: for people\n")
    git("add", "-A")
    git("commit", "-qm", "built")
    git("switch", "-qc", "strict")
    spec.write_text(f"{spec.read_text()}checks: {{min_chars: 60, min_accepted: 0.3}}\n")
    built.apply()
    git("commit", "-qam", "strict")
    git("switch", "-q", "main")
    built.edit("support", "num_examples: 70", "num_examples: 90")
    built.apply()
    git("commit", "-qam", "more")
    git("merge", "strict")
    step = built.plan()["support"]
    assert (step["action"], step["requests"]) == ("update", 0)
    assert any("of 90 rows pass" in reason["text"] for reason in step["reasons"])
    built.run("check", code=2)
    built.apply()
    assert all(len(row["text"]) >= 60 for row in built.rows())
    assert (built.requests, built.run("check", "--strict").code) == (3, 0)

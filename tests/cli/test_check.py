"""`check`: its exit codes, and what it says in a workflow of GitHub."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.cli import run
from tests.made import Made, classes

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Ran


@pytest.fixture
def made(folder: Path, tmp_path: Path) -> Made:
    """One dataset, as built."""
    made = Made(folder.resolve(), tmp_path / "store")
    classes(made, "one", 4)
    made.write_lock()
    return made


def value(ran: Ran, code: int) -> Any:
    assert ran.code == code, ran
    return json.loads(ran.out)


def test_all_is_as_the_specs_say(made: Made, cli: Any) -> None:
    assert cli("check").out == "1 dataset up to date with the specs; 1 digest matches.\n"
    assert (cli("check").code, cli("-q", "check").out) == (0, "")
    assert value(cli("check", "--format", "json"), 0) == {
        "format": 1, "ok": True, "datasets": 1, "digests": 1, "findings": [],
    }  # fmt: skip


def test_changes_are_2_and_beside_the_key_that_changed(made: Made, cli: Any) -> None:
    spec = made.root / "specs" / "one.yaml"
    spec.write_text(spec.read_text().replace("num_examples: 4", "num_examples: 9"))
    line = spec.read_text().split("\n").index("num_examples: 9") + 1
    [finding] = value(cli("check", "--format", "json"), 2)["findings"]
    assert (finding["kind"], finding["path"], finding["line"]) == ("pending", "specs/one.yaml", line)
    ran = cli("-q", "check")
    assert (ran.code, ran.out.split("\n")[-2]) == (2, "1 dataset out of date.")
    assert cli("check", "--exclude", "one").code == 0
    assert cli("check", "--select", "two").code == 1


def test_rows_that_are_not_what_the_lock_says_are_1(made: Made, cli: Any) -> None:
    path = made.store.path(made.entries[0].jobs[0].rows or "")
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"text", b"tent"))
    assert [one["kind"] for one in value(cli("check", "--format", "json"), 1)["findings"]] == ["content"]
    path.unlink()
    assert cli("check").code == 0, "rows that are not on this machine are no news"
    assert [one["kind"] for one in value(cli("check", "--strict", "--format", "json"), 1)["findings"]] == ["missing"]


def test_rows_that_were_never_looked_at_are_1_when_strict(made: Made, cli: Any) -> None:
    classes(made, "one", 4, verified=False)
    made.write_lock()
    assert cli("check").code == 0
    assert [one["kind"] for one in value(cli("check", "--strict", "--format", "json"), 1)["findings"]] == ["unverified"]


def test_check_says_them_only_in_a_workflow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "repo" / "sub"
    (project / "specs").mkdir(parents=True)
    (project / "specs" / "a.yaml").write_text("dataset_name: d\ntask_type: decoder\nprompt: x\nnum_examples: 3\n")
    assert run(["-C", str(project), "check"]) == 2
    assert "::" not in capfd.readouterr().err
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path / "repo"))
    assert run(["-C", str(project), "check", "--format", "json"]) == 2
    said = capfd.readouterr()
    assert said.out.startswith("{")
    assert said.err.startswith(
        "::warning file=sub/specs/a.yaml,line=1,title=d%3A pending::create pending (new dataset)"
    )
    (project / "specs" / "a.yaml").write_text("dataset_name: d\ntask_type: decoder\npromt: x\nnum_examples: 3\n")
    assert run(["-C", str(project), "check"]) == 1
    assert "::error file=sub/specs/a.yaml,line=3,col=1,title=" in capfd.readouterr().err
    (project / "pioneer.lock").write_text("{")
    (project / "specs" / "a.yaml").write_text("dataset_name: d\ntask_type: decoder\nprompt: x\nnum_examples: 3\n")
    assert run(["-C", str(project), "check"]) == 1
    assert "::error file=sub/pioneer.lock,line=1,title=pioneer.lock::" in capfd.readouterr().err

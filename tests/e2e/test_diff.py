"""`diff` in real git: revisions and the working tree, locks that are absent, conflicted, damaged or too new."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.made import Made, spec_text
from tests.runner import git

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Answer, Cli


def rows(count: int, label: str = "a") -> list[dict[str, Any]]:
    return [{"text": f"text {i}", "label": label if i == 0 else "a"} for i in range(count)]


def build(made: Made, name: str, count: int, label: str = "a", job: str = "j1") -> None:
    text = spec_text(name, "classification", labels=["a", "b"], num_examples=count, domain_description="x")
    made.dataset(text, rows(count, label), job_id=job)
    made.write_lock()


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    """A project in a subfolder of a repository, with two commits: no lock, then two datasets."""
    root = tmp_path / "repo" / "data"
    made = Made(root, tmp_path / "store")
    git(root.parent, "init", "-q")
    git(root.parent, "add", ".")
    git(root.parent, "commit", "-qm", "no lock yet")
    build(made, "one", 3)
    build(made, "two", 2)
    git(root.parent, "add", ".")
    git(root.parent, "commit", "-qm", "two datasets")
    monkeypatch.chdir(root)
    return made


def value(answer: Answer) -> Any:
    assert answer.code == 0, answer
    return answer.json()


def test_without_a_revision_it_is_since_the_last_commit(made: Made, cli: Cli) -> None:
    assert "No changes in 2 datasets." in cli("diff").out
    build(made, "one", 5, "b")
    [one] = value(cli("diff", "--format", "json"))["datasets"]
    assert (one["dataset_name"], one["examples"]) == ("one", {"old": 3, "new": 5})
    assert [one["rows"][key] for key in ("added", "removed", "relabelled")] == [2, 0, 1]
    assert one["rows"]["labels"] == [{"label": "a", "old": 3, "new": 4}, {"label": "b", "old": 0, "new": 1}]


def test_with_one_and_with_two(made: Made, cli: Cli) -> None:
    build(made, "one", 5)
    since = value(cli("diff", "HEAD~1", "--format", "json"))
    assert since["from"]["lock"] == "absent"
    assert [(one["dataset_name"], one["change"]) for one in since["datasets"]] == [("one", "added"), ("two", "added")]
    between = value(cli("diff", "HEAD", "HEAD~1", "--format", "json"))
    assert [one["change"] for one in between["datasets"]] == ["removed", "removed"]
    assert between["to"]["commit"] == git(made.root, "rev-parse", "HEAD~1")


def test_markdown(made: Made, cli: Cli) -> None:
    build(made, "one", 5, "b")
    out = cli("diff", "--format", "markdown", "--rows", "1").out
    assert "| ~ | one | changed | 3 → 5 | 2 | 0 | 1 |" in out
    assert '`~ "text 0": a → b`' in out


def test_rows_that_are_gone(made: Made, cli: Cli) -> None:
    old = made.entries[0].content or ""
    build(made, "one", 5)
    made.store.path(old).unlink()
    [one] = value(cli("diff", "--format", "json"))["datasets"]
    assert one["rows"] is None
    assert one["rows_unknown"].startswith("before: the rows of 'one' are in pioneer.lock, but not on this machine")
    assert "rows: can't be compared" in cli("diff").out


def test_rows_that_are_damaged(made: Made, cli: Cli) -> None:
    old = made.store.path(made.entries[0].content or "")
    build(made, "one", 5)
    old.chmod(0o600)
    old.write_bytes(old.read_bytes().replace(b"text", b"tent"))
    [one] = value(cli("diff", "--format", "json"))["datasets"]
    assert (one["rows"], "damaged" in one["rows_unknown"]) == (None, True)


def test_a_merge_in_progress(made: Made, cli: Cli) -> None:
    git(made.root, "switch", "-qc", "side")
    build(made, "one", 5, job="j2")
    git(made.root, "commit", "-qam", "side")
    git(made.root, "switch", "-q", "main")
    build(made, "one", 4, job="j3")
    git(made.root, "commit", "-qam", "main")
    with pytest.raises(Exception, match="returned non-zero"):
        git(made.root, "merge", "side")
    found = value(cli("diff", "--format", "json"))
    assert found["to"]["lock"] == "conflicted"
    assert {job["job_id"] for one in found["datasets"] for job in one["jobs"] if job["old_state"] is None} == {"j2"}
    git(made.root, "add", ".")
    git(made.root, "commit", "-qm", "committed as it was")
    later = value(cli("diff", "HEAD", "--format", "json"))
    assert (later["from"]["lock"], later["changes"]) == ("conflicted", False)
    assert "conflict markers: both sides are merged" in cli("diff", "HEAD").out


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"datasets": {}, "lock_version": 99}', "at HEAD: pioneer.lock:1: lock_version 99 is newer"),
        ("{", "at HEAD: pioneer.lock:1:"),
        ("", "at HEAD: pioneer.lock:1: the file is empty"),
    ],
)
def test_a_lock_that_cannot_be_read(made: Made, cli: Cli, text: str, says: str) -> None:
    (made.root / "pioneer.lock").write_text(text)
    git(made.root, "commit", "-qam", "bad")
    made.write_lock()
    answer = cli("diff")
    assert answer.code == 1
    assert says in answer.err


@pytest.mark.parametrize(
    ("arguments", "code"), [(("nope",), 1), (("a", "b", "c"), 64), (("--", "--output=x"), 64), (("HEAD..HEAD",), 1)]
)
def test_what_is_no_revision(made: Made, cli: Cli, arguments: tuple[str, ...], code: int) -> None:
    answer = cli("diff", *arguments)
    assert (answer.code, answer.out) == (code, "")
    assert answer.err.startswith("error: ")
    assert not (made.root / "x").exists()


def test_the_report_shows_what_changed(made: Made, cli: Cli) -> None:
    build(made, "one", 5, "b")
    assert cli("report", "--since", "HEAD").code == 0
    page = (made.root / "report.html").read_text()
    overview = json.loads(page.partition('id="overview">')[2].partition("</script>")[0])
    assert overview["since"].startswith("HEAD (")
    one, two = overview["datasets"]
    assert (one["change"]["rows"]["relabelled"], two["change"]) == (1, None)
    assert [sample[0] for sample in one["change"]["samples"]] == ["relabelled", "added", "added"]

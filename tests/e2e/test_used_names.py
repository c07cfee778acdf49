"""One branch renames a dataset and gives its old name to a new one; the other branch buys more rows for it.

Merged by real git, the rows that were paid for belong to the renamed dataset.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pioneer_build.project.lock_file import LockFile
from tests.e2e.conftest import move_home
from tests.e2e.scripted import Scripted, running
from tests.runner import git

if TYPE_CHECKING:
    from tests.e2e.conftest import Answer, Cli

REPO = Path(__file__).parents[2]


class Names:
    """A project in git with the datasets `a` and `k`, and the branches `left`, which renames, and `main`."""

    def __init__(self, root: Path, cli: Cli, service: Scripted, *, driver: bool, split: bool) -> None:
        self.root, self.cli, self.service = root, cli, service
        (root / "specs").mkdir(parents=True)
        (root / "pioneer.yaml").write_text(f"version: 1\nbackend: {service.url}\n{'lock: split' if split else ''}\n")
        git(root, "init", "-q", "-b", "main")
        if driver:
            program = f"PYTHONPATH={REPO} {sys.executable} -m pioneer_build merge-lock %O %A %B %P"
            git(root, "config", "merge.pioneer-lock.driver", program)
            lines = ("pioneer.lock merge=pioneer-lock", "pioneer.lock.d/*.json merge=pioneer-lock")
            (root / ".gitattributes").write_text("\n".join(lines) + "\n")
        self.commit(a="person 4", k="person 2")
        git(root, "switch", "-qc", "left")
        self.write("a", None)
        self.commit(old="person 4 renamed_from: a")
        self.commit(old="person 4", a="person,place 4")
        git(root, "switch", "-q", "main")
        self.commit(a="person 8")
        assert sorted(self.asked()) == [2, 4, 4, 4]

    def write(self, name: str, said: str | None) -> None:
        path = self.root / "specs" / f"{name}.yaml"
        if said is None:
            path.unlink()
            return
        label, size, *more = said.split(" ", 2)
        text = f"dataset_name: {name}\ntask_type: ner\nlabels: [{label}]\nnum_examples: {size}\n{''.join(more)}\n"
        path.write_text(text)

    def commit(self, **specs: str) -> None:
        for name, said in specs.items():
            self.write(name, said)
        assert self.run("-q", "apply", "--yes").code == 0
        git(self.root, "add", "--all")
        git(self.root, "commit", "-qm", "a change")

    def run(self, *arguments: str) -> Answer:
        return self.cli(*arguments)

    def asked(self) -> list[int]:
        return self.service.asked()

    def merge(self) -> None:
        done = subprocess.run(["git", "merge", "-q", "left"], cwd=self.root, capture_output=True, text=True)
        assert done.returncode == 1, "both changed specs/a.yaml"
        self.write("a", "person,place 4")
        self.write("old", "person 8")

    def jobs(self) -> dict[str, list[str | None]]:
        entries = LockFile(self.root).read().entries
        return {name: [job.job_id for job in entry.jobs] for (name, _), entry in sorted(entries.items())}


@pytest.mark.parametrize("driver", [True, False], ids=["driver", "plain"])
@pytest.mark.parametrize("split", [True, False], ids=["split", "one file"])
@pytest.mark.parametrize("moved", [True, False], ids=["another machine", "this machine"])
def test_the_rows_belong_to_the_renamed_dataset(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, *, driver: bool, split: bool, moved: bool
) -> None:
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.chdir(root)
    monkeypatch.setenv("PIONEER_API_KEY", "key-of-the-test")
    monkeypatch.setenv("PIONEER_REQUESTS_PER_MINUTE", "100000")
    move_home(monkeypatch, tmp_path / "one")
    with running(Scripted()) as service:
        names = Names(root, cli, service, driver=driver, split=split)
        before = names.jobs()
        names.merge()
        if moved:
            move_home(monkeypatch, tmp_path / "two")
        planned = cli("plan", "--format", "json").json()
        assert {step["dataset_name"]: (step["requests"], step["total"]) for step in planned["steps"]} == {
            "a": (0, 4), "k": (0, 2), "old": (0, 8),
        }  # fmt: skip
        assert cli("apply", "--yes").code == 0
        assert cli("check", "--strict").code == 0
        assert (names.jobs()["old"], names.jobs()["k"]) == (before["a"], before["k"])
        assert set(names.jobs()["a"]).isdisjoint(before["a"])
        assert sorted(service.asked()) == [2, 4, 4, 4]
        assert cli("export", "old").out.count("\n") == 8


def test_a_lock_that_was_merged_without_regard_to_the_name_is_mended(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job is in the entry of the new dataset, and neither journal nor history can be asked."""
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.chdir(root)
    monkeypatch.setenv("PIONEER_API_KEY", "key-of-the-test")
    monkeypatch.setenv("PIONEER_REQUESTS_PER_MINUTE", "100000")
    move_home(monkeypatch, tmp_path / "one")
    with running(Scripted()) as service:
        names = Names(root, cli, service, driver=False, split=True)
        mine = LockFile(root).read().get("a", service.url)
        assert mine is not None
        git(root, "checkout", "-q", "left", "--", ".")
        file = LockFile(root)
        lock = file.read()
        new = lock.get("a", service.url)
        assert new is not None
        file.write(lock.with_entries([replace(new, jobs=(*mine.jobs, *new.jobs), num_examples=8)]))
        names.write("old", "person 8")
        move_home(monkeypatch, tmp_path / "two")
        (tmp_path / "project" / ".git").rename(tmp_path / "gone")
        assert cli("apply", "--yes").code == 0
        assert names.jobs()["old"] == [job.job_id for job in mine.jobs]
        assert cli("check").code == 0
        assert sorted(service.asked()) == [2, 4, 4, 4]

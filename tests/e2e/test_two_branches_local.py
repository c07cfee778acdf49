"""Branches that each extend one dataset with the local engine: after a merge, every machine has the same rows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pioneer_build.project.lock_file import LockFile
from tests.e2e.conftest import move_home
from tests.runner import git

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.e2e.conftest import Answer, Cli

REPO = Path(__file__).parents[2]

pytest.importorskip("onnxruntime", reason="the extra 'local' is not installed")


class Clones:
    """Clones of one repository, each on a machine of its own: without the others' stores and engines.

    Args:
        folder: where they are.
        cli: runs the program.
        patch: changes the environment.
        split: whether each dataset has a file of its own in the lock.
    """

    def __init__(self, folder: Path, cli: Cli, patch: pytest.MonkeyPatch, *, split: bool) -> None:
        self.folder, self.cli, self.patch = folder, cli, patch
        self.hub = folder / "hub.git"
        git(folder, "init", "-q", "--bare", "-b", "main", self.hub.name)
        self.clone("first")
        (self.root / "specs").mkdir()
        (self.root / "pioneer.yaml").write_text("version: 1\nbackend: local\n" + ("lock: split\n" if split else ""))

    def clone(self, machine: str) -> None:
        """Clones what the hub has, and goes there."""
        git(self.folder, "clone", "-q", str(self.hub), machine)
        self.at(machine)
        git(self.root, "config", "user.name", "t")
        git(self.root, "config", "user.email", "t@example.org")

    def use_driver(self) -> None:
        """Merges with the merge driver in this clone."""
        driver = f"PYTHONPATH={REPO} {sys.executable} -m pioneer_build merge-lock %O %A %B"
        git(self.root, "config", "merge.pioneer-lock.driver", driver)
        (self.root / ".gitattributes").write_text(
            "pioneer.lock merge=pioneer-lock\npioneer.lock.d/*.json merge=pioneer-lock\n"
        )

    def at(self, machine: str) -> None:
        self.root = self.folder / machine
        self.patch.chdir(self.root)
        move_home(self.patch, self.folder / f"home-{machine}")

    def spec(self, size: int, name: str = "a", prompt: str = "Answer politely.", more: str = "") -> None:
        text = f"dataset_name: {name}\ntask_type: decoder\nprompt: {prompt}\nnum_examples: {size}\n{more}"
        (self.root / "specs" / f"{name}.yaml").write_text(text)

    def apply(self) -> Answer:
        done = self.cli("-q", "apply", "--yes")
        assert done.code == 0, done.out + done.err
        return done

    def extend(self, *sizes: int) -> None:
        for size in sizes:
            self.spec(size)
            self.apply()

    def push(self, branch: str) -> None:
        git(self.root, "add", "--all")
        git(self.root, "commit", "-q", "--allow-empty", "-m", "a change")
        git(self.root, "push", "-q", "origin", f"HEAD:{branch}")

    def pull(self, branch: str) -> None:
        git(self.root, "fetch", "-q", "origin")
        git(self.root, "reset", "-q", "--hard", f"origin/{branch}")

    def merge(self, branch: str, size: int) -> None:
        """Merges without the merge driver, and says how many rows are wanted."""
        git(self.root, "fetch", "-q", "origin")
        subprocess.run(
            ["git", "merge", "-q", "--no-edit", f"origin/{branch}"], cwd=self.root, capture_output=True, check=False
        )
        self.spec(size)

    def rows(self) -> list[str]:
        """The rows of all datasets."""
        found: list[str] = []
        for path in sorted((self.root / "specs").glob("*.yaml")):
            done = self.cli("export", path.stem, "--to", "/dev/stdout")
            found += [line for line in done.out.splitlines() if line.startswith("{")]
        return found

    def lock(self) -> Mapping[str, object]:
        return {name: entry for (name, _), entry in LockFile(self.root).read().entries.items()}

    def everywhere(self, *machines: str) -> list[str]:
        """Applies what the hub's `main` says, on each machine: the rows, which are the same ones, in step."""
        found: list[list[str]] = []
        for machine in machines:
            if (self.folder / machine).exists():
                self.at(machine)
                self.pull("main")
            else:
                self.clone(machine)
            before = self.lock()
            done = self.cli("apply", "--yes")
            assert done.code == 0, machine + done.out + done.err
            assert self.lock() == before, machine
            assert self.cli("check", "--strict").code == 0, machine
            found.append(self.rows())
        assert all(one == found[0] for one in found)
        return found[0]


@pytest.fixture(params=[False, True], ids=["one-file", "split"])
def clones(request: pytest.FixtureRequest, tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Clones:
    """A dataset of eight rows on `main`, and two clones."""
    made = Clones(tmp_path, cli, monkeypatch, split=request.param)
    made.extend(8)
    made.push("main")
    made.clone("second")
    return made


@pytest.mark.parametrize(("ours", "theirs"), [((16,), (18,)), ((12, 16), (18,)), ((12, 16), (14, 18)), ((16,), (16,))])
def test_both_extend(clones: Clones, ours: tuple[int, ...], theirs: tuple[int, ...]) -> None:
    clones.extend(*theirs)
    clones.push("two")
    clones.at("first")
    clones.extend(*ours)
    clones.push("one")
    clones.merge("two", 26)
    done = clones.cli("apply", "--yes")
    assert done.code == 0, done.out + done.err
    clones.apply()
    clones.push("main")
    rows = clones.everywhere("first", "second", "third")
    assert len(rows) == len(set(rows)) == 26
    clones.at("second")
    clones.extend(31)
    clones.push("main")
    assert len(clones.everywhere("second", "first", "third", "fourth")) == 31

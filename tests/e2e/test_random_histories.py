"""Random histories of a project in two clones, over the real command line and real git.

Specs are extended, given other checks, renamed, removed and brought back on both; branches are merged, picked, reverted
and squashed. In the end every clone, and a fresh one, is up to date after one `apply`, with the same rows.
"""

from __future__ import annotations

import random
import subprocess
from typing import TYPE_CHECKING, Final

import pytest

from tests.e2e.test_two_branches_local import Clones
from tests.runner import git

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Cli

pytest.importorskip("onnxruntime", reason="the extra 'local' is not installed")

_CHECKS: Final = ("", "checks: {max_chars: 100000}\n", "checks: {min_accepted: 0.1}\n", "checks: {min_chars: 3}\n")


class History:
    """Two clones in which steps are done at random.

    Args:
        clones: where they are.
        seed: decides the steps.
        renames: whether both clones rename datasets.
    """

    def __init__(self, clones: Clones, seed: int, *, renames: bool) -> None:
        self.renames = renames
        self.clones, self.random = clones, random.Random(seed)
        self.steps: list[str] = []

    def run(self, steps: int) -> None:
        for _ in range(steps):
            self.clones.at(self.random.choice(("first", "second")))
            step = self.random.choice(
                (self.extend, self.extend, self.extend, self.check, self.rename, self.remove, self.merge, self.merge,
                 self.take_back, self.pick, self.squash)
            )  # fmt: skip
            step()
            self.settle()

    def note(self, text: str) -> None:
        self.steps.append(f"{self.clones.root.name}: {text}")

    def specs(self) -> dict[str, Path]:
        return {path.stem: path for path in sorted((self.clones.root / "specs").glob("*.yaml"))}

    def value(self, path: Path) -> int:
        (line,) = [line for line in path.read_text().splitlines() if line.startswith("num_examples:")]
        return int(line.split()[1])

    def extend(self) -> None:
        name = self.random.choice([*self.specs(), "b", "c"])
        path = self.specs().get(name)
        if path is None:
            self.note(f"adds {name}")
            self.clones.spec(self.random.randint(2, 5), name)
            return
        size = self.value(path)
        more = size + self.random.randint(1, 4)
        self.note(f"extends {name} from {size} to {more}")
        path.write_text(path.read_text().replace(f"num_examples: {size}\n", f"num_examples: {more}\n"))

    def check(self) -> None:
        name, path = self.random.choice([*self.specs().items()])
        lines = [line for line in path.read_text().splitlines() if not line.startswith("checks:")]
        checks = self.random.choice(_CHECKS)
        self.note(f"{name} {checks.strip() or 'has no checks'}")
        path.write_text("\n".join((*lines, "")) + checks)

    def rename(self) -> None:
        if not self.renames and self.clones.root.name == "second":
            return
        name, path = self.random.choice([*self.specs().items()])
        new = f"{name[0]}{self.random.randint(1, 3)}"
        if new in self.specs():
            return
        self.note(f"renames {name} to {new}")
        lines = [line for line in path.read_text().splitlines() if not line.startswith("renamed_from:")]
        text = "\n".join((*lines, f"renamed_from: {name}", "")).replace(
            f"dataset_name: {name}\n", f"dataset_name: {new}\n"
        )
        path.unlink()
        path.with_stem(new).write_text(text)

    def remove(self) -> None:
        if len(specs := self.specs()) > 1:
            name, path = self.random.choice([*specs.items()])
            self.note(f"removes {name}")
            path.unlink()

    # -- git -------------------------------------------------------------------------------------------------------

    def git(self, *arguments: str) -> None:
        """Runs a command that may end with a conflict; what isn't the lock is then as on our side."""
        root = self.clones.root
        other = "first" if root.name == "second" else "second"
        git(root, "fetch", "-q", str(root.parent / other), "+HEAD:refs/heads/other")
        self.note(" ".join(arguments))
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
        for line in git(root, "status", "--porcelain", "--", "specs").splitlines():
            state, path = line[:2], line[3:]
            if "U" in state or state in ("AA", "DD"):
                kept = subprocess.run(
                    ["git", "checkout", "-q", "--ours", "--", path], cwd=root, capture_output=True, check=False
                )
                if kept.returncode or "<<<<<<<" in (root / path).read_text():
                    (root / path).unlink(missing_ok=True)

    def merge(self) -> None:
        self.git("merge", "-q", "--no-edit", "other")

    def pick(self) -> None:
        self.git(
            "cherry-pick",
            "--allow-empty",
            "--keep-redundant-commits",
            "-m1" if self.is_merge("other") else "-x",
            "other",
        )

    def squash(self) -> None:
        self.git("merge", "-q", "--squash", "other")

    def take_back(self) -> None:
        if self.is_merge("HEAD") or len(git(self.clones.root, "rev-list", "HEAD").split()) < 3:
            return
        self.git("revert", "--no-edit", "HEAD")

    def is_merge(self, revision: str) -> bool:
        root = self.clones.root
        other = "first" if root.name == "second" else "second"
        git(root, "fetch", "-q", str(root.parent / other), "+HEAD:refs/heads/other")
        return len(git(root, "rev-list", "--parents", "-n", "1", revision).split()) > 2

    # -- what must hold --------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Applies once, after which the project is up to date, and commits."""
        self.without_stale_renames()
        done = self.clones.cli("apply", "--yes")
        assert done.code == 0, self.said(done.out + done.err)
        git(self.clones.root, "add", "--all")
        checked = self.clones.cli("check")
        if checked.code == 2:  # rows that both branches got were found to be so: what is missing is made
            done = self.clones.cli("apply", "--yes")
            assert done.code == 0, self.said(done.out + done.err)
            checked = self.clones.cli("check")
        assert checked.code == 0, self.said(checked.out + checked.err)
        git(self.clones.root, "add", "--all")
        git(self.clones.root, "commit", "-q", "--allow-empty", "-m", "a step")

    def without_stale_renames(self) -> None:
        """Both branches may have renamed a dataset, and one of them has its old name in use: that is for a person."""
        specs = self.specs()
        taken: set[str] = set()
        for path in specs.values():
            old = [line.split()[1] for line in path.read_text().splitlines() if line.startswith("renamed_from:")]
            if old and (old[0] in specs or old[0] in taken):
                lines = [line for line in path.read_text().splitlines() if not line.startswith("renamed_from:")]
                path.write_text("\n".join((*lines, "")))
            taken.update(old)

    def said(self, text: str) -> str:
        return "\n".join((*self.steps, text))

    def end(self) -> None:
        self.clones.at("first")
        self.merge()
        self.settle()
        git(self.clones.root, "push", "-q", "-f", "origin", "HEAD:main")
        try:
            self.clones.everywhere("first", "second", "fresh")
        except AssertionError as error:
            raise AssertionError(self.said(str(error))) from None


def play(folder: Path, cli: Cli, patch: pytest.MonkeyPatch, seed: int, steps: int) -> None:
    clones = Clones(folder, cli, patch, split=seed % 2 == 1)
    driver = seed % 4 != 1  # in one file, git joins entries line by line without it
    if driver:
        clones.use_driver()
    clones.spec(4)
    clones.apply()
    clones.push("main")
    clones.clone("second")
    if driver:
        clones.use_driver()
    history = History(clones, seed, renames=driver)
    history.run(steps)
    history.end()


@pytest.mark.parametrize("seed", range(4))
def test_two_clones(tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    play(tmp_path, cli, monkeypatch, seed, 8)

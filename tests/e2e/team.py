"""A project in git, a scripted service, and machines on which somebody works on the project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.conftest import move_home
from tests.runner import git

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.e2e.conftest import Answer, Cli
    from tests.e2e.scripted import Scripted


class Team:
    """Begins on the machine `first`, in an empty repository.

    Args:
        root: the project.
        cli: runs the program.
        service: the service.
        patch: changes the environment.
    """

    def __init__(self, root: Path, cli: Cli, service: Scripted, patch: pytest.MonkeyPatch) -> None:
        self.root, self.cli, self.service, self.patch = root, cli, service, patch
        self.at("first")
        git(root, "init", "-q", "-b", "main")

    def at(self, machine: str) -> None:
        """Goes to another machine, with a store and a journal of its own."""
        move_home(self.patch, self.root.parent / machine)

    def spec(self, name: str, size: int, checks: str, labels: str = "x, y") -> None:
        """Writes the spec of a classification dataset.

        Args:
            name: the dataset.
            size: how many examples it wants.
            checks: as YAML.
            labels: parted by commas.
        """
        lines = ("task_type: classification", f"labels: [{labels}]", f"num_examples: {size}", f"checks: {checks}")
        (self.root / "specs" / f"{name}.yaml").write_text("\n".join((f"dataset_name: {name}", *lines, "")))

    def run(self, *arguments: str) -> Answer:
        """What a command printed."""
        return self.cli("--backend", self.service.url, *arguments)

    def apply(self) -> None:
        """Applies the specs, and commits everything."""
        done = self.run("-q", "apply", "--yes")
        assert done.code == 0, done.err
        git(self.root, "add", "--all")
        git(self.root, "commit", "-q", "-m", "a change")

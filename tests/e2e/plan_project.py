"""A project in a folder of its own, driven through the command line in this process.

The user's folders (XDG) are in the test's temporary folder, and no key is set: only the local backend can be used.
"""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pioneer_build.cli import run

SUPPORT = """\
version: 1
dataset_name: support
task_type: classification
labels: [billing, refund]
num_examples: 4
"""
TICKETS = """\
version: 1
dataset_name: tickets
task_type: classification
labels: [billing, refund]
inputs: ["I want my money back", "the invoice is wrong"]
"""


@dataclass(frozen=True)
class Ran:
    """How one command ended."""

    code: int
    out: str
    err: str

    @property
    def value(self) -> Any:
        return json.loads(self.out)


class PlanProject:
    """A project with the local backend."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "specs").mkdir(parents=True)
        (root / "pioneer.yaml").write_text("version: 1\nbackend: local\n")

    def spec(self, name: str, text: str) -> None:
        path = self.root / "specs" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.root / "specs" / f"{name}.yaml"
        text = path.read_text()
        assert old in text, text
        path.write_text(text.replace(old, new))

    def remove(self, name: str) -> None:
        (self.root / "specs" / f"{name}.yaml").unlink()

    def run(self, *arguments: str, code: int | None = 0) -> Ran:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            ended = run(["-C", str(self.root), *arguments])
        ran = Ran(ended, out.getvalue(), err.getvalue())
        assert code is None or ran.code == code, f"exit {ran.code}\n{ran.out}\n{ran.err}"
        return ran

    def plan(self, *arguments: str) -> dict[str, Any]:
        """The steps of `plan --format json`, by name."""
        value = self.run("plan", "--format", "json", *arguments).value
        return {step["dataset_name"]: step for step in value["steps"]}

    def action(self, name: str, *arguments: str) -> str:
        return str(self.plan(*arguments)[name]["action"])

    def apply(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        return self.run("apply", "--yes", "--format", "json", *arguments, code=code).value  # type: ignore[no-any-return]

    @property
    def lock_path(self) -> Path:
        return self.root / "pioneer.lock"

    def lock(self, name: str, backend: str = "local") -> dict[str, Any]:
        value = json.loads(self.lock_path.read_text())
        return value["datasets"][name][backend]  # type: ignore[no-any-return]

    def names(self) -> list[str]:
        return sorted(json.loads(self.lock_path.read_text())["datasets"])


def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Points the user's folders into `tmp_path`, and takes keys out of the environment."""
    for kind in ("STATE", "DATA", "CACHE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind.lower()))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("PIONEER_API_KEY", "FASTINO_API_KEY", "PIONEER_BASE_URL", "PIONEER_BACKEND"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("PIONEER_REQUESTS_PER_MINUTE", raising=False)

"""A runner of workflows on this machine: the action's own scripts in a runner's environment, a stand-in for `gh`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Ran:
    """How a script ended, and what it said."""

    code: int
    said: str


class Runner:
    """Runs steps of action.yml. `folder` holds what a runner would keep beside the checkout."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "bin").mkdir(parents=True)
        self._program("pioneer-build", f'exec "{sys.executable}" -m pioneer_build "$@"')
        self._program("gh", f'exec "{sys.executable}" "{ROOT / "tests" / "fakes" / "gh.py"}" "$@"')
        self.environ = {
            **os.environ,
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "ACTION": str(ROOT),
            "DIRECTORY": ".",
            "BACKEND": "",
            "STRICT": "false",
            "GITHUB_ACTIONS": "true",
            "GITHUB_OUTPUT": str(folder / "output"),
            "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
            "GITHUB_REPOSITORY": "o/r",
            "GITHUB_REF_NAME": "main",
            "GITHUB_RUN_ID": "42",
            "RUNNER_TEMP": str(folder),
            "GH_FAKE": str(folder / "comments.json"),
            "GH_TOKEN": "token",
            "NUMBER": "7",
        }

    def _program(self, name: str, line: str) -> None:
        path = self.folder / "bin" / name
        path.write_text(f"#!/bin/sh\n{line}\n")
        path.chmod(0o755)

    def step(self, name: str, checkout: Path, **environ: str) -> Ran:
        """Runs `action/NAME.sh` in a checkout, with the outputs of earlier steps."""
        outputs = self.outputs()
        done = subprocess.run(
            ["bash", str(ROOT / "action" / f"{name}.sh")],
            cwd=checkout,
            env={**self.environ, "PLAN": outputs.get("plan", ""), "CODE": outputs.get("code", ""), **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return Ran(done.returncode, done.stdout)

    def outputs(self) -> dict[str, str]:
        """What steps have set; the last word counts."""
        path = self.folder / "output"
        return dict(line.split("=", 1) for line in path.read_text().splitlines()) if path.exists() else {}

    def comments(self) -> list[str]:
        """The bodies of the pull request's comments."""
        path = self.folder / "comments.json"
        return [one["body"] for one in json.loads(path.read_text())] if path.exists() else []


def git(folder: Path, *arguments: str) -> str:
    """Runs git; what it says."""
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()

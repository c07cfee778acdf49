"""A repository with a project in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runner import git


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repo"
    project = root / "a project" / "ü"
    project.mkdir(parents=True)
    git(root, "init", "-q")
    (project / "pioneer.lock").write_bytes(b"one\r\n\x00")
    git(root, "add", ".")
    git(root, "commit", "-qm", "one")
    return project

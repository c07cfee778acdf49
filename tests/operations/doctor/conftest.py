from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pioneer_build.operations.init.project_files import write_project_files
from pioneer_build.project.open import open_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project in a git repository, set up as it should be."""
    folder = tmp_path / "project"
    folder.mkdir()
    subprocess.run(["git", "init", "-q", folder], check=True)
    write_project_files(open_project(folder))
    return folder

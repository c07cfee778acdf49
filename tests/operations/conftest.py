"""Projects that tests of operations begin with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.built import age, build, build_texts, home
from tests.made import Made

NAMES = ("one", "two", "three")


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """A project without datasets, and a store beside it."""
    return Made(tmp_path.resolve() / "project", tmp_path / "store")


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with three generate specs and a label spec of files, all built, that no command has seen yet."""
    root = tmp_path.resolve() / "p"
    root.mkdir()
    share = home(root, monkeypatch) / "share"
    build(root, share, list(NAMES))
    build_texts(root, share)
    age()
    return root

from __future__ import annotations

from pathlib import Path

import pytest

from tests.made import Made


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """A project without datasets, and a store beside it."""
    return Made(tmp_path.resolve() / "project", tmp_path / "store")

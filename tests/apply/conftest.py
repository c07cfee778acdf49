"""Fixtures for tests that apply plans with a model of the service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.apply.bench import Bench
from tests.apply.labelling import Project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path)
    made.texts = tuple(f"text {number}" for number in range(40))
    return made

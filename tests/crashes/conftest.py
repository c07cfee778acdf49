"""Fixtures of the suite that runs the real program."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.crashes.machine import Forked, Machine, Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def server() -> Iterator[Server]:
    """A service with dataset endpoints."""
    with Server("--datasets", "/datasets") as running:
        yield running


@pytest.fixture
def machine(tmp_path: Path, server: Server) -> Machine:
    """A machine that talks to it."""
    return Forked(tmp_path, server.url)

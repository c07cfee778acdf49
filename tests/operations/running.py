"""A project as `apply` finds it, with the service in another process."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pioneer_build.operations.project_state import read_project_state
from pioneer_build.project.open import open_project
from tests.crashes.machine import KEY, Machine, Server, write_spec

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pytest

    from pioneer_build.apply import Event
    from pioneer_build.operations.project_state import ProjectState


@dataclass
class Found:
    """What was found in the project, and what is told of it."""

    root: Path
    server: Server
    events: list[Event] = field(default_factory=list)

    def look(self) -> ProjectState:
        return read_project_state(open_project(self.root))


def found(folder: Path, server: Server, patch: pytest.MonkeyPatch, names: Sequence[str] = ("a",)) -> Found:
    """A project with a spec of each name, whose service is `server`."""
    patch.setenv("PIONEER_API_KEY", KEY)
    patch.setenv("PIONEER_BASE_URL", server.url)
    patch.setenv("PIONEER_REQUESTS_PER_MINUTE", "60000")
    root = Machine(folder, server.url).checkout()
    for name in names:
        write_spec(root, name)
    return Found(root, server)

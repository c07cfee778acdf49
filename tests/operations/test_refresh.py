"""`status --refresh` asks for open jobs alone, and writes nothing."""

from __future__ import annotations

import pytest

from pioneer_build.errors import PioneerError
from pioneer_build.operations.project_state import read_project_state
from pioneer_build.operations.refresh import refreshed
from pioneer_build.operations.status import status
from pioneer_build.project.open import open_project
from tests.e2e.scripted import Scripted, running
from tests.made import Made, classes

NEVER_HAD = {"state": "open", "got": None, "rows": None, "version": None, "verified": False}


def test_open_jobs(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIONEER_API_KEY", "key-of-the-test")
    with running(Scripted()) as service:
        made.backend = service.url
        classes(made, "ready", 2)
        classes(made, "open", 2, **NEVER_HAD)
        made.write_lock()
        lock = (made.root / "pioneer.lock").read_bytes()
        project = open_project(made.root, service.url)
        found = read_project_state(project)
        values = status(project, (), ()).datasets
        assert [value["state"] for value in values] == ["open", "ready"]
        assert refreshed(found, values) == {"job-open": "unknown job"}
        assert [seen.target for seen in service.seen] == ["/generate/jobs/job-open"]
        assert refreshed(found, values[1:]) == {}
        assert len(service.seen) == 1
    assert (made.root / "pioneer.lock").read_bytes() == lock


def test_no_key(made: Made) -> None:
    made.backend = "http://127.0.0.1:1"
    classes(made, "open", 2, **NEVER_HAD)
    made.write_lock()
    project = open_project(made.root, made.backend)
    with pytest.raises(PioneerError, match="no API key"):
        refreshed(read_project_state(project), status(project, (), ()).datasets)

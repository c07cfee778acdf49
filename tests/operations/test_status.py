"""Which datasets a list shows, and that what is known here is told when the service can't be asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pioneer_build.errors import NoAccess, PioneerError
from pioneer_build.operations import refresh
from pioneer_build.operations.status import status
from pioneer_build.project.open import open_project
from tests.made import Made, classes


@pytest.fixture
def listed(made: Made) -> Made:
    """Datasets that are ready, open, and forgotten long ago."""
    classes(made, "one", 2)
    classes(made, "two", 2, state="open", got=None, rows=None, version=None, verified=False)
    classes(made, "gone", 2)
    made.entries[-1] = replace(made.entries[-1], forgotten=True)
    (made.root / "specs" / "gone.yaml").unlink()
    made.write_lock()
    return made


def states(made: Made, select: tuple[str, ...] = (), exclude: tuple[str, ...] = ()) -> dict[str, Any]:
    return {one["dataset_name"]: one["state"] for one in status(open_project(made.root), select, exclude).datasets}


def test_all_are_listed_by_name_those_without_a_step_too(listed: Made) -> None:
    assert list(states(listed).items()) == [("gone", "forgotten"), ("one", "ready"), ("two", "open")]


def test_a_selection_is_of_steps(listed: Made) -> None:
    assert states(listed, ("t*",)) == {"two": "open"}
    assert states(listed, (), ("one",)) == {"gone": "forgotten", "two": "open"}
    with pytest.raises(PioneerError, match="matches no dataset"):
        states(listed, ("xyzzy",))


def test_what_the_service_says_is_beside_the_job(listed: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def refreshed(_: object, values: Any) -> dict[str, str]:
        asked.append(values)
        return {"job-two": "generating"}

    monkeypatch.setattr(refresh, "refreshed", refreshed)
    project = open_project(listed.root)
    assert all("now" not in job for value in status(project, (), ()).datasets for job in value["jobs"])
    assert not asked
    result = status(project, (), (), refresh=True)
    assert [job.get("now") for value in result.datasets for job in value["jobs"]] == [None, None, "generating"]
    assert result.unreachable is None
    assert result.value() == {"format": 1, "datasets": list(result.datasets)}


def test_a_service_that_can_not_be_asked(listed: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> dict[str, str]:
        raise NoAccess("no", status=401)

    monkeypatch.setattr(refresh, "refreshed", fail)
    result = status(open_project(listed.root), (), (), refresh=True)
    assert len(result.datasets) == 3
    assert isinstance(result.unreachable, NoAccess)

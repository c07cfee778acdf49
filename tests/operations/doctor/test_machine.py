"""Extras, folders and git that are not as they should be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pioneer_build.operations.doctor import machine
from tests.operations.doctor.found import by_topic, examined, is_wrong

if TYPE_CHECKING:
    from pathlib import Path


def test_versions() -> None:
    found = machine.versions()
    assert found.level == "good"
    assert found.text.startswith("pioneer-build ")
    assert "missing" not in found.text


def test_a_missing_extra(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_is_there", lambda module: module != "onnxruntime")
    found = examined(project)
    assert is_wrong(found, "extras", "not installed: onnxruntime")
    assert any("pioneer-build[local]" in one.help for one in found["extras"] if one.help)
    assert [one.level for one in machine.extras(local=False)] == ["good"]


def test_a_model_that_can_not_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(machine, "_is_there", lambda _: True)
    monkeypatch.setattr(machine, "embedding_model", fail)
    found = by_topic(machine.extras(local=True))
    assert is_wrong(found, "extras", "can't be read: Permission denied")

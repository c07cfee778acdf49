"""Settings that are there are kept, and it is said if they have no model."""

from __future__ import annotations

from pathlib import Path

from pioneer_build.operations.init.set_up_project import InitRequest, set_up_project


def test_settings_without_a_model_are_named(tmp_path: Path) -> None:
    (tmp_path / "pioneer.yaml").write_text("version: 1\nbackend: local\n")
    said: list[str] = []
    set_up_project(InitRequest(tmp_path, model=True), "local", read_stdin=lambda: b"", note=said.append)
    assert any("pioneer.yaml is kept" in text for text in said)

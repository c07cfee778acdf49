"""What `init` writes into an empty project is valid, wherever its specs are kept."""

from __future__ import annotations

import pytest

from pioneer_build.operations.init.starter_files import (
    ATTRIBUTES,
    IGNORED,
    SPEC_SCHEMA,
    schema_seen_from,
    settings_text,
    starter_specs,
)
from pioneer_build.parse import parse_settings, parse_text


@pytest.mark.parametrize(
    ("folder", "path"),
    [("specs", "../"), (".", ""), ("data/sets", "../../"), ("./specs/", "../")],
)
def test_the_schema_is_named_relative_to_the_specs(folder: str, path: str) -> None:
    assert schema_seen_from(folder) == path + SPEC_SCHEMA


@pytest.mark.parametrize("folder", ["specs", "data/sets"])
def test_the_specs_are_valid(folder: str) -> None:
    files = starter_specs(folder)
    specs = {path: text for path, text in files.items() if path.endswith(".yaml")}
    names = []
    for path, text in specs.items():
        assert text.startswith(f"# yaml-language-server: $schema={schema_seen_from(folder)}\n")
        found = parse_text(text.encode(), path)
        assert found.problems == ()
        names += [spec.dataset_name for spec in found.specs]
    assert names == ["support-intents", "contact-details", "support-replies", "review-sentiment"]
    assert len(files[f"{folder}/data/reviews.txt"].splitlines()) == 6


@pytest.mark.parametrize("folder", ["specs", "data/sets"])
def test_the_settings_are_valid(folder: str) -> None:
    settings, problems = parse_settings(settings_text(folder).encode(), "pioneer.yaml")
    assert problems == ()
    assert settings is not None
    assert (settings.backend, settings.specs) == ("local", None if folder == "specs" else folder)


def test_lines_for_git_say_what_they_are_for() -> None:
    assert all(lines[0].startswith("# ") and len(lines) > 1 for lines in (IGNORED, ATTRIBUTES))

"""Tests of `spec.file_names`."""

from __future__ import annotations

import pytest

from pioneer_build.spec.file_names import why_no_spec


@pytest.mark.parametrize("name", ["a.YAML", "a.Yml", "a.yaml.txt", "a.YML.TXT"])
def test_what_was_meant_to_be_a_spec_is_ignored_with_a_reason(name: str) -> None:
    assert why_no_spec(name) == "its name must end with .yaml or .yml"


@pytest.mark.parametrize("name", ["a.yaml", "a.yml", "a.txt", "yaml", "a.yaml.bak"])
def test_specs_and_other_files_have_none(name: str) -> None:
    assert why_no_spec(name) is None

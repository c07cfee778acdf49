"""Real text goes through whole, where it is at hand."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from pioneer_build.inputs import read, survey, text_digests
from pioneer_build.spec.model import InputFiles

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.mark.skipif(not DATA.is_dir(), reason="the real text of ../shared/data is not here")
def test_every_file_whole(tmp_path: Path) -> None:
    expected = []
    for source in sorted(DATA.glob("*.jsonl")):
        shutil.copy(source, tmp_path / source.name)
        with source.open(encoding="utf-8") as file:
            expected += [json.loads(line)["text"] for line in file]
    inputs = InputFiles("*.jsonl")
    found = survey(inputs, project_root=tmp_path, spec_path="x.yaml")
    assert found.rows == len(expected)
    assert found.distinct == len(set(expected))
    assert found.digests == text_digests(expected)
    assert [one.text for one in read(inputs, project_root=tmp_path, spec_path="x.yaml")] == expected

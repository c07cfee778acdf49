"""The example project is what a user would write: valid to the parser, and to an editor's schema validator."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
import yaml

from pioneer_build.parse import cross_check, parse_files, parse_settings
from pioneer_build.parse.json_schema import settings_schema, spec_schema

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted((ROOT / "specs").rglob("*.yaml"))


def test_the_parser_takes_all_of_them() -> None:
    found = parse_files(FILES, ROOT)
    assert (found.problems, cross_check(found.specs)) == ((), ())
    assert len(found.specs) >= 5
    kinds = {(spec.task_type, spec.is_label) for spec in found.specs}
    assert kinds == {
        ("ner", False),
        ("classification", False),
        ("decoder", False),
        ("ner", True),
        ("classification", True),
    }
    settings, problems = parse_settings((ROOT / "pioneer.yaml").read_bytes(), "pioneer.yaml")
    assert problems == ()
    assert settings is not None
    assert settings.backend == "local"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_an_editor_takes_all_of_them(path: Path) -> None:
    validator = jsonschema.Draft7Validator(spec_schema())
    text = path.read_text(encoding="utf-8")
    for document in yaml.safe_load_all(text):
        assert list(validator.iter_errors(document)) == []
    first = text.split("\n", 1)[0]
    assert (path.parent / first.partition("$schema=")[2]).resolve() == ROOT / ".pioneer/spec.schema.json"


def test_an_editor_takes_the_settings() -> None:
    validator = jsonschema.Draft7Validator(settings_schema())
    assert list(validator.iter_errors(yaml.safe_load((ROOT / "pioneer.yaml").read_text()))) == []


def test_texts_are_distinct_and_enough() -> None:
    news = (ROOT / "specs/data/news.txt").read_text(encoding="utf-8").splitlines()
    reviews = (ROOT / "specs/data/reviews.jsonl").read_text(encoding="utf-8").splitlines()
    assert (len(news), len(reviews)) == (150, 200)
    assert len(set(news)) == 150
    assert len({line.partition('"text"')[2] for line in reviews}) == 200

"""YAML to specs: what is right becomes a value, and one broken document leaves the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pioneer_build.parse import parse_files, parse_text
from pioneer_build.spec.model import Checks, FewShot, InlineTexts, InputFiles, TopUp
from tests.parse.examples import CLASSES, DECODER, LABEL, NER, problems

if TYPE_CHECKING:
    from pathlib import Path


def spec(name: str, extra: str = "") -> str:
    return f"dataset_name: {name}\ntask_type: decoder\nnum_examples: 1\n{extra}"


def test_generate() -> None:
    (spec,) = parse_text(CLASSES.encode(), "specs/a/x.yaml").specs
    assert spec.dataset_name == "support-intents"
    assert spec.labels == ("billing", "refund", "other")
    assert spec.num_examples == 500
    assert spec.classified_examples == (FewShot("I was charged twice", "billing"),)
    assert (spec.path, spec.line) == ("specs/a/x.yaml", 1)
    assert spec.place("labels") == (4, 9)
    assert spec.place("classified_examples") == (8, 3)
    assert not spec.is_label


def test_decoder() -> None:
    (spec,) = parse_text(DECODER.encode(), "x.yaml").specs
    assert spec.prompt == "Be kind.\nBe short.\n"
    assert spec.labels == ()


@pytest.mark.parametrize(
    ("inputs", "value"),
    [
        ("[one, two, one]", InlineTexts(("one", "two", "one"))),
        ("data/t.jsonl", InputFiles("data/t.jsonl")),
        ("../data/t.jsonl", InputFiles("../data/t.jsonl")),
        ('{path: "data/*.csv", field: body, id: key}', InputFiles("data/*.csv", "body", "key")),
        ("{path: t.txt}", InputFiles("t.txt")),
    ],
)
def test_inputs(inputs: str, value: object) -> None:
    (spec,) = parse_text(f"{LABEL}inputs: {inputs}\n".encode(), "specs/x.yaml").specs
    assert spec.inputs == value
    assert spec.is_label


def test_settings_of_a_spec() -> None:
    extra = (
        "description: For the bot\nowner: team-a\ntags: [prod, v1.2]\nprotect: true\nrenamed_from: old\n"
        "on_change: new_version\ntop_up: {max_attempts: 2}\n"
        "checks: {min_accepted: 0.9, max_duplicate_ratio: 1, min_chars: 3, "
        "max_chars: 3, no_overlap_with: [t]}\n"
    )
    (spec,) = parse_text((NER + extra).encode(), "x.yaml").specs
    assert spec.checks == Checks(
        min_accepted=0.9, max_duplicate_ratio=1, min_chars=3, max_chars=3, no_overlap_with=("t",)
    )
    assert spec.top_up == TopUp(2)
    assert (spec.protect, spec.renamed_from, spec.on_change) == (True, "old", "new_version")
    assert spec.tags == ("prod", "v1.2")


@pytest.mark.parametrize(("written", "value"), [("true", TopUp()), ("false", None), ("{}", TopUp())])
def test_top_up(written: str, value: TopUp | None) -> None:
    assert parse_text(f"{NER}top_up: {written}\n".encode(), "x.yaml").specs[0].top_up == value


def test_several_documents() -> None:
    parsed = parse_text(f"{NER}---\n---\n# nothing\n---\n{DECODER}...\n".encode(), "x.yaml")
    assert [spec.dataset_name for spec in parsed.specs] == ["people", "replies"]
    assert parsed.specs[1].line == 10
    assert parsed.problems == ()


def test_comments_alone_are_no_spec() -> None:
    assert parse_text(b"# dataset_name: off\n", "x.yaml") == ((), (), ())


def test_anchors_and_aliases() -> None:
    text = f"{LABEL}inputs: [&t hello, *t]\n"
    assert parse_text(text.encode(), "x.yaml").specs[0].inputs == InlineTexts(("hello", "hello"))


def test_core_tags() -> None:
    text = NER.replace("[person, company]", "[!!str no, !!str on]").replace("10", '!!int "10"')
    (spec,) = parse_text(text.encode(), "x.yaml").specs
    assert (spec.labels, spec.num_examples) == (("no", "on"), 10)


def test_quoted_traps_and_words_that_are_none() -> None:
    text = NER.replace("[person, company]", '["no", \'1\', "null", y, N, 1st, 1.2.3, v2]')
    assert parse_text(text.encode(), "x.yaml").specs[0].labels == (
        "no",
        "1",
        "null",
        "y",
        "N",
        "1st",
        "1.2.3",
        "v2",
    )


def test_byte_order_mark_and_crlf() -> None:
    data = b"\xef\xbb\xbf" + NER.replace("\n", "\r\n").encode()
    (spec,) = parse_text(data, "x.yaml").specs
    assert spec.place("task_type") == (3, 12)


def test_a_misspelt_key_hides_nothing() -> None:
    text = CLASSES.replace("labels: [billing,", "lables: [no,").replace("label: billing", "label: refnd")
    assert problems(text) == [(4, 1, "unknown-key"), (4, 10, "quote"), (8, 42, "unknown-label")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- a\n- b\n", [(1, 1, "type")]),
        ("hello\n", [(1, 1, "type")]),
        ("", [(1, 1, "empty-file")]),
        (" \n\n", [(1, 1, "empty-file")]),
    ],
)
def test_what_is_no_spec(text: str, expected: list[tuple[int, int, str]]) -> None:
    assert problems(text) == expected


def test_one_broken_document_leaves_the_others() -> None:
    parsed = parse_text(f"a: b: c\n---\n{NER}---\nx: [\n---\n{DECODER}".encode(), "x.yaml")
    assert [p.line for p in parsed.problems] == [1, 10]
    assert [(spec.dataset_name, spec.line) for spec in parsed.specs] == [("people", 3), ("replies", 11)]


def test_files(tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs/a.yaml").write_text(spec("a"))
    (tmp_path / "specs/b.yaml").write_text(spec("b", "oops: 1\n"))
    parsed = parse_files(["specs/a.yaml", tmp_path / "specs/b.yaml", "specs/c.yaml", "specs"], tmp_path)
    assert [one.path for one in parsed.specs] == ["specs/a.yaml"]
    assert [(one.place, one.code) for one in parsed.problems] == [
        ("specs/b.yaml:4:1", "unknown-key"),
        ("specs/c.yaml", "unreadable"),
        ("specs", "unreadable"),
    ]
    assert parsed.broken[0][:2] == ("b", "specs/b.yaml")


def test_a_file_outside_of_the_project_is_shown_whole(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(spec("a"))
    (tmp_path / "project").mkdir()
    assert parse_files([tmp_path / "a.yaml"], tmp_path / "project").specs[0].path == str(tmp_path / "a.yaml")


def test_problems_are_in_order_of_their_places_and_each_once() -> None:
    text = "num_examples: 0\ndataset_name: a b\ntask_type: decodr\n"
    found = parse_text(text.encode(), "x.yaml").problems
    assert [(problem.line, problem.code) for problem in found] == [(1, "range"), (2, "name"), (3, "choice")]


def test_a_broken_document_still_says_whose_it_is() -> None:
    parsed = parse_text(f"{spec('a', 'oops: 1')}\n---\nname: b\noops: 1\n---\noops: 1\n".encode(), "x.yaml")
    assert parsed.specs == ()
    assert [(one.dataset_name, one.line, one.column) for one in parsed.broken] == [("a", 1, 15), ("b", 6, 7)]


def test_marks_of_the_names_in_no_overlap_with() -> None:
    (one,) = parse_text(spec("a", "checks:\n  no_overlap_with: [b, c]\n").encode(), "x.yaml").specs
    assert one.place("checks.no_overlap_with.0") == (5, 21)
    assert one.place("checks.no_overlap_with.1") == (5, 24)

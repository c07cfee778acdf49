"""Bytes to trees: what can hurt is refused, and hides nothing else."""

from __future__ import annotations

import time

import pytest

from pioneer_build.errors import Problem
from pioneer_build.parse import parse_text, yaml_limits
from pioneer_build.parse.source_text import MAX_PROBLEMS
from pioneer_build.parse.yaml_nodes import read_documents
from tests.parse.examples import NER, problems


def read(text: str | bytes) -> tuple[list[str], list[Problem]]:
    """The documents of a text, each as the value of its first key, and what is wrong."""
    found: list[Problem] = []
    data = text if isinstance(text, bytes) else text.encode()
    _, documents = read_documents(data, "x.yaml", found.append)
    return [str(document.value[0][1].value) for document in documents], found


@pytest.mark.parametrize(
    ("data", "message", "place"),
    [
        (b"# \xe9\n", "this byte (0xe9) is not valid UTF-8", (1, 3)),
        (b"\xff\xfea\x00", "the file is UTF-16, not UTF-8", (1, 1)),
        (b"#\n# a\x00\n", "the character NUL is not allowed in YAML", (2, 4)),
        (b"# a\x1b[0m\n", "the character U+001B is not allowed in YAML", (1, 4)),
    ],
)
def test_bytes_that_are_no_text(data: bytes, message: str, place: tuple[int, int]) -> None:
    (problem,) = parse_text(data, "x.yaml").problems
    assert problem.message == message
    assert (problem.line, problem.column) == place


def test_a_forbidden_character_hides_nothing() -> None:
    text = NER.replace("person", "per\x00son").replace("ner\n", "nerr\n")
    assert problems(text) == [(3, 12, "choice"), (4, 13, "character")]


def test_a_bad_byte_hides_nothing() -> None:
    data = NER.encode().replace(b"person", b"pers\xf6n").replace(b"ner\n", b"nerr\n")
    assert problems(data) == [(3, 12, "choice"), (4, 14, "not-utf8")]


def test_places_where_yaml_and_editors_count_lines_differently() -> None:
    text = 'description: "a\u2028b"\n' + NER.replace("ner\n", "nerr\n")
    assert problems(text) == [(4, 12, "choice")]


def test_long_words_that_are_almost_numbers() -> None:
    assert problems(NER.replace("company", "1" * 200_000 + "x")) == []
    assert problems(NER + "description: " + "token" * 100_000 + "\nx: 1\n") == [(7, 1, "unknown-key")]


def test_documents_around_a_broken_one_are_read_and_keep_their_places() -> None:
    documents, found = read("a: one\n---\na: b: c\n---\na: two\n---\na: [\n---\na: three\n")
    assert documents == ["one", "two", "three"]
    assert [(problem.line, problem.code) for problem in found] == [(3, "yaml"), (8, "yaml")]


def test_a_file_of_broken_documents_is_not_read_for_ever() -> None:
    documents, found = read("a: b: c\n---\n" * 500)
    assert documents == []
    assert len(found) == 20


def test_what_a_byte_order_mark_says_of_utf_16() -> None:
    _, (problem,) = read("a: one\n".encode("utf-16"))
    assert (problem.message, problem.hint) == ("the file is UTF-16, not UTF-8", "save it as UTF-8")


def test_more_values_than_a_file_may_have() -> None:
    text = b"labels:\n" + b"- x\n" * yaml_limits.MAX_NODES
    problems = parse_text(text, "specs/x.yaml").problems
    assert [(one.line, one.code) for one in problems] == [(yaml_limits.MAX_NODES - 1, "too-large")]


def test_errors_in_many_documents_take_no_longer_for_each() -> None:
    text = b"---\nx\n" * 40_000 + b"---\n["
    problems = parse_text(text, "specs/x.yaml").problems
    assert len(problems) == MAX_PROBLEMS + 1
    assert problems[0].message == "more than 1,000 errors; the rest of the file was not checked"


def test_many_unknown_and_duplicate_keys() -> None:
    for line in (b"label%d: 1\n", b"labels: [a] # %d\n"):
        text = b"version: 1\n" + b"".join(line % number for number in range(30_000))
        assert len(parse_text(text, "specs/x.yaml").problems) == MAX_PROBLEMS + 1


@pytest.mark.parametrize(
    "lines",
    [
        "".join(f"key{number}: 1\n" for number in range(22_000)),
        "labels:\n" + "- person\n" * 100_000,
        f"labels: [{'person, ' * 100_000}]\n",
        "labels:\n" + "".join(f"- label {number % 50_000}\n" for number in range(100_000)),
    ],
    ids=["unknown keys", "one label", "one label in a line", "each label twice"],
)
def test_many_faults_take_time_in_proportion(lines: str) -> None:
    """If each were compared with all before it, this would take minutes."""
    text = f"dataset_name: people\ntask_type: ner\nnum_examples: 5\n{lines}".encode()
    began = time.process_time()
    problems = parse_text(text, "specs/x.yaml").problems
    assert time.process_time() - began < 10
    assert len(problems) == MAX_PROBLEMS + 1


def test_a_huge_number_is_no_number() -> None:
    for text in (b"num_examples: ", b"version: "):
        (first, *_) = parse_text(text + b"7" * 5000, "specs/x.yaml").problems
        assert first.line == 1


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("dataset_name: k\n<<<<<<< HEAD\nnum_examples: 3\n=======\nnum_examples: 4\n>>>>>>> x\n", 2),
        # as YAML it would be valid: a label `<<<<<<< HEAD b`
        ("labels: [a,\n<<<<<<< HEAD\nb,\n=======\nc,\n>>>>>>> x\n]\n", 2),
        ("labels: [a,\r\n<<<<<<< HEAD\r\nb,\r\n=======\r\nc,\r\n>>>>>>> x\r\n]\r\n", 2),
        ("a: 1\nb: 2\n>>>>>>> x\n", 3),
        ("<<<<<<<<<< ours\n", 1),
    ],
)
def test_a_conflict_that_git_left(text: str, line: int) -> None:
    found: list[Problem] = []
    _, documents = read_documents(text.encode(), "specs/k.yaml", found.append)
    assert documents == []
    assert [(one.line, one.column, one.code) for one in found] == [(line, 1, "conflict")]
    assert "an unresolved merge conflict" in found[0].message


@pytest.mark.parametrize("text", ["prompt: |\n  <<<<<<< HEAD\n  =======\n  >>>>>>> x\n", "a: '<<<<<<< b'\n"])
def test_a_text_about_conflicts_is_none(text: str) -> None:
    found: list[Problem] = []
    _, documents = read_documents(text.encode(), "specs/k.yaml", found.append)
    assert (len(documents), found) == (1, [])

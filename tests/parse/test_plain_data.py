"""Trees of nodes to plain data, without guessing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from yaml.nodes import MappingNode

from pioneer_build.parse.plain_data import Odd, node_at, plain
from pioneer_build.parse.yaml_nodes import read_documents
from tests.parse.examples import NER, only, problems

if TYPE_CHECKING:
    from yaml.nodes import Node

    from pioneer_build.errors import Problem


def read(text: str) -> tuple[Any, list[Problem], Node]:
    """The data of a document, what is wrong with it, and its tree."""
    found: list[Problem] = []
    source, (root,) = read_documents(text.encode(), "x.yaml", found.append)
    return plain(root, source), found, root


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (NER + "? [a]\n: b\n", [(6, 3, "key")]),
        (NER + "<<: {protect: true}\n", [(6, 1, "merge-key")]),
        (NER + "owner: !!python/name:os.system x\n", [(6, 8, "tag")]),
        (NER + "owner: !mine x\n", [(6, 8, "tag")]),
        (NER + "tags: !!set {a}\n", [(6, 7, "type"), (6, 7, "tag")]),
    ],
)
def test_places(text: str, expected: list[tuple[int, int, str]]) -> None:
    assert problems(text) == expected


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("text", "text"), ("'1'", "1"), ('"no"', "no"), ("|\n  a\n  b\n", "a\nb\n"), ("!!str 1", "1"),
        ("12", 12), ("-3", -3), ("0", 0), ("9" * 18, 10**18 - 1), ("!!int '7'", 7),
        ("1.5", 1.5), (".5", 0.5), ("1e3", 1000.0), ("-1.5E-7", -1.5e-7), ("!!float '2'", 2.0),
        ("true", True), ("False", False), ("TRUE", True),
        ("[a, 1, [true]]", ["a", 1, [True]]), ("{a: {b: 1}}", {"a": {"b": 1}}), ("[]", []), ("{}", {}),
    ],
)  # fmt: skip
def test_values_that_every_reader_of_yaml_takes_alike(written: str, value: object) -> None:
    data, found, _ = read(f"x: {written}")
    assert found == []
    assert data == {"x": value}
    assert type(data["x"]) is type(value)


@pytest.mark.parametrize(
    "written",
    ["no", "on", "Yes", "~", "", "null", "010", "0x1F", "0o7", "1_000", "+1", "12:30", "9" * 19, ".inf", ".nan",
     "1.5_0", "2024-01-01", "<<"],
)  # fmt: skip
def test_scalars_that_readers_take_differently_are_no_value(written: str) -> None:
    data, found, root = read(f"x: {written}")
    assert found == []
    assert isinstance(data["x"], Odd)
    assert data["x"].node is node_at(root, ("x",))[0]


@pytest.mark.parametrize("written", ["!mine [a]", "!mine {a: b}", "!!set {a: ~}", "!!omap []"])
def test_unknown_tags_of_lists_and_mappings(written: str) -> None:
    _, (problem,), _ = read(f"x: {written}")
    assert problem.message == f"the YAML tag {written.split()[0]} is not supported"


def test_an_unknown_tag_is_reported_and_its_text_kept() -> None:
    data, (problem,), _ = read("x: !mine y")
    assert data == {"x": "y"}
    assert (problem.message, problem.hint, problem.code) == ("the YAML tag !mine is not supported", "remove it", "tag")


def test_keys_that_are_no_text_count_as_they_are_written() -> None:
    data, found, _ = read("1: a\nno: b\n? {c: d}\n: e\n")
    assert data == {"1": "a", "no": "b"}
    assert [(problem.message, problem.line) for problem in found] == [("a key must be text", 3)]


def test_a_merge_key_is_left_out() -> None:
    assert only(NER + "<<: {protect: true}\n")[:3] == (
        "merge keys ('<<') are not supported",
        "write the keys out",
        "merge-key",
    )
    assert read("<<: {a: 1}\nb: 2\n")[0] == {"b": 2}


def test_the_node_of_a_place_or_the_nearest_there_is() -> None:
    _, _, root = read("a:\n  - {b: one}\n  - two\n")

    def at(*loc: int | str) -> tuple[object, object]:
        node, key = node_at(root, loc)
        return node.start_mark.line, key.value if key is not None else None

    assert at("a", 0, "b") == (1, "b")
    assert at("a", 1) == (2, None)
    assert at("a") == (1, "a")
    assert at("a", 1, "b") == (2, None), "nothing below text"
    assert at("a", "b") == (1, "a"), "a list has no keys"
    assert node_at(root, ("z",)) == (root, None)
    assert isinstance(root, MappingNode)

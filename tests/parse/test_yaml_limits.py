"""What is too large, too deep or expands too far is refused, and what is just within the limits is read."""

from __future__ import annotations

import pytest

from pioneer_build.disk.regular_files import MAX_FILE_BYTES
from pioneer_build.errors import Problem
from pioneer_build.parse.yaml_limits import MAX_ALIASED_NODES, MAX_DEPTH
from pioneer_build.parse.yaml_nodes import read_documents
from tests.parse.examples import LABEL, problems


def read(text: str | bytes) -> tuple[list[str], list[Problem]]:
    """The documents of a text, each as the value of its first key, and what is wrong."""
    found: list[Problem] = []
    data = text if isinstance(text, bytes) else text.encode()
    _, documents = read_documents(data, "x.yaml", found.append)
    return [str(document.value[0][1].value) for document in documents], found


@pytest.mark.parametrize("deep", [b"[" * 100_000, b"- " * 100_000, b"{a: " * 50_000, b"? " * 50_000, b"-\t" * 99_999])
def test_deep_nesting(deep: bytes) -> None:
    assert [code for _, _, code in problems(b"a: 1\n---\n" + deep)][-1] in {"too-deep", "yaml"}


def test_deep_indentation() -> None:
    text = "".join(" " * i + "a:\n" for i in range(200))
    assert problems(text) == [(33, 33, "too-deep")]


def test_many_brackets_are_not_deep() -> None:
    texts = ", ".join(f"'[{i}]'" for i in range(1000))
    assert problems(f"{LABEL}inputs: [{texts}]\n") == []


def test_expansion_bomb() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    assert "alias" in [code for _, _, code in problems("\n".join(lines))]


def test_chain_of_aliases() -> None:
    lines = ["a0: &a0 [x]"] + [f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, 5000)]
    assert [code for _, _, code in problems("\n".join(lines))] == ["alias"]


def test_an_alias_inside_itself() -> None:
    assert problems("a: &a [*a]\n") == [(1, 4, "alias")]


def test_too_large() -> None:
    assert [code for _, _, code in problems(b"#" * (16 * 1024 * 1024 + 1))] == ["too-large"]


def test_a_file_of_the_greatest_size_is_read() -> None:
    head = b"a: one\n#"
    assert read(head + b"x" * (MAX_FILE_BYTES - len(head))) == (["one"], [])
    _, (problem,) = read(head + b"x" * (MAX_FILE_BYTES - len(head) + 1))
    assert (problem.place, problem.code) == ("x.yaml", "too-large")


@pytest.mark.parametrize("levels", [MAX_DEPTH - 1, MAX_DEPTH])
def test_nesting_as_deep_as_may_be(levels: int) -> None:
    # with so many brackets elsewhere that depth is counted; the document itself is the first level
    text = "b: '" + "[" * 300 + "'\na: " + "[" * levels + "]" * levels + "\n"
    _, found = read(text)
    assert [problem.code for problem in found] == ([] if levels < MAX_DEPTH else ["too-deep"])


def test_aliases_may_add_so_many_nodes_and_no_more() -> None:
    def aliased(times: int) -> str:
        return f"a: one\nb: &b [{', '.join('x' * 99)}]\nc: [{', '.join(['*b'] * times)}]\n"

    assert read(aliased(MAX_ALIASED_NODES // 100))[1] == []
    assert [problem.code for problem in read(aliased(MAX_ALIASED_NODES // 100 + 1))[1]] == ["alias"]


def test_aliases_to_long_texts_count_characters() -> None:
    text = f"a: one\nb: &b {'x' * 10_000}\nc: [{', '.join(['*b'] * 101)}]\n"
    assert [problem.code for problem in read(text)[1]] == ["alias"]

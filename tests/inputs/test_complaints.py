"""Mistakes collected: all counted, the first hundred kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pioneer_build.errors import Problem, Problems
from pioneer_build.inputs.complaints import Complaints, Mistake
from tests.inputs.project import problems_of, put

if TYPE_CHECKING:
    from pathlib import Path


def test_mistakes_are_counted_beyond_the_first_hundred(tmp_path: Path) -> None:
    put(tmp_path, "a.jsonl", '{"text": ""}\n' * 1234)
    put(tmp_path, "b.jsonl", '{"text": ""}\n' * 2)
    found = problems_of(tmp_path, "*.jsonl")
    assert len(found) == 102
    assert {problem.message for problem in found if problem.code == "more"} == {
        "1,134 more errors in this file",
        "2 more errors in this file",
    }


def mistake(line: int, message: str = "odd") -> Mistake:
    return Mistake(line, message, "odd")


def test_a_mistake_has_its_place() -> None:
    complaints = Complaints("specs/x.yaml", (6, 9))
    complaints.add("a.csv", Mistake(3, "odd", "code", 5, "mend it", "the line"))
    complaints.add("a.csv", Mistake(0, "all of it", "code", 5))
    complaints.add_to_spec("no such file", code="no-file", hint="look")
    assert complaints.problems() == (
        Problem("a.csv", 3, 5, "odd", "mend it", "the line", 1, "code"),
        Problem("a.csv", 0, 0, "all of it", None, None, 1, "code"),
        Problem("specs/x.yaml", 6, 9, "no such file", "look", None, 1, "no-file"),
    )


def test_a_source_is_cut() -> None:
    complaints = Complaints()
    complaints.add("a", Mistake(1, "odd", "odd", source="x" * 500))
    complaints.add("a", Mistake(1, "odd", "odd", source="short\r\n"))
    assert [problem.source for problem in complaints.problems()] == ["x" * 200, "short"]


def test_another_ones_mistakes_are_taken_over() -> None:
    complaints, others = Complaints(shown=3), Complaints(shown=2)
    for line in (1, 2):
        complaints.add("a", mistake(line))
    for line in (1, 2, 3):
        others.add("b", mistake(line))
    others.add("c", mistake(1))
    complaints.take(others)
    assert complaints.count == 6
    assert [(problem.path, problem.line) for problem in complaints.problems()] == [
        ("a", 1), ("a", 2), ("b", 1), ("b", 0), ("c", 0),
    ]  # fmt: skip
    assert dict(complaints.beyond) == {"b": 2, "c": 1}
    assert [problem.message for problem in complaints.problems()][-2:] == [
        "2 more errors in this file",
        "1 more error in this file",
    ]


def test_only_mistakes_are_raised() -> None:
    complaints = Complaints()
    complaints.settle()
    complaints.add("a", mistake(1))
    with pytest.raises(Problems) as caught:
        complaints.settle()
    assert caught.value.problems == complaints.problems()


@pytest.mark.parametrize(("name", "line"), [("a.jsonl", '{"text": ""}\n'), ("a.txt", "x\ry\n")])
def test_a_file_of_mistakes_is_not_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, line: str
) -> None:
    monkeypatch.setattr("pioneer_build.inputs.complaints._MOST_COUNTED", 50)
    put(tmp_path, name, line * 200_000)
    (last,) = [problem for problem in problems_of(tmp_path, name) if problem.code == "more"]
    assert last.message.endswith(" more errors in this file; the rest of it is not read")
    assert int(last.message.split()[0].replace(",", "")) < 100_000


def test_a_json_file_of_mistakes_is_not_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pioneer_build.inputs.complaints._MOST_COUNTED", 50)
    put(tmp_path, "a.json", "[" + "1," * 5000 + "1]")
    more = [problem.message for problem in problems_of(tmp_path, "a.json") if problem.code == "more"]
    assert more == ["50 more errors in this file; the rest of it is not read"]

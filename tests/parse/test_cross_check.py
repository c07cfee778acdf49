"""Many files, and the rules between specs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.parse import cross_check, parse_files, parse_text

if TYPE_CHECKING:
    from pathlib import Path

    from pioneer_build.errors import Problem


def spec(name: str, extra: str = "") -> str:
    return f"dataset_name: {name}\ntask_type: decoder\nnum_examples: 1\n{extra}"


def check(*texts: str) -> list[Problem]:
    parsed = [parse_text(text.encode(), f"specs/{i}.yaml") for i, text in enumerate(texts)]
    contents = {f"specs/{i}.yaml": text.encode() for i, text in enumerate(texts)}
    specs = [one for file in parsed for one in file.specs]
    broken = [one for file in parsed for one in file.broken]
    return list(cross_check(specs, broken, contents.__getitem__))


def test_all_is_well() -> None:
    assert check(spec("a", "renamed_from: old\nchecks: {no_overlap_with: [b]}\n"), spec("b")) == []


def test_a_name_twice() -> None:
    (problem,) = check(spec("a"), "# second\n" + spec("a"))
    assert problem.place == "specs/1.yaml:2:15"
    assert problem.source == "dataset_name: a"
    assert problem.code == "duplicate-name"
    assert problem.hint == "it is first at specs/0.yaml:1:15"


def test_names_that_differ_in_case() -> None:
    (problem,) = check(spec("People"), spec("people"))
    assert problem.message == "the dataset names 'people' and 'People' differ only in letter case"


def test_a_broken_spec_holds_its_name() -> None:
    (problem,) = check(spec("a", "oops: 1\n"), spec("a"), spec("c", "checks: {no_overlap_with: [a]}\n"))
    assert problem.code == "duplicate-name"


def test_renamed_from_a_living_spec() -> None:
    (problem,) = check(spec("a"), spec("b", "renamed_from: a\n"))
    assert (problem.place, problem.code, problem.width) == ("specs/1.yaml:4:15", "rename", 1)
    assert problem.hint == "remove 'renamed_from', or the spec at specs/0.yaml:1:15"


def test_two_specs_renamed_from_one() -> None:
    (problem,) = check(spec("a", "renamed_from: old\n"), spec("b", "renamed_from: old\n"))
    assert problem.hint == "the other is at specs/0.yaml:4:15"


def test_overlap_with_nobody() -> None:
    (problem,) = check(spec("test-set"), spec("b", "checks:\n  no_overlap_with: [tset-set]\n"))
    assert problem.message == "there is no dataset 'tset-set'"
    assert problem.hint == "did you mean 'test-set'?"
    assert problem.place == "specs/1.yaml:5:21"
    assert problem.source == "  no_overlap_with: [tset-set]"


def test_overlap_with_itself() -> None:
    (problem,) = check(spec("b", "checks:\n  no_overlap_with: [b]\n"))
    assert problem.code == "overlap"


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

"""The rules between specs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.parse import cross_check, parse_text
from pioneer_build.wording import MAX_GUESSES

if TYPE_CHECKING:
    from pioneer_build.errors import Problem


def spec(name: str, extra: str = "") -> str:
    return f"dataset_name: {name}\ntask_type: decoder\nnum_examples: 1\n{extra}"


def check(*texts: str, absent: tuple[str, ...] = ()) -> list[Problem]:
    parsed = [parse_text(text.encode(), f"specs/{i}.yaml") for i, text in enumerate(texts)]
    contents = {f"specs/{i}.yaml": text.encode() for i, text in enumerate(texts)}
    specs = [one for file in parsed for one in file.specs]
    broken = [one for file in parsed for one in file.broken]
    return list(cross_check(specs, broken, contents.__getitem__, absent))


def test_all_is_well() -> None:
    assert check(spec("a", "renamed_from: old\nchecks: {no_overlap_with: [b]}\n"), spec("b")) == []


def test_a_name_twice() -> None:
    (problem,) = check(spec("a"), "# second\n" + spec("a"))
    assert problem.place == "specs/1.yaml:2:15"
    assert problem.source == "dataset_name: a"
    assert problem.code == "duplicate-name"
    assert problem.hint == "first used at specs/0.yaml:1:15"


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
    assert problem.code == "unknown-dataset"
    assert problem.hint == "did you mean 'test-set'?"
    assert problem.place == "specs/1.yaml:5:21"
    assert problem.source == "  no_overlap_with: [tset-set]"


def test_overlap_with_itself() -> None:
    (problem,) = check(spec("b", "checks:\n  no_overlap_with: [b]\n"))
    assert problem.code == "overlap"


def test_a_name_is_first_where_its_place_is() -> None:
    later, broken = "# second\n" + spec("a"), spec("a", "oops: 1\n")
    (problem,) = check(broken, later)
    assert problem.hint == "first used at specs/0.yaml:1:15"
    (problem,) = check(later, broken)
    assert problem.place == "specs/1.yaml:1:15", "the broken one is the second"


def test_guesses_are_for_the_first_wrong_names_alone() -> None:
    wrong = [f"nam-{number}" for number in range(MAX_GUESSES + 1)]
    problems = check(spec("name-0"), spec("b", f"checks: {{no_overlap_with: [{', '.join(wrong)}]}}\n"))
    assert [problem.hint for problem in problems[:2]] == ["did you mean 'name-0'?"] * 2
    assert problems[-1].hint == "use the name of a dataset of this project"
    assert len(problems) == len(wrong)


def test_a_file_that_is_gone_has_no_line_to_show() -> None:
    def gone(path: str) -> bytes:
        raise FileNotFoundError(path)

    specs = [one for name in ("x", "y") for one in parse_text(spec("a").encode(), f"specs/{name}.yaml").specs]
    (problem,) = cross_check(specs, (), gone)
    assert (problem.place, problem.source) == ("specs/y.yaml:1:15", None)


def test_nothing_is_read_where_nothing_is_wrong() -> None:
    def never(path: str) -> bytes:
        raise AssertionError(path)

    specs = [parse_text(spec(name).encode(), f"specs/{name}.yaml").specs[0] for name in ("a", "b")]
    assert cross_check(specs, (), never) == ()


def test_lines_are_shown_without_a_byte_order_mark_or_a_carriage_return() -> None:
    text = ("\ufeff" + spec("b").replace("\n", "\r\n")).encode()
    parsed = [parse_text(spec("b").encode(), "a.yaml").specs[0], parse_text(text, "b.yaml").specs[0]]
    (problem,) = cross_check(parsed, (), lambda _path: text)
    assert problem.source == "dataset_name: b"


def test_what_is_not_here_comes_first() -> None:
    here = spec("a", "renamed_from: old\n")
    (same, rename) = check(here, spec("A"), spec("b", "renamed_from: old\n"), absent=("specs/1.yaml", "specs/2.yaml"))
    assert (same.place, same.hint) == (
        "specs/0.yaml:1:15",
        "first used at specs/1.yaml:1:15, which is not in this sparse checkout",
    )
    assert rename.code == "rename"
    (problem,) = check(spec("a", "renamed_from: b\n"), spec("b"), absent=("specs/1.yaml",))
    assert problem.hint == (
        "remove 'renamed_from', or the spec at specs/1.yaml:1:15, which is not in this sparse checkout"
    )

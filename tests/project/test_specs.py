"""A project's specs: found, read once, and judged one by one and against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pioneer_build.errors import Problems
from pioneer_build.project.open import open_project
from pioneer_build.project.specs import load_specs, read_specs, spec_files
from tests.built import age, home, spec_text, write_spec

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path.resolve() / "p"
    root.mkdir()
    home(root, monkeypatch)
    (root / "pioneer.yaml").write_text("version: 1\n")
    return root


def test_spec_files(root: Path, tmp_path: Path) -> None:
    for file in ("b.yaml", "a/x.yml", "a/deep/y.yaml", ".hidden.yaml", ".git/z.yaml", "notes.txt"):
        write_spec(root, file, spec_text("x"))
    (root / "specs" / "inside.yaml").symlink_to(root / "specs" / "b.yaml")
    (root / "specs" / "folder.yaml").mkdir()
    files, problems, passed_over = spec_files(root, "specs/")
    assert list(files) == ["specs/a/deep/y.yaml", "specs/a/x.yml", "specs/b.yaml", "specs/inside.yaml"]
    assert not problems
    assert not passed_over
    outside = tmp_path / "outside.yaml"
    outside.write_text("")
    (root / "specs" / "out.yaml").symlink_to(outside)
    (problem,) = spec_files(root, "specs")[1]
    assert (problem.path, problem.code) == ("specs/out.yaml", "outside")


def test_no_specs_folder(root: Path) -> None:
    assert spec_files(root, "specs") == ({}, [], [])


def test_all_mistakes_of_all_files_at_once(root: Path) -> None:
    write_spec(root, "a.yaml", spec_text("a", more="lables: [x]\n"))
    write_spec(root, "b.yaml", spec_text("b"))
    write_spec(root, "c.yaml", spec_text("b"))
    with pytest.raises(Problems) as error:
        load_specs(open_project(root))
    assert {problem.path for problem in error.value.problems} == {"specs/a.yaml", "specs/c.yaml"}


def test_files_that_are_right_are_not_read_again_because_of_others(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pioneer_build import parse

    read: list[str] = []
    real = parse.parse_files
    monkeypatch.setattr(parse, "parse_files", lambda paths, where: (read.extend(paths), real(paths, where))[1])
    for name in ("a", "b"):
        write_spec(root, f"{name}.yaml", spec_text(name))
    write_spec(root, "c.yaml", spec_text("c", more="lables: [x]\n"))
    age()
    for _ in range(2):
        with pytest.raises(Problems):
            load_specs(open_project(root))
    assert read == ["specs/a.yaml", "specs/b.yaml", "specs/c.yaml", "specs/c.yaml"]


def test_specs_are_in_order_of_their_names_and_files_of_their_paths(root: Path) -> None:
    write_spec(root, "b.yaml", f"{spec_text('z')}---\n{spec_text('a')}")
    write_spec(root, "a.yaml", spec_text("m"))
    specs = load_specs(open_project(root))
    assert [item.name for item in specs.declared] == ["a", "m", "z"]
    assert list(specs.files) == ["specs/a.yaml", "specs/b.yaml"]


def test_nothing_is_parsed_or_judged_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pioneer_build import parse

    for name in ("a", "b"):
        write_spec(root, f"{name}.yaml", spec_text(name))
    age()
    project = open_project(root)
    specs = load_specs(project)
    project.cache.save(specs.files)
    monkeypatch.setattr(parse, "parse_files", None)
    with monkeypatch.context() as patch:
        patch.setattr(parse, "cross_check", None)
        assert load_specs(open_project(root)) == specs
    (root / "specs" / "b.yaml").unlink()  # the others are judged against each other again, and not parsed
    assert [item.name for item in load_specs(open_project(root)).declared] == ["a"]


def test_a_mistake_between_specs_is_said_each_time(root: Path) -> None:
    write_spec(root, "a.yaml", spec_text("a", more="renamed_from: b\n"))
    write_spec(root, "b.yaml", spec_text("b"))
    age()
    for _ in range(2):
        with pytest.raises(Problems) as error:
            load_specs(open_project(root))
        assert [problem.code for problem in error.value.problems] == ["rename"]


def test_only_the_mistakes_of_some_files(root: Path) -> None:
    write_spec(root, "a.yaml", spec_text("a", more="lables: [x]\n"))
    write_spec(root, "b.yaml", spec_text("b", more="lables: [x]\n"))
    write_spec(root, "c.yaml", spec_text("b"))
    with pytest.raises(Problems) as error:
        load_specs(open_project(root), only=["specs/c.yaml"])
    assert [problem.path for problem in error.value.problems] == ["specs/c.yaml"], "a name that another file has"


def test_some_files_each_by_itself(root: Path) -> None:
    write_spec(root, "a.yaml", spec_text("a"))
    write_spec(root, "b.yaml", spec_text("a", more="lables: [x]\n"))
    write_spec(root, "c.yaml", "# nothing yet\n")
    project = open_project(root)
    files, _, _ = spec_files(root, "specs")
    reading = read_specs(project, files)
    assert reading.anew
    assert [spec.path for spec, _, _ in reading.all()] == ["specs/a.yaml"]
    assert [problem.path for problem in reading.problems] == ["specs/b.yaml"]
    assert [broken.dataset_name for broken in reading.broken] == ["a"]
    assert not read_specs(project, {}).anew


def test_checks_are_those_of_settings_and_spec(root: Path) -> None:
    write_spec(root, "a.yaml", spec_text("a", more="checks: {min_accepted: 0.5}\n"))
    write_spec(root, "b.yaml", spec_text("b"))

    def checks() -> list[dict[str, object]]:
        return [dict(item.checks) for item in load_specs(open_project(root)).declared]

    assert checks() == [{"min_accepted": 0.5}, {}]
    (root / "pioneer.yaml").write_text("version: 1\nchecks: {max_duplicate_ratio: 0.2}\n")
    assert checks() == [{"max_duplicate_ratio": 0.2, "min_accepted": 0.5}, {"max_duplicate_ratio": 0.2}]


def test_a_dataset_that_the_settings_name_is_not_compared_with_itself(root: Path) -> None:
    for name in ("gold", "other", "test"):
        write_spec(root, f"{name}.yaml", spec_text(name))
    (root / "pioneer.yaml").write_text("version: 1\nchecks: {no_overlap_with: [gold, test]}\n")
    assert {item.name: item.checks for item in load_specs(open_project(root)).declared} == {
        "gold": {"no_overlap_with": ["test"]},
        "other": {"no_overlap_with": ["gold", "test"]},
        "test": {"no_overlap_with": ["gold"]},
    }


def unknown(root: Path, *only: str) -> list[tuple[str, str]]:
    """The errors of a project whose specs are read with its cache."""
    project = open_project(root)
    with pytest.raises(Problems) as error:
        load_specs(project, only=only or None)
    project.cache.save()
    return [(problem.place, problem.message) for problem in error.value.problems]


def test_a_name_in_the_settings_that_no_dataset_has(root: Path) -> None:
    write_spec(root, "gold.yaml", spec_text("gold"))
    write_spec(root, "broken.yaml", spec_text("broken"))
    age()
    project = open_project(root)
    specs = load_specs(project)
    project.cache.save(specs.files)  # the specs are right beside each other
    (root / "pioneer.yaml").write_text("version: 1\nchecks:\n  no_overlap_with: [broken, glod, gold]\n")
    age()
    for _ in range(2):
        assert unknown(root) == [("pioneer.yaml:3:29", "there is no dataset 'glod'")]
        assert unknown(root, "specs/gold.yaml") == [("pioneer.yaml:3:29", "there is no dataset 'glod'")]
    write_spec(root, "broken.yaml", spec_text("broken", more="lables: [x]\n"))
    assert [place for place, _ in unknown(root)] == ["pioneer.yaml:3:29", "specs/broken.yaml:7:1"]
    write_spec(root, "broken.yaml", spec_text("broken"))
    write_spec(root, "glod.yaml", spec_text("glod"))
    assert len(load_specs(open_project(root)).declared) == 3


def test_a_mistake_that_was_not_asked_for_is_not_forgotten(root: Path) -> None:
    write_spec(root, "a.yaml", spec_text("a"))
    write_spec(root, "b.yaml", spec_text("b", more="checks: {no_overlap_with: [x]}\n"))
    age()
    project = open_project(root)
    load_specs(project, only=["specs/a.yaml"])
    project.cache.save()
    assert [message for _, message in unknown(root)] == ["there is no dataset 'x'"]


GUIDED = """\
dataset_name: g
task_type: classification
labels:
  a: the first
  b: the second
inputs: [x]
classified_examples: [{text: t, label: a}]
"""


@pytest.mark.parametrize("backend", ["pioneer", "https://example.org/v1"])
def test_a_service_can_not_be_told_what_labels_mean_in_labelling(root: Path, backend: str) -> None:
    write_spec(root, "g.yaml", GUIDED)
    examples = "ner_examples: [{text: t, entities: []}]\n"
    write_spec(root, "n.yaml", f"dataset_name: n\ntask_type: ner\nlabels: [a]\nnum_examples: 3\n{examples}")
    with pytest.raises(Problems) as caught:
        load_specs(open_project(root, backend))
    found = [(p.path, p.line, p.column, p.code, p.source) for p in caught.value.problems]
    assert [one[:4] for one in found] == [
        ("specs/g.yaml", 4, 3, "backend"), ("specs/g.yaml", 7, 22, "backend"), ("specs/n.yaml", 5, 15, "backend"),
    ]  # fmt: skip
    assert found[0][4] == "  a: the first"
    assert "only the backends `model` and `local` can" in str(caught.value.problems[0].message)


def test_the_same_specs_for_another_backend_are_judged_again(root: Path) -> None:
    write_spec(root, "g.yaml", GUIDED)
    assert [one.name for one in load_specs(open_project(root, "local")).declared] == ["g"]
    with pytest.raises(Problems):
        load_specs(open_project(root, "pioneer"))
    assert [one.name for one in load_specs(open_project(root, "local")).declared] == ["g"]

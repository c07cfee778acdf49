"""Commands in a work tree that has only some of the specs: nothing is forgotten or deleted, and it is said."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.sparse.left_out_files import Tracked
from tests.built import age, build, build_texts, home, spec_text, write_spec
from tests.runner import git

if TYPE_CHECKING:
    from pathlib import Path

_B = "specs/other/b.yaml: it is not in this sparse checkout"


@pytest.fixture
def root(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two datasets that are built, with their specs in two folders of a repository."""
    root = folder.resolve()
    build(root, home(root, monkeypatch) / "share", ["a", "b"])
    for name, place in (("a", "mine"), ("b", "other")):
        (root / "specs" / place).mkdir()
        (root / "specs" / f"{name}.yaml").rename(root / "specs" / place / f"{name}.yaml")
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "specs")
    age()
    return root


@pytest.fixture
def sparse(root: Path) -> Path:
    git(root, "sparse-checkout", "set", "--cone", "specs/mine")
    assert not (root / "specs/other").exists()
    return root


def test_plan(cli: Any, sparse: Path) -> None:
    for _ in range(2):
        ran = cli("plan", "--detailed-exitcode")
        assert ran.code == 0
        assert ran.out.splitlines() == ["Nothing to do: 1 dataset up to date.", f"Skipped: b ({_B})."]
    value = json.loads(cli("plan", "--format", "json").out)
    assert [step["dataset_name"] for step in value["steps"]] == ["a"]
    assert (value["changes"], value["skipped"]) == (False, [{"dataset_name": "b", "why": _B}])
    assert f"- Skipped: b ({_B})." in cli("plan", "--format", "markdown").out.replace("\\", "")


def test_apply_forgets_and_deletes_nothing(cli: Any, sparse: Path) -> None:
    before = (sparse / "pioneer.lock").read_bytes()
    for arguments in ((), ("--delete-remote",)):
        ran = cli("apply", "--yes", *arguments)
        assert ran.code == 0, ran.err
        assert "Skipped: b" in ran.err
        assert (sparse / "pioneer.lock").read_bytes() == before
    assert json.loads(cli("plan", "--delete-remote", "--format", "json").out)["summary"] == {
        "none": 1, "requests": 0, "examples": 0, "seconds_at_least": 0,
    }  # fmt: skip


def test_what_was_forgotten_is_not_deleted_either(cli: Any, root: Path) -> None:
    (root / "specs/other/b.yaml").rename(root / "b.txt")
    assert cli("apply", "--yes").code == 0  # forgets it
    (root / "b.txt").rename(root / "specs/other/b.yaml")
    git(root, "add", ".")
    git(root, "commit", "-qm", "forgotten")
    git(root, "sparse-checkout", "set", "--cone", "specs/mine")
    steps = json.loads(cli("plan", "--delete-remote", "--format", "json").out)["steps"]
    assert [(step["dataset_name"], step["action"]) for step in steps] == [("a", "none")]


def test_a_spec_that_was_really_removed_is_forgotten(cli: Any, root: Path) -> None:
    (root / "specs/other/b.yaml").unlink()
    git(root, "commit", "-qam", "removed")
    git(root, "sparse-checkout", "set", "--cone", "specs/mine")
    (step,) = [one for one in json.loads(cli("plan", "--format", "json").out)["steps"] if one["dataset_name"] == "b"]
    assert step["action"] == "forget"


def test_check(cli: Any, sparse: Path) -> None:
    ran = cli("check")
    assert (ran.code, ran.out.splitlines()[1:]) == (0, [f"Skipped: b ({_B})."])
    assert json.loads(cli("check", "--format", "json").out)["skipped"] == [{"dataset_name": "b", "why": _B}]
    ran = cli("check", "--strict")
    assert ran.code == 1
    assert f"b: not checked: {_B}" in ran.out


def test_no_spec_at_all_is_here(cli: Any, root: Path) -> None:
    (root / "docs").mkdir()
    (root / "docs/x").write_text("x")
    git(root, "add", ".")
    git(root, "commit", "-qm", "docs")
    git(root, "sparse-checkout", "set", "--cone", "docs")
    ran = cli("plan")
    assert ran.code == 0, ran.err
    assert "Skipped: a (specs/mine/a.yaml: it is not in this sparse checkout)." in ran.out


def test_a_plan_with_nothing_to_do_starts_no_git(cli: Any, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def started(*_: object, **__: object) -> None:
        raise AssertionError("git was started")

    monkeypatch.setattr(subprocess, "Popen", started)
    for _ in range(2):
        assert cli("plan").out == "Nothing to do: 2 datasets up to date.\n"


def test_what_is_left_out_is_looked_for_only_if_a_spec_is_missing(
    cli: Any, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(
        "pioneer_build.project.left_out_specs.tracked", lambda place: asked.append(place) or Tracked((), ())
    )
    write_spec(root, "mine/a.yaml", spec_text("a", examples=12))
    assert cli("plan", "--detailed-exitcode").code == 2
    assert asked == []
    (root / "specs/other/b.yaml").unlink()
    assert cli("plan", "--detailed-exitcode").code == 2
    assert asked == [root / "specs"]


def test_a_linked_folder(cli: Any, root: Path, tmp_path: Path) -> None:
    (root / "specs/other").rename(tmp_path / "elsewhere")
    (root / "specs/other").symlink_to(tmp_path / "elsewhere")
    for _ in range(2):
        ran = cli("plan", "--detailed-exitcode")
        assert ran.code == 0
        assert ran.out.splitlines() == [
            "Nothing to do: 1 dataset up to date.",
            "Skipped: b (specs/other: it is a linked folder).",
            "specs/other is ignored: it is a linked folder.",
        ]
    write_spec(tmp_path, "x.yaml", spec_text("x"))
    (tmp_path / "specs/x.yaml").rename(tmp_path / "elsewhere/x.yaml")
    (tmp_path / "elsewhere/b.yaml").unlink()
    assert cli("plan", "--detailed-exitcode").code == 2  # there is no spec of b any more


@pytest.mark.parametrize("target", ["gone", "empty"])
def test_a_linked_folder_that_is_not_mounted(cli: Any, root: Path, tmp_path: Path, target: str) -> None:
    (root / "specs/other").rename(tmp_path / "elsewhere")
    (root / "specs/other").symlink_to(tmp_path / "share")
    if target == "empty":
        (tmp_path / "share").mkdir()
    nothing_is_forgotten(cli, root, "specs/other: it is a link")


@pytest.mark.parametrize("fault", ["another owner", "a damaged index", "no git"])
def test_git_cannot_say_what_is_left_out(cli: Any, sparse: Path, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    if fault == "another owner":
        monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    elif fault == "no git":
        monkeypatch.setenv("PATH", str(sparse))
    else:
        (sparse / ".git/index").write_bytes(b"garbage")
    nothing_is_forgotten(cli, sparse, "specs: git can't say which specs this checkout leaves out: ")


def nothing_is_forgotten(cli: Any, root: Path, why: str) -> None:
    before = (root / "pioneer.lock").read_bytes()
    for _ in range(2):
        ran = cli("check")
        assert ran.code == 0, ran.out
        assert f"Skipped: b ({why}" in ran.out
    ran = cli("apply", "--yes", "--delete-remote")
    assert ran.code == 0, ran.err
    assert f"Skipped: b ({why}" in ran.err
    assert (root / "pioneer.lock").read_bytes() == before
    plan = json.loads(cli("plan", "--delete-remote", "--format", "json").out)
    assert [(step["dataset_name"], step["action"]) for step in plan["steps"]] == [("a", "none")]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (spec_text("b", examples=13), "the dataset name 'b' is already used"),
        (spec_text("b2", more="renamed_from: b\n"), "the dataset 'b' still has a spec"),
    ],
)
def test_a_name_of_a_spec_that_is_not_here(cli: Any, sparse: Path, text: str, error: str) -> None:
    write_spec(sparse, "mine/new.yaml", text)
    before = (sparse / "pioneer.lock").read_bytes()
    for arguments in (("plan",), ("plan",), ("check",), ("apply", "--yes")):
        ran = cli(*arguments)
        assert ran.code not in (0, 2), ran.out
        assert error in ran.out + ran.err
        assert "which is not in this sparse checkout" in ran.out + ran.err
    assert (sparse / "pioneer.lock").read_bytes() == before
    git(sparse, "sparse-checkout", "disable")
    assert error in cli("plan").err


def test_a_new_spec_with_the_name_of_one_that_is_not_here_and_not_built(cli: Any, root: Path) -> None:
    write_spec(root, "later/new.yaml", spec_text("new"))
    git(root, "add", ".")
    git(root, "commit", "-qm", "new")
    git(root, "sparse-checkout", "set", "--cone", "specs/mine", "specs/other")
    age()
    for _ in range(2):
        assert cli("plan").out == "Nothing to do: 2 datasets up to date.\n"  # later ones plan only what changed
    write_spec(root, "mine/again.yaml", spec_text("new"))
    assert "the dataset name 'new' is already used" in cli("plan").err
    write_spec(root, "mine/again.yaml", spec_text("another"))
    assert cli("plan", "--detailed-exitcode").code == 2


def test_a_plan_with_nothing_to_do_starts_no_git_in_a_sparse_checkout(
    cli: Any, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(root, "sparse-checkout", "set", "--cone", "specs")

    def started(*_: object, **__: object) -> None:
        raise AssertionError("git was started")

    monkeypatch.setattr(subprocess, "Popen", started)
    for _ in range(2):
        assert cli("plan").out == "Nothing to do: 2 datasets up to date.\n"


@pytest.mark.parametrize("name", ["b.YAML", "b.Yml", "b.yaml.txt"])
def test_a_spec_with_another_ending(cli: Any, root: Path, name: str) -> None:
    assert cli("plan").out == "Nothing to do: 2 datasets up to date.\n"
    (root / "specs/other/b.yaml").rename(root / "specs/other" / name)
    ignored = f"specs/other/{name} is ignored: its name must end with .yaml or .yml"
    ran = cli("plan", "--detailed-exitcode")
    assert (ran.code, ran.out.splitlines()[-1]) == (0, f"{ignored}.")
    assert json.loads(cli("plan", "--format", "json").out)["ignored"] == [ignored]
    assert cli("validate").out.splitlines() == ["1 dataset in 1 file: valid", f"{ignored}."]
    assert f"{ignored}." in cli("check").out
    assert ignored in " ".join(cli("doctor").out.split())


def test_a_new_spec_with_another_ending_is_said_though_there_is_nothing_to_do(cli: Any, root: Path) -> None:
    for _ in range(2):
        assert cli("plan").out == "Nothing to do: 2 datasets up to date.\n"
    (root / "specs/new.YML").write_text(spec_text("new"))
    assert "specs/new.YML is ignored" in cli("plan").out


def test_specs_in_the_root(cli: Any, root: Path) -> None:
    (root / "pioneer.yaml").write_text("version: 1\nspecs: .\n")
    for path in (".github/workflows/ci.yml", "node_modules/x/y.yaml", ".pioneer/z.yaml", "nested/pioneer.yaml"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("on: push\n")
    ran = cli("validate")
    assert (ran.code, ran.out) == (0, "2 datasets in 2 files: valid\n")
    assert cli("plan").out == "Nothing to do: 2 datasets up to date.\n"


def test_a_submodule_that_is_sparse(cli: Any, root: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "team")
    (root / "specs/other").rename(tmp_path / "team/other")
    (tmp_path / "team/none").mkdir()
    (tmp_path / "team/none/x").write_text("x")
    git(tmp_path / "team", "add", ".")
    git(tmp_path / "team", "commit", "-qm", "team")
    git(root, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(tmp_path / "team"), "specs/team")
    git(root, "add", ".")
    git(root, "commit", "-qm", "team")
    age()
    assert cli("plan").out == "Nothing to do: 2 datasets up to date.\n"
    git(root / "specs/team", "sparse-checkout", "set", "--cone", "none")
    assert not (root / "specs/team/other").exists()
    nothing_is_forgotten(cli, root, "specs/team/other/b.yaml: it is not in this sparse checkout")
    write_spec(root, "mine/new.yaml", spec_text("b", examples=13))
    for arguments in (("plan",), ("plan",), ("apply", "--yes")):
        assert "the dataset name 'b' is already used" in cli(*arguments).err


@pytest.mark.parametrize("patterns", [["specs"], ["specs", "/pioneer.lock"]], ids=str)
def test_settings_are_not_in_a_sparse_checkout(
    cli: Any, root: Path, patterns: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `git sparse-checkout set specs` does it before git 2.37."""
    assert cli("plan").out == "Nothing to do: 2 datasets up to date.\n"
    git(root, "sparse-checkout", "set", "--no-cone", *patterns)
    there = sorted(path.name for path in root.iterdir())
    write_spec(root, "mine/a.yaml", spec_text("a", examples=12))
    monkeypatch.chdir(root)
    for start in (root, root / "specs/mine"):
        for arguments in (
            ("plan",), ("check",), ("status",), ("validate",), ("apply", "--yes"), ("doctor",), ("lock", "split"),
            ("gc", "--yes"), ("export", "a", "--to", "x.jsonl"),
        ):  # fmt: skip
            ran = cli("-C", str(start), *arguments)
            assert ran.code not in (0, 2), arguments
            said = " ".join((ran.out + ran.err).split())  # doctor folds it
            assert "not in this sparse checkout, so what is wanted and what was built is not known" in said
            assert "sparse-checkout add /pioneer." in said
    ran = cli("init")
    assert ran.code == 1
    assert sorted(path.name for path in root.iterdir()) == there
    command = ran.err.partition("help: ")[2].strip()
    subprocess.run(command, shell=True, check=True, capture_output=True, cwd=root)
    assert cli("plan", "--detailed-exitcode").code == 2
    git(root, "checkout", "-q", "specs")
    assert cli("plan").out == "Nothing to do: 2 datasets up to date.\n"


def test_a_folder_above_which_git_does_not_look(cli: Any, sparse: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(sparse))
    assert f"Skipped: b ({_B})." in cli("plan").out


def test_a_project_in_the_project_is_not_in_a_sparse_checkout(cli: Any, root: Path) -> None:
    (root / "inner/specs").mkdir(parents=True)
    for name in ("pioneer.yaml", "specs/x.yaml"):
        (root / "inner" / name).write_text("version: 1\n")
    git(root, "add", ".")
    git(root, "commit", "-qm", "inner")
    assert cli("plan").out == "Nothing to do: 2 datasets up to date.\n"
    git(root, "sparse-checkout", "set", "--no-cone", "/specs", "/pioneer.*", "x.yaml")
    age()
    assert cli("plan").out == "Nothing to do: 2 datasets up to date.\n"
    for _ in range(2):
        assert "pioneer.yaml is not in this sparse checkout" in cli("-C", str(root / "inner/specs"), "plan").err


def test_init_writes_nothing_in_the_place_of_what_is_left_out(cli: Any, root: Path) -> None:
    (root / ".gitattributes").write_text("*.png binary\n")
    git(root, "add", ".")
    git(root, "commit", "-qm", "attributes")
    git(root, "sparse-checkout", "set", "--no-cone", "specs", "/pioneer.*")
    for arguments in (("init",), ("lock", "split")):
        ran = cli(*arguments)
        assert ran.code == 1
        assert ".gitattributes is not in this sparse checkout, so nothing is written in its place" in ran.err
        assert not (root / ".gitattributes").exists()
        assert not (root / "pioneer.lock.d").exists()
    git(root, "sparse-checkout", "add", "/.gitattributes")
    assert cli("init").code == 0
    assert (root / ".gitattributes").read_text().startswith("*.png binary\n")


def test_texts_that_are_not_in_a_sparse_checkout(cli: Any, root: Path) -> None:
    """They don't shrink the dataset; and the cached plan doesn't hold, though nothing else changed."""
    build_texts(root, root.parent / f"{root.name}-home" / "share")
    git(root, "add", ".")
    git(root, "commit", "-qm", "texts")
    age()
    for _ in range(2):
        assert cli("plan").out == "Nothing to do: 3 datasets up to date.\n"
    before = (root / "pioneer.lock").read_bytes()
    git(root, "sparse-checkout", "set", "--no-cone", "specs", "/pioneer.*", "/inputs/a.txt")
    said = "inputs/b.txt is not in this sparse checkout; ../inputs/*.txt matches it"
    for arguments in (("plan",), ("check",), ("apply", "--yes"), ("check", "--strict")):
        ran = cli(*arguments)
        assert ran.code == 1
        assert said in ran.out + ran.err
        assert "sparse-checkout add /inputs/b.txt" in ran.out + ran.err
    assert (root / "pioneer.lock").read_bytes() == before
    git(root, "sparse-checkout", "add", "inputs")
    assert cli("plan").out == "Nothing to do: 3 datasets up to date.\n"


def test_a_name_in_the_settings_may_be_that_of_a_spec_that_is_not_here(cli: Any, sparse: Path) -> None:
    settings = sparse / "pioneer.yaml"
    before = settings.read_text()
    settings.write_text(f"{before}checks: {{no_overlap_with: [a, b]}}\n")
    for arguments in (("validate",), ("plan",), ("apply", "--yes"), ("check",), ("plan",)):
        ran = cli(*arguments)
        assert ran.code == 0, ran.out + ran.err
    settings.write_text(f"{before}checks: {{no_overlap_with: [a, b, bb]}}\n")
    for arguments in (("validate",), ("plan",), ("check",), ("apply", "--yes")):
        ran = cli(*arguments)
        assert ran.code == 1
        assert "there is no dataset 'bb'" in ran.out + ran.err
        assert "'b'" not in ran.err.replace("did you mean 'b'?", "")


def test_what_is_left_out_is_not_looked_for_if_all_names_in_the_settings_are_here(
    cli: Any, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = root / "pioneer.yaml"
    settings.write_text(f"{settings.read_text()}checks: {{no_overlap_with: [a, b]}}\n")
    monkeypatch.setattr("pioneer_build.project.left_out_specs.LeftOutSpecs", None)
    assert cli("validate").code == 0
    assert cli("plan").code == 0

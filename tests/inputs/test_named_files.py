"""Which files a spec's pattern names, in which order, and what is said where it names none."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pioneer_build.inputs import glob_walk
from pioneer_build.inputs.complaints import Complaints
from pioneer_build.inputs.named_files import InputFile, complain_of_absent, find_files
from tests.inputs.project import problems_of, put, texts_of

if TYPE_CHECKING:
    from pathlib import Path


def test_files_that_are_not_there(tmp_path: Path) -> None:
    put(tmp_path, "tickets.jsonl", '"a"\n')
    put(tmp_path, "odd.xlsx", "x")
    put(tmp_path, "empty.jsonl", "\n")
    (tmp_path / "specs" / "folder").mkdir()
    cases = {
        "ticket.jsonl": ("no such file: specs/ticket.jsonl", "did you mean tickets.jsonl?"),
        "data/*.csv": ("no file matches data/*.csv", "searched in specs/"),
        "odd.xlsx": ("can't tell the format of specs/odd.xlsx from its name", None),
        "folder": ("specs/folder is a folder", None),
        "empty.jsonl": ("empty.jsonl contains no texts", None),
        "/etc/passwd": ("the path of inputs is absolute: /etc/passwd", None),
        "../../outside.txt": ("../outside.txt is outside the project", None),
    }
    (tmp_path.parent / "outside.txt").write_text("secret\n")
    for pattern, (message, hint) in cases.items():
        (problem,) = problems_of(tmp_path, pattern)
        assert problem.place == "specs/x.yaml:6:9"
        assert problem.message.endswith(message.removeprefix("../")) or problem.message == message
        assert hint is None or problem.hint == hint


def test_links_dont_lead_outside(tmp_path: Path) -> None:
    root = tmp_path / "project"
    put(root, "a.txt", "inside\n")
    (tmp_path / "outside.txt").write_text("secret\n")
    (root / "specs" / "b.txt").symlink_to(tmp_path / "outside.txt")
    (root / "specs" / "loop.txt").symlink_to("loop.txt")
    (root / "specs" / "c.txt").symlink_to("a.txt")
    messages = [problem.message for problem in problems_of(root, "*.txt")]
    assert "specs/b.txt is outside the project" in messages
    assert len(messages) == 2
    assert [o.text for o in texts_of(root, "c.txt")] == ["inside"]


@pytest.mark.parametrize(
    ("pattern", "link"),
    [
        ("l/**/*.txt", "specs/l"),
        ("l/secret/*", "specs/l"),
        ("*/secret/*.txt", "specs/l"),
        ("**/*/i?.txt", "specs/l"),
        ("sub/*/*.txt", "specs/sub/m"),
    ],
)
def test_a_glob_lists_nothing_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str, link: str) -> None:
    root, outside = tmp_path / "project", tmp_path / "outside"
    put(root, "sub/a.txt", "inside\n")
    (outside / "secret").mkdir(parents=True)
    (outside / "secret" / "id.txt").write_text("secret\n")
    (root / link).symlink_to(outside)
    listed: list[str] = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: (listed.append(str(path)), scandir(path))[1])
    files, said = found(root, pattern)
    assert (files, said) == ((), [f"path-outside: {pattern} leads outside of the project, by the link {link}"])
    assert not [path for path in listed if path.startswith(str(outside))]


def test_a_path_says_nothing_of_what_is_outside(tmp_path: Path) -> None:
    root, outside = tmp_path / "project", tmp_path / "outside"
    (root / "specs").mkdir(parents=True)
    outside.mkdir()
    (outside / "id.txt").write_text("secret\n")
    (outside / "link").symlink_to("where-secrets-are")
    (root / "specs" / "l").symlink_to(outside)
    for name in ("ids.txt", "link", "id.txt"):  # neither what is there, nor where links lead
        (problem,) = problems_of(root, f"l/{name}")
        assert problem.message.endswith(f"specs/l/{name} is outside the project")
        assert "id.txt" not in (problem.hint or "")


@pytest.mark.parametrize("pattern", ["../.git/**/*", "g/*", "*/hooks/*", "../.*/**/*.txt"])
def test_a_glob_lists_nothing_of_gits(tmp_path: Path, pattern: str) -> None:
    put(tmp_path, "../.git/hooks/a.txt", "x")
    (tmp_path / "specs" / "g").parent.mkdir(exist_ok=True)
    (tmp_path / "specs" / "g").symlink_to("../.git")
    files, said = found(tmp_path, pattern)
    assert files == ()
    name = "specs/g" if pattern[0] != "." else ".git"
    whose = f"{pattern} looks for files in {name}, a folder of git's own, which may hold credentials"
    assert said == [f"no-file: no file matches {pattern}" if ".*" in pattern else f"path-outside: {whose}"]


@pytest.mark.parametrize("pattern", ["x**.txt", "***.txt", "**x/a.txt", "a/***", "*" * 30 + "a.txt"])
def test_two_stars_within_a_name(tmp_path: Path, pattern: str) -> None:
    put(tmp_path, "xy.txt", "x")
    files, said = found(tmp_path, pattern)
    assert (files, said) == ((), ["path: '**' must be a whole part of a path, between slashes"])


def test_a_glob_that_has_to_look_at_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(10):
        put(tmp_path, f"{number}.txt", "x")
        (tmp_path / "specs" / f"l{number}").symlink_to(".")
    assert len(found(tmp_path, "*/" * 9 + "*.txt")[0]) == 10, "each folder once, whatever leads to it"
    walk = glob_walk.matches
    monkeypatch.setattr("pioneer_build.inputs.named_files.matches", lambda *given: walk(*given, most=15))
    files, said = found(tmp_path, "*.txt")
    assert files == ()
    assert said[0].endswith("has to look at more than 1,000,000 files and folders")
    assert len(said) == 1


@pytest.mark.parametrize("path", ["../.git/config.txt", "../sub/.git/modules/x.txt", "../.GIT/x.txt"])
def test_what_git_keeps_is_never_sent(tmp_path: Path, path: str) -> None:
    root = tmp_path / "project"
    secret = root / "specs" / path
    secret.parent.mkdir(parents=True)
    (root / "specs").mkdir(exist_ok=True)
    secret.write_text("extraheader = AUTHORIZATION\n")
    (root / "specs" / "link.txt").symlink_to(path)
    for pattern in ("link.txt", path, "*.txt"):
        messages = [problem.message for problem in problems_of(root, pattern)]
        assert any("is a file of git's own, which may hold credentials" in text for text in messages), messages


def test_what_this_program_or_a_git_of_another_name_keeps_is_never_sent(tmp_path: Path) -> None:
    root = tmp_path / "project"
    (root / "specs").mkdir(parents=True)
    (root / ".git").write_text("gitdir: meta/worktrees/one\n")
    for folder in (".pioneer", "meta/worktrees/one"):
        (root / folder).mkdir(parents=True)
    for path in (".pioneer/a.txt", "meta/config.txt", "meta/worktrees/one/b.txt"):
        (root / path).write_text("kept\n")
        (root / "specs" / "link.txt").unlink(missing_ok=True)
        (root / "specs" / "link.txt").symlink_to(f"../{path}")
        owner = "pioneer-build's own" if path.startswith(".pioneer") else "git's own, which may hold credentials"
        for pattern in ("link.txt", f"../{path}", "*.txt"):
            messages = [problem.message for problem in problems_of(root, pattern)]
            assert any(f"is a file of {owner}" in text for text in messages), (path, pattern, messages)
    (root / "metadata").mkdir()
    (root / "metadata" / "c.txt").write_text("inside\n")
    assert [one.text for one in texts_of(root, "../metadata/c.txt")] == ["inside"]


def test_a_key_in_the_name_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIONEER_API_KEY", "sk-Zq81hT6vLmW02xKpR9")
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "a.txt").write_text("a\n")
    (tmp_path / "specs" / "sk-Zq81hT6vLmW02xKpR9.txt").write_text("b\n")
    assert [one.message for one in problems_of(tmp_path, "*.txt")] == ["the name of an input file contains the API key"]
    assert [one.text for one in texts_of(tmp_path, "a.txt")] == ["a"]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:

    (tmp_path / "specs").mkdir()
    os.mkfifo(tmp_path / "specs" / "a.txt")
    assert problems_of(tmp_path, "a.txt")[0].code == "not-a-file"


def test_globs_are_sorted_and_reach_down(tmp_path: Path) -> None:
    for name in ("b/x.txt", "a/z/y.txt", "B/x.txt", "a.txt", ".hidden/x.txt", "a/.x.txt", "data[1].txt"):
        put(tmp_path / "p", f"../data/{name}", name)
    assert [o.text for o in texts_of(tmp_path / "p", "../data/**/*.txt")] == [
        "B/x.txt",
        "a.txt",
        "a/z/y.txt",
        "b/x.txt",
        "data[1].txt",
    ]
    assert [o.text for o in texts_of(tmp_path / "p", "../data/data[1].txt")] == ["data[1].txt"]
    assert [o.path for o in texts_of(tmp_path / "p", "../data/a.txt")] == ["data/a.txt"]


def found(root: Path, pattern: str, spec: str = "specs/x.yaml") -> tuple[tuple[InputFile, ...], list[str]]:
    """The files, and what is complained of."""
    complaints = Complaints(spec, (3, 9))
    files = find_files(pattern, project_root=root, spec_path=spec, complaints=complaints)
    return files, [f"{problem.code}: {problem.message}" for problem in complaints.problems()]


@pytest.mark.parametrize("pattern", [f"{'a' * 300}*.txt", f"a*{'b' * 249}.txt", f"{'b' * 300}/*.txt", f"{'?' * 5000}"])
def test_a_name_that_is_too_long_to_exist(tmp_path: Path, pattern: str) -> None:
    (tmp_path / "specs").mkdir()
    files, said = found(tmp_path, pattern)
    assert files == ()
    assert len(said) == 1
    complaints = Complaints("specs/x.yaml", (3, 9))
    complain_of_absent(pattern, project_root=tmp_path, spec_path="specs/x.yaml", complaints=complaints)
    assert complaints.count <= 1


def test_no_name_of_a_private_folder_is_suggested(tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").touch()
    assert found(tmp_path, "../.git/confg") == (
        (), ["path-outside: .git/confg is a file of git's own, which may hold credentials"]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "format_", "compression"),
    [
        ("a.txt", "text", ""),
        ("a.TEXT", "text", ""),
        ("a.jsonl", "jsonl", ""),
        ("a.ndjson.gz", "jsonl", "gzip"),
        ("a.json.zst", "json", "zstd"),
        ("a.b.csv.gzip", "csv", "gzip"),
        ("a.tab", "tsv", ""),
        ("a.tsv.zstd", "tsv", "zstd"),
        ("a.parquet", "parquet", ""),
    ],
)
def test_the_name_says_what_kind(tmp_path: Path, name: str, format_: str, compression: str) -> None:
    put(tmp_path, name, "x")
    files, said = found(tmp_path, name)
    assert said == []
    assert files == (InputFile(tmp_path / "specs" / name, f"specs/{name}", format_, compression),)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["a", "a.gz", "a.txt.bak", "a.doc", ".txt"])
def test_names_that_say_nothing(tmp_path: Path, name: str) -> None:
    put(tmp_path, name, "x")
    files, said = found(tmp_path, name)
    assert files == ()
    assert said == [f"unknown-format: can't tell the format of specs/{name} from its name"]


def test_all_mistakes_of_a_glob_are_told_and_the_good_files_found(tmp_path: Path) -> None:
    for name in ("good.txt", "odd.bin", "also.jsonl"):
        put(tmp_path, name, "x")
    (tmp_path / "specs" / "folder.txt").mkdir()
    os.mkfifo(tmp_path / "specs" / "pipe.txt")
    (tmp_path / "specs" / "broken.txt").symlink_to("nowhere.txt")
    files, said = found(tmp_path, "*.*")
    assert [file.name for file in files] == ["specs/also.jsonl", "specs/good.txt"]
    assert sorted(said) == [
        "not-a-file: specs/pipe.txt is not a regular file",
        "pointer: specs/broken.txt is a link to a file that isn't there: nowhere.txt",
        "unknown-format: can't tell the format of specs/odd.bin from its name",
    ]


@pytest.mark.parametrize("pattern", ["~/x.txt", "/tmp/x.txt", "~root/*.txt"])
def test_absolute_paths(tmp_path: Path, pattern: str) -> None:
    files, said = found(tmp_path, pattern)
    assert (files, said) == ((), [f"path-outside: the path of inputs is absolute: {pattern}"])


def test_a_glob_does_not_climb(tmp_path: Path) -> None:
    put(tmp_path, "a.txt", "x")
    assert found(tmp_path, "*/../a.txt") == ((), ["no-file: no file matches */../a.txt"])


def test_paths_count_from_the_specs_folder(tmp_path: Path) -> None:
    put(tmp_path, "deep/data/a.txt", "x")
    files, _ = found(tmp_path, "data/a.txt", spec="specs/deep/x.yaml")
    assert [file.name for file in files] == ["specs/deep/data/a.txt"]
    (tmp_path / "other").mkdir()
    files, _ = found(tmp_path, "../specs/deep/data/*.txt", spec="other/x.yaml")
    assert [file.name for file in files] == ["specs/deep/data/a.txt"]


def test_a_folder_can_not_be_read_as_one_file(tmp_path: Path) -> None:
    (tmp_path / "specs" / "data").mkdir(parents=True)
    (problem,) = problems_of(tmp_path, "data")
    assert (problem.message, problem.hint) == ("specs/data is a folder", "match its files with a glob: data/*.jsonl")


def test_files_that_another_tool_keeps(tmp_path: Path) -> None:
    put(tmp_path, "data/here.csv", "text\na\n")
    put(tmp_path, "data/kept.csv.dvc", "outs:\n- md5: 1\n")
    (tmp_path / "specs/data/big.csv").symlink_to("../../.git/annex/objects/x/MD5E-s3--1.csv/MD5E-s3--1.csv")
    (tmp_path / "specs/data/lost.csv").symlink_to("nowhere.csv")
    kept = (
        "the content of specs/data/kept.csv is missing in this checkout: it is kept by DVC",
        "dvc pull specs/data/kept.csv.dvc",
    )
    annex = (
        "the content of specs/data/big.csv is missing in this checkout: it is kept by git-annex",
        "git annex get -- specs/data/big.csv",
    )
    lost = (
        "specs/data/lost.csv is a link to a file that isn't there: nowhere.csv",
        "fix the link, or replace it with the file",
    )
    for path, said_of in (("kept.csv", kept), ("big.csv", annex), ("lost.csv", lost)):
        (problem,) = problems_of(tmp_path, f"data/{path}")
        assert (problem.message, problem.hint, problem.place) == (*said_of, "specs/x.yaml:6:9")
    found = {(problem.message, problem.hint) for problem in problems_of(tmp_path, "data/*.csv")}
    assert found == {annex, lost}


def test_a_glob_says_which_of_its_files_dvc_has_not_pulled(tmp_path: Path) -> None:
    put(tmp_path, "data/here.csv", "text\na\n")
    put(tmp_path, "data/kept.csv.dvc", "outs:\n- md5: 1\n")
    (problem,) = problems_of(tmp_path, "data/*.csv")
    assert problem.message == "the content of specs/data/kept.csv is missing in this checkout: it is kept by DVC"
    put(tmp_path, "data/kept.csv", "text\nb\n")
    assert [one.text for one in texts_of(tmp_path, "data/*.csv")] == ["a", "b"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("a.csv.dvc", "this is a pointer of DVC: run `dvc pull`, and name the file without .dvc"),
        ("a.xlsx", "save it as CSV (UTF-8)"),
        ("a.csv.zip", "unpack it, and name the file that is in it"),
    ],
)
def test_other_endings(tmp_path: Path, name: str, hint: str) -> None:
    put(tmp_path, name, "x")
    (problem,) = problems_of(tmp_path, name)
    assert (problem.message, problem.hint) == (f"can't tell the format of specs/{name} from its name", hint)

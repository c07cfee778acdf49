"""Line ends in quoted cells survive git on every machine, or doctor says that they may not. With the real git."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pioneer_build.inputs import survey
from pioneer_build.operations.doctor.line_ends import line_ends
from pioneer_build.operations.init.project_files import write_project_files
from pioneer_build.project.open import open_project
from pioneer_build.spec.model import InputFiles
from tests.built import home, write_spec
from tests.runner import git

_TABLES = {
    "unix.csv": 'n,text\n1,"two\nlines"\n2,one\n',
    "windows.csv": 'n,text\r\n1,"two\r\nlines"\r\n2,one\r\n',
    "mixed.tsv": 'n\ttext\r\n1\t"two\nlines"\r\n',
}
_LINES = {"lines.txt": "one\r\ntwo\n", "records.jsonl": '{"text": "one"}\r\n{"text": "two"}\n'}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in a repository, with inputs of which nothing is committed yet."""
    root = tmp_path.resolve() / "author"
    home(root, monkeypatch)
    for name, data in {**_TABLES, **_LINES}.items():
        write_spec(
            root,
            f"{name.replace('.', '-')}.yaml",
            f"version: 1\ndataset_name: {name}\ntask_type: ner\nlabels: [a]\ninputs: data/{name}\n",
        )
        path = root / "specs" / "data" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data.encode())
    git(root, "init", "-q")
    return root


def clone(root: Path, autocrlf: str) -> Path:
    git(root, "add", ".")
    git(root, "commit", "-qm", "inputs")
    there = root.parent / "clone"
    git(
        root.parent,
        "-c",
        f"core.autocrlf={autocrlf}",
        "clone",
        "-q",
        "-c",
        f"core.autocrlf={autocrlf}",
        root.name,
        "clone",
    )
    return there


def digests(root: Path) -> dict[str, str]:
    return {
        name: survey(InputFiles(f"data/{name}"), project_root=root, spec_path="specs/x.yaml").digest
        for name in (*_TABLES, *_LINES)
    }


@pytest.mark.parametrize("here", ["false", "true", "input"])
@pytest.mark.parametrize("there", ["false", "true", "input"])
def test_after_init_every_clone_has_the_same_digests(root: Path, here: str, there: str) -> None:
    write_project_files(open_project(root))
    git(root, "config", "core.autocrlf", here)
    before = digests(root)
    assert digests(clone(root, there)) == before
    assert line_ends(open_project(root)) == []


def test_without_it_they_differ_and_doctor_says_so(root: Path) -> None:
    (finding,) = line_ends(open_project(root))
    assert (finding.level, finding.topic) == ("note", "git")
    assert finding.text.startswith("git may convert the line ends of specs/data/")
    assert finding.help is not None
    assert "pioneer-build init" in finding.help
    before = digests(root)
    there = clone(root, "true")
    after = digests(there)
    assert {name for name in before if before[name] != after[name]} == {"unix.csv"}
    (finding,) = line_ends(open_project(there))
    assert finding.level == "wrong"
    assert finding.text.startswith("git converted the line ends of specs/data/unix.csv:")


def test_what_helps_helps(root: Path) -> None:
    before = digests(root)
    there = clone(root, "true")
    write_project_files(open_project(there))
    (there / "specs/data/unix.csv").unlink()
    git(there, "checkout", "--", "specs/data/unix.csv")
    assert digests(there) == before
    assert line_ends(open_project(there)) == []


def test_nothing_to_say(root: Path, tmp_path: Path) -> None:
    (root / ".gitattributes").write_text("*.csv binary\n*.tsv -text\n")
    assert line_ends(open_project(root)) == []
    (root / ".gitattributes").unlink()
    for path in (root / ".git").rglob("*"):
        if path.is_file():
            path.chmod(0o600)
    subprocess.run(["rm", "-rf", str(root / ".git")], check=True)
    assert line_ends(open_project(root)) == []

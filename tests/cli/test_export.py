"""`export`: rows on stdout alone, what is said about them on stderr."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.made import Made, classes

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def made(folder: Path, tmp_path: Path) -> Made:
    made = Made(folder.resolve(), tmp_path / "store")
    classes(made, "moods", 4)
    made.write_lock()
    return made


def test_to_stdout(cli: Any, made: Made) -> None:
    ran = cli("export", "moods")
    assert (ran.code, ran.err) == (0, "")
    assert [json.loads(line)["text"] for line in ran.out.splitlines()] == [f"text {i}" for i in range(4)]
    assert cli("export", "moods", "--as", "csv").out.splitlines()[0] == "id,text,label,score"


def test_to_a_file_and_to_parts(cli: Any, made: Made, tmp_path: Path) -> None:
    target = tmp_path / "rows.jsonl"
    ran = cli("export", "moods", "--to", str(target))
    assert (ran.code, ran.out, ran.err) == (0, "", f"wrote 4 rows to {target}\n")
    assert cli("-q", "export", "moods", "--to", str(target)).err == ""
    ran = cli("export", "moods", "--split", "a=0.5,b=0.5", "--to", str(tmp_path / "parts"))
    assert [line.partition(":")[0] for line in ran.err.splitlines()] == ["a", "b"]
    assert ran.out == ""


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("mods",), 1, "did you mean 'moods'?"),
        (("moods", "--as", "xyzzy"), 64, "unknown format 'xyzzy'"),
        (("moods", "--as", "hf"), 64, "pass --to PATH"),
        (("moods", "--split", "a=0.5,b=0.5"), 64, "so it needs --to\n  help: pass --to FOLDER"),
        (("moods", "--to", "/nowhere/x"), 1, "can't write /nowhere/x"),
    ],
)
def test_what_can_not_be(cli: Any, made: Made, arguments: tuple[str, ...], code: int, said: str) -> None:
    ran = cli("export", *arguments)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err

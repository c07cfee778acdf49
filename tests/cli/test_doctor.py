"""`doctor`: its exit code, what quiet leaves, and the key, which is never shown."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.wording import count

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEY = "pio_sk_never_to_be_shown"


@pytest.fixture
def project(cli: Callable[..., Any], folder: Path) -> Path:
    """A project in a git repository, set up as it should be."""
    subprocess.run(["git", "init", "-q", folder], check=True)
    assert cli("init").code == 0
    return folder


def test_a_good_set_up(cli: Callable[..., Any], project: Path) -> None:
    pytest.importorskip("spacy", reason="needs the extra `local`")
    ran = cli("doctor")
    assert (ran.code, ran.err) == (0, "")
    # where the program isn't on the PATH there is another one, about git's merge driver
    warnings = sum(line.startswith("! ") for line in ran.out.splitlines())
    assert ran.out.endswith(f"\nNo errors, {count(warnings, 'warning')}.\n")
    assert "✓ specs" in ran.out
    assert "! lock      no pioneer.lock yet\n" in ran.out
    # a folder's path may be longer than a line, and is never broken
    assert all(len(line) <= 80 or max(map(len, line.split())) > 40 for line in ran.out.split("\n"))
    quiet = cli("-q", "doctor")
    assert (quiet.code, quiet.out) == (0, "")


@pytest.mark.parametrize(
    ("path", "text", "topic"),
    [
        ("specs/support-intents.yaml", "dataset_nam: x\n", "specs"),
        ("pioneer.lock", "{", "lock"),
        ("pioneer.yaml", "backen: local\n", "project"),
    ],
)
def test_what_is_wrong_is_1(cli: Callable[..., Any], project: Path, path: str, text: str, topic: str) -> None:
    (project / path).write_text(text)
    ran = cli("doctor", "--format", "json")
    value = json.loads(ran.out)
    assert (ran.code, value["format"], value["good"]) == (1, 1, False)
    assert topic in {one["topic"] for one in value["findings"] if one["level"] == "wrong" and one["help"]}
    quiet = cli("-q", "doctor")
    assert quiet.code == 1
    assert "✓" not in quiet.out
    assert f"✗ {topic}" in quiet.out


def test_the_key_is_never_shown(cli: Callable[..., Any], project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIONEER_API_KEY", KEY)
    for arguments in (("doctor",), ("doctor", "--format", "json"), ("-v", "doctor")):
        ran = cli("--backend", "http://127.0.0.1:1", *arguments)
        assert ran.code == 1
        assert "from PIONEER_API_KEY (" in ran.out
        assert KEY not in ran.out + ran.err

"""Which files a configuration names, compared with git itself."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pioneer_build.git.config_values import named_files

if TYPE_CHECKING:
    from pathlib import Path

PIECES = [
    "a",
    "b",
    "/",
    " ",
    "  ",
    '"',
    '""',
    '\\"',
    "\\\\",
    "\\n",
    "\\t",
    "\t",
    "\\b",
    "\\\n",
    "#",
    ";",
    "]",
    "[",
    "=",
    "é",
    "\f",
    "\v",
]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from(PIECES), max_size=12).map("".join),
    st.sampled_from(
        ["[include]\npath =", '[includeIf "x]\\"y"] path=', "[core]\nexcludesFile \t= ", "[a][core]attributesfile="]
    ),
    st.booleans(),
)
@example('a ""', "[include]\npath =", False)
@example("a\t b", "[include]\npath =", False)
@example("a\f", "[include]\npath =", False)
@example('"a b" ;c', "[include]\npath =", True)
def test_values_are_read_as_git_reads_them(tmp_path: Path, value: str, before: str, wide: bool) -> None:
    file = tmp_path / "config"
    text = f"{before}{value}\n[more]\n\tpath = last\n".replace("\n", "\r\n" if wide else "\n")
    file.write_bytes(text.encode())
    said = subprocess.run(["git", "config", "--no-includes", "-z", "-f", str(file), "-l"], capture_output=True)
    if said.returncode == 0:  # or git does not run at all
        pairs = [one.partition(b"\n") for one in said.stdout.split(b"\0")]
        expected = {path for name, _, path in pairs if path and not name.endswith(b".other")}
        assert expected <= {path for _, path in named_files(file.read_bytes())}


def test_empty_lines_of_a_configuration_are_read_once() -> None:
    """A megabyte of them would take minutes if each were read with all that follow."""
    for lines in (
        b"\n" * 900_000,
        b"[\n" * 400_000,
        b" \n" * 400_000,
        b"[a]" * 300_000 + b"\n",
        b"path=\\\n" * 100_000 + b"\n",
    ):
        found = list(named_files(lines + b"[include] path = a\n[core]\n\n  excludesfile = b\n"))
        assert found[-2:] == [("path", b"a"), ("excludesfile", b"b")]


def test_a_quote_that_is_not_closed_ends_with_its_line() -> None:
    assert ("path", b"b") in named_files(b'[include]\npath = "a\npath = b\n')
    assert list(named_files(b"")) == []
    assert list(named_files(b"[include]\npath = a\0b\n")) == [("path", b"a")]

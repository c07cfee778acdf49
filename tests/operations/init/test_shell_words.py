"""Words of shell scripts, compared with what a shell makes of them."""

from __future__ import annotations

import subprocess

import pytest

from pioneer_build.errors import PioneerError
from pioneer_build.operations.init.shell_words import shell_commands


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("a b\tc", [["a", "b", "c"]]),
        ("a; b && c | d", [["a"], ["b"], ["c"], ["d"]]),
        ("a \\\n  b\nc", [["a", "b"], ["c"]]),
        ("a \\\r\n  b\r\nc", [["a", "b"], ["c"]]),
        ("# all of it\na # the rest\nb#c", [["a"], ["b#c"]]),
        ("$ curl x", [["curl", "x"]]),
        ("", []),
        ("'' \"\"", [["", ""]]),
    ],
)
def test_commands(text: str, commands: list[list[str]]) -> None:
    assert shell_commands(text) == commands


@pytest.mark.parametrize(
    "word",
    [
        r"'a b'",
        r"'it'\''s'",
        r'"a \"b\" \\ \$HOME \n"',
        r"$'it\'s\n\ttab \x41 \u00e9 \U0001f600'",
        r"a'b'\"c\"d",
        r"a\ b",
        '"two\nlines"',
        '"joined \\\nlines"',
    ],
)
def test_quotes_are_read_as_bash_reads_them(word: str) -> None:
    said = subprocess.run(
        ["bash", "-c", f"printf %s {word}"], capture_output=True, check=True, env={"LC_ALL": "C.UTF-8", "PATH": "/bin"}
    ).stdout
    assert shell_commands(word) == [[said.decode()]]


@pytest.mark.parametrize(("text", "quote"), [("'a", "'"), ('"a\\"', '"'), ("$'a\\'", "'")])
def test_a_quote_that_is_never_closed(text: str, quote: str) -> None:
    with pytest.raises(PioneerError, match="is never closed") as caught:
        shell_commands(f"curl {text}")
    assert f"({quote})" in caught.value.message


def test_an_escape_of_no_character_stays() -> None:
    assert shell_commands(r"$'\U99999999 \x'") == [[r"\U99999999 \x"]]

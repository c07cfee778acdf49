"""Plain text: what shows that a line is not one text, with its place and what helps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.inputs.project import problems_of, put, said, texts_of

if TYPE_CHECKING:
    from pathlib import Path

_CR = "a carriage return (CR) inside the line: lines must end with \\n or \\r\\n"
_MARK = "a byte order mark (BOM, U+FEFF) inside the file: two files seem to be joined here"
_NUL = "a NUL byte: the file is damaged, or this part of it is UTF-16"


@pytest.mark.parametrize(
    ("data", "place", "message", "hint"),
    [
        (b"one\rtwo\rthree\r", "1:4", _CR, "tr '\\r' '\\n' < FILE > NEW"),
        (b"one\r\ntwo\rthree\r\n", "2:4", _CR, "tr '\\r' '\\n' < FILE > NEW"),
        (b"fine\n\none\r\r\n", "3:4", _CR, "tr -d '\\r' < FILE > NEW"),
        (b"one\n\xef\xbb\xbftwo\n", "2:1", _MARK, "perl -pi -e 's/\\xEF\\xBB\\xBF//g' FILE"),
        (b"\xef\xbb\xbfone\ntwo\xef\xbb\xbfthree\n", "2:4", _MARK, "perl -pi"),
        (b"\xef\xbb\xbf\xef\xbb\xbfone\n", "1:1", _MARK, "perl -pi"),
        (b"x" * 5000 + b"\n" + bytes(2000), "2:1", _NUL, "copy the file again"),
        (
            "one\n\u200b\u200d\n".encode(),
            "2:1",
            "the text is empty but for characters that can't be seen (U+200B)",
            None,
        ),
    ],
)
def test_what_is_refused(tmp_path: Path, data: bytes, place: str, message: str, hint: str | None) -> None:
    put(tmp_path, "a.txt", data)
    (problem,) = problems_of(tmp_path, "a.txt")
    assert (problem.place, problem.message) == (f"specs/a.txt:{place}", message)
    assert hint is None or (problem.hint is not None and hint in problem.hint)


def test_the_other_lines_are_read(tmp_path: Path) -> None:
    put(tmp_path, "a.txt", b"one\n\xef\xbb\xbftwo\nthree\rfour\n \n\xe2\x80\x8b\nfive\n")
    assert [place for place, _ in said(problems_of(tmp_path, "a.txt"))] == [
        "specs/a.txt:2:1", "specs/a.txt:3:6", "specs/a.txt:5:1",
    ]  # fmt: skip


def test_line_ends_are_no_part_of_a_text(tmp_path: Path) -> None:
    put(tmp_path, "a.txt", b"one\r\n\r\n \r\n\xef\xbf\xbdtwo\x0b\xc2\x85\r\nthree\r")
    assert [(one.text, one.line) for one in texts_of(tmp_path, "a.txt")] == [
        ("one", 1), ("\ufffdtwo\x0b\x85", 4), ("three", 5),
    ]  # fmt: skip

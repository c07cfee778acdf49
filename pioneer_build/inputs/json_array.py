"""JSON: one list of objects or strings, read one element at a time, so that it doesn't have to fit in memory."""

from __future__ import annotations

import codecs
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO

from pioneer_build.inputs.lookalikes import foreign
from pioneer_build.inputs.open_file import BOM, bad_byte
from pioneer_build.inputs.problems import Mistake
from pioneer_build.inputs.records import MAX_RECORD, Block, Columns, Rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pioneer_build.inputs.problems import Complaints

_BLOCK = 1000
_READ = 1 << 18
_SPACE = " \t\n\r"


class _BrokenError(Exception):
    """The file can't be read any further after the mistake."""

    def __init__(self, mistake: Mistake) -> None:
        super().__init__(mistake.message)
        self.mistake = mistake


class _Text:
    """The text of a stream, read as far as needed, with the current line number."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._decoded_lines = 1
        self._started = False
        self.text = ""
        self.at = 0
        self.line = 1
        self.ended = False

    def more(self, size: int = _READ) -> None:
        """Reads more, and drops the text before the current position."""
        data = self._stream.read(size)
        if not self._started:
            self._started = True
            if found := foreign(data, "json"):
                raise _BrokenError(found)
            data = data.removeprefix(BOM)
        self.ended = not data
        try:
            fresh = self._decoder.decode(data, final=self.ended)
        except UnicodeDecodeError as error:
            whole: bytes = error.object
            begin = whole.rfind(b"\n", 0, error.start) + 1
            line = self._decoded_lines + whole.count(b"\n", 0, error.start)
            mistake = bad_byte(whole[begin : error.end], line)
            raise _BrokenError(replace(mistake, column=1, source=None)) from error
        self._decoded_lines += fresh.count("\n")
        self.text = self.text[self.at :] + fresh
        self.at = 0

    def next(self) -> str:
        """The next character that is not white space, without consuming it; empty at the end."""
        while True:
            while self.at < len(self.text) and self.text[self.at] in _SPACE:
                self.line += self.text[self.at] == "\n"
                self.at += 1
            if self.at < len(self.text):
                return self.text[self.at]
            if self.ended:
                return ""
            self.more()

    def value(self, decoder: json.JSONDecoder) -> Any:
        """The JSON value that starts here."""
        size = _READ
        while True:
            try:
                value, end = decoder.raw_decode(self.text, self.at)
            except json.JSONDecodeError as error:
                if self.ended or len(self.text) - self.at > MAX_RECORD:
                    line = self.line + self.text.count("\n", self.at, error.pos)
                    column = error.pos - self.text.rfind("\n", 0, error.pos)
                    raise _BrokenError(Mistake(line, f"not JSON: {error.msg}", "json", column)) from error
                self.more(size)
                size *= 2
                continue
            except (ValueError, RecursionError) as error:
                raise _BrokenError(Mistake(self.line, f"not JSON: {error}", "json")) from error
            self.line += self.text.count("\n", self.at, end)
            self.at = end
            return value


def read_blocks(stream: BinaryIO, name: str, columns: Columns, complaints: Complaints) -> Iterator[Block]:
    """The elements of the list in order, up to the first place that is not JSON.

    Args:
        stream: the file's bytes, decompressed.
        name: of the file, relative to the project.
        columns: the requested fields.
        complaints: receives the mistakes.
    """
    rows = Rows(name, columns, complaints)
    text = _Text(stream)
    try:
        for record, line in _elements(text):
            rows.add_record(record, line)
            if len(rows) >= _BLOCK:
                yield rows.take()
    except _BrokenError as error:
        rows.complain(error.mistake)
    yield rows.take()


def _elements(text: _Text) -> Iterator[tuple[Any, int]]:
    decoder = json.JSONDecoder(parse_constant=_refuse)
    opening = text.next()
    if opening != "[":
        hint = "one object per line is JSON Lines: rename the file to .jsonl" if opening == "{" else None
        message = "expected a list" if opening else "the file is empty: expected a list"
        raise _BrokenError(Mistake(text.line, message, "not-a-list", hint=hint))
    text.at += 1
    if text.next() == "]":
        text.at += 1
    else:
        while True:
            text.next()
            line = text.line
            yield text.value(decoder), line
            separator = text.next()
            text.at += 1
            if separator == "]":
                break
            if separator != ",":
                message = "not JSON: the list isn't closed" if not separator else "not JSON: expected , or ]"
                raise _BrokenError(Mistake(text.line, message, "json"))
    if text.next():
        raise _BrokenError(Mistake(text.line, "not JSON: unexpected data after the list", "json"))


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a JSON value")

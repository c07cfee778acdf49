"""JSON: one list of objects or strings, read one element at a time, so that it doesn't have to fit in memory."""

from __future__ import annotations

import codecs
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from pioneer_build.inputs.complaints import Mistake
from pioneer_build.inputs.open_file import BOM, bad_byte
from pioneer_build.inputs.records import MAX_RECORD, Block, BlockBuilder, Columns
from pioneer_build.inputs.repeated_keys import may_repeat, repeated_key, spellings, twice
from pioneer_build.inputs.wrong_contents import foreign

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pioneer_build.inputs.complaints import Complaints

_BLOCK = 1000
_READ = 1 << 18
_HEAD = 1 << 18
#: So far after a comma is looked for the next element, before the place of the comma is noted.
_AHEAD = 64
_SPACE = " \t\n\r"
_SPACES = re.compile(f"[{_SPACE}]*")
#: The strings of a text, each read once, and whether one is a key whose value is a list of objects or strings: where
#: texts are that are wrapped in an object.
_STRINGS = re.compile(r'("(?:[^"\\]|\\[\s\S])*+(?:"|\\?\Z))(?P<list>\s*+:\s*+\[\s*+["{])?')


class _BrokenError(Exception):
    """The file can't be read any further after the mistake."""

    def __init__(self, mistake: Mistake) -> None:
        super().__init__(mistake.message)
        self.mistake = mistake


class _Element(NamedTuple):
    """An element of the list: its value, its text, its first line, and where it begins in what was read last."""

    value: Any
    source: str
    line: int
    at: int


class _Text:
    """The text of a stream, read as far as needed, with the current line number."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._decoded_lines = 1
        self._started = False
        self._before = 0  # the characters of the first line of `text` that were dropped
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
        dropped = self.text[: self.at]
        cut = dropped.rfind("\n") + 1
        self._before = len(dropped) - cut + (0 if cut else self._before)
        self.text = self.text[self.at :] + fresh
        self.at = 0

    def place(self, at: int | None = None) -> tuple[int, int]:
        """Line and column, from 1, of a place in `text` that is not before the current one; by default of that one."""
        at = self.at if at is None else at
        return self.line + self.text.count("\n", self.at, at), self.column(at)

    def column(self, at: int) -> int:
        """The column, from 1, of a place in `text`."""
        begin = self.text.rfind("\n", 0, at) + 1
        return at - begin + 1 + (0 if begin else self._before)

    def broken(
        self, message: str, at: int | None = None, *, code: str = "json", hint: str | None = None
    ) -> _BrokenError:
        """The error that the file can't be read from a place on.

        Args:
            message: what is wrong.
            at: the place in `text`, as for `place`.
            code: a stable word for tools.
            hint: what to do.
        """
        line, column = self.place(at)
        return _BrokenError(Mistake(line, message, code, column, hint))

    def next(self) -> str:
        """The next character that is not white space, without consuming it; empty at the end."""
        while True:
            if self.at < len(self.text) and self.text[self.at] in _SPACE:
                space = _SPACES.match(self.text, self.at)
                assert space is not None, "it may be empty"
                self.line += self.text.count("\n", self.at, space.end())
                self.at = space.end()
            if self.at < len(self.text):
                return self.text[self.at]
            if self.ended:
                return ""
            self.more()

    def element(self, decoder: json.JSONDecoder) -> _Element:
        """The JSON value that starts here."""
        size = _READ
        while True:
            try:
                value, end = decoder.raw_decode(self.text, self.at)
            except json.JSONDecodeError as error:
                if self.ended or len(self.text) - self.at > MAX_RECORD:
                    raise self.broken(f"not JSON: {error.msg}", error.pos) from error
                self.more(size)
                size *= 2
                continue
            except (ValueError, RecursionError) as error:
                raise self.broken(f"not JSON: {error}") from error
            found = _Element(value, self.text[self.at : end], self.line, self.at)
            self.line += self.text.count("\n", self.at, end)
            self.at = end
            return found


def read_blocks(stream: BinaryIO, name: str, columns: Columns, complaints: Complaints) -> Iterator[Block]:
    """The elements of the list in order, up to the first place that is not JSON.

    Args:
        stream: the file's bytes, decompressed.
        name: of the file, relative to the project.
        columns: the requested fields.
        complaints: receives the mistakes.
    """
    rows = BlockBuilder(name, columns, complaints)
    text = _Text(stream)
    words = spellings(columns)
    try:
        for element in _elements(text):
            again = repeated_key(element.source, columns) if may_repeat(element.source, words) else None
            if again is not None:
                rows.complain(_twice(text, element, *again))
            else:
                rows.add_record(element.value, element.line)
            if rows.given_up:
                break
            if len(rows) >= _BLOCK:
                yield rows.take()
    except _BrokenError as error:
        rows.complain(error.mistake)
    yield rows.take()


def _elements(text: _Text) -> Iterator[_Element]:
    decoder = json.JSONDecoder(parse_constant=_refuse)
    opening = text.next()
    if opening != "[":
        raise _not_a_list(text, opening)
    text.at += 1
    if text.next() == "]":
        text.at += 1
    else:
        while True:
            text.next()
            yield text.element(decoder)
            separator = text.next()
            if separator == "]":
                text.at += 1
                break
            if separator != ",":
                raise text.broken("not JSON: expected , or ]" if separator else "not JSON: the list isn't closed")
            ahead = text.text[text.at + 1 : text.at + _AHEAD].lstrip(_SPACE)[:1]
            line, column = text.place() if ahead in ("", "]") else (0, 0)
            text.at += 1
            if text.next() == "]":
                message = "not JSON: a comma after the last element"
                raise _BrokenError(Mistake(line, message, "json", column, "remove the comma"))
    if text.next():
        raise text.broken("not JSON: unexpected data after the list")


def _not_a_list(text: _Text, opening: str) -> _BrokenError:
    """What is wrong with a file that doesn't begin with a list."""
    if opening != "{":
        return text.broken("expected a list" if opening else "the file is empty: expected a list", code="not-a-list")
    if not text.ended:
        text.more(_HEAD)  # what was read first may be a few bytes
    end = text.text.find("\n", text.at)
    first_line = text.text[text.at : end if end >= 0 else len(text.text)]
    if "\n" in text.text[text.at :].strip() and _is_object(first_line):
        hint = "one object per line is JSON Lines: rename the file to .jsonl"
        return text.broken("expected a list", code="not-a-list", hint=hint)
    strings = _STRINGS.finditer(text.text, text.at)
    if (found := next((string for string in strings if string["list"]), None)) is not None:
        name = found[1]
        hint = f"keep only the list: jq '.[{name}]' FILE > NEW" if "'" not in name else "keep only the list"
        return text.broken(f"expected a list, found an object that has a list as {name}", code="not-a-list", hint=hint)
    hint = "put the object into a list: [{…}]; one object per line is JSON Lines, with the ending .jsonl"
    return text.broken("expected a list, found an object", code="not-a-list", hint=hint)


def _is_object(source: str) -> bool:
    try:
        return isinstance(json.loads(source), dict)
    except (ValueError, RecursionError):
        return False


def _twice(text: _Text, element: _Element, key: str, at: int) -> Mistake:
    """The mistake that an element has a key twice.

    Args:
        text: what was read last, with the element.
        element: the element.
        key: the key.
        at: the place of the second one in the element's text.
    """
    return twice(key, element.line + element.source.count("\n", 0, at), text.column(element.at + at))


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a JSON value")

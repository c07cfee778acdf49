"""What every reader yields: some hundred texts at a time, in order, with their ids and lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pioneer_build.inputs.problems import Mistake
from pioneer_build.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pioneer_build.inputs.digests import Id
    from pioneer_build.inputs.problems import Complaints

DEFAULT_FIELD = "text"
#: Longest line or record in bytes: what keeps a compressed bomb or a file of another kind out of memory.
MAX_RECORD = 16 << 20


@dataclass(frozen=True, slots=True)
class Block:
    """Texts in order; `lines[i]` is where text `i` begins, from 1; `ids` is `None` where none are asked
    for."""

    texts: list[str]
    ids: list[Id] | None
    lines: Sequence[int]


@dataclass(frozen=True, slots=True)
class Columns:
    """Which fields of a record are the text and the id."""

    field: str = DEFAULT_FIELD
    id: str | None = None


class Rows:
    """Takes records one by one, judges each, and makes a block of the good ones."""

    def __init__(self, name: str, columns: Columns, complaints: Complaints) -> None:
        self._name = name
        self._columns = columns
        self._complaints = complaints
        self._texts: list[str] = []
        self._ids: list[Id] = []
        self._lines: list[int] = []

    def __len__(self) -> int:
        return len(self._texts)

    def complain(self, mistake: Mistake) -> None:
        """Names a mistake in this file."""
        self._complaints.add(self._name, mistake)

    def add_record(self, record: Any, line: int, source: str | None = None) -> None:
        """Takes a record of JSON's values: an object, or a bare string where no id is asked for.

        Args:
            record: as JSON has it.
            line: where it begins, from 1.
            source: its text, to be shown with a mistake.
        """
        columns = self._columns
        if isinstance(record, str) and columns.id is None:
            self.add(record, None, line, source)
            return
        if not isinstance(record, dict):
            wanted = "an object" if columns.id is not None else "an object or a string"
            message = f"expected {wanted}, found {_kind(record)}"
            self.complain(Mistake(line, message, "not-a-record", source=source))
            return
        if columns.field not in record:
            self._missing(columns.field, record, line, source)
            return
        if columns.id is not None and record.get(columns.id) is None:
            self._missing(columns.id, record, line, source)
            return
        self.add(record[columns.field], record[columns.id] if columns.id is not None else None, line, source)

    def add(self, text: Any, key: Any, line: int, source: str | None = None) -> None:
        """Takes a text and, where one is asked for, its id; both judged.

        Args:
            text: should be a string that isn't empty.
            key: the id: should be text or a whole number; ignored where none is asked for.
            line: where the record begins, from 1.
            source: its text, to be shown with a mistake.
        """
        columns = self._columns
        if not isinstance(text, str):
            self.complain(Mistake(line, f"'{columns.field}' is {_kind(text)}, not text", "not-text", source=source))
            return
        if not text or text.isspace():
            self.complain(Mistake(line, "the text is empty", "empty-text", source=source))
            return
        try:
            text.encode()
        except UnicodeEncodeError:
            message = "the text holds half of a surrogate pair, which UTF-8 can't say"
            self.complain(Mistake(line, message, "not-unicode", source=source))
            return
        if columns.id is not None:
            if isinstance(key, bool) or not isinstance(key, (str, int)) or key == "":
                what = "empty" if key == "" else _kind(key)
                message = f"'{columns.id}' is {what}, not text or a whole number"
                self.complain(Mistake(line, message, "bad-id", source=source))
                return
            self._ids.append(key)
        self._texts.append(text)
        self._lines.append(line)

    def _missing(self, field: str, record: Mapping[str, Any], line: int, source: str | None) -> None:
        keys = [str(key) for key in record]
        near = nearest(field, keys)
        names = ", ".join(keys[:8]) + (", …" if len(keys) > 8 else "")
        if near and near != field:
            hint = f"did you mean {near}? (`field:` and `id:` say which fields are meant)"
        else:
            hint = f"its fields: {names or 'none'}; `field:` and `id:` say which are meant"
        state = "is null" if field in record else "is missing"
        self.complain(Mistake(line, f"field '{field}' {state}", "missing-field", hint=hint, source=source))

    def take(self) -> Block:
        """The block so far; the next one begins."""
        block = Block(self._texts, self._ids if self._columns.id is not None else None, self._lines)
        self._texts, self._ids, self._lines = [], [], []
        return block


def _kind(value: Any) -> str:
    """A JSON value's kind, in words."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "a list"
        case dict():
            return "an object"
    return type(value).__name__

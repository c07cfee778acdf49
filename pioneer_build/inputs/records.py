"""The output of every reader: blocks of a few hundred texts, in order, with their ids and lines."""

from __future__ import annotations

from dataclasses import dataclass
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any

from pioneer_build.inputs.complaints import Mistake
from pioneer_build.spec.blank import is_blank, what_is_blank
from pioneer_build.spec.request_limits import LONGEST_ID, LONGEST_TEXT
from pioneer_build.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pioneer_build.inputs.complaints import Complaints
    from pioneer_build.inputs.digests import Id

DEFAULT_FIELD = "text"
#: Maximum length of a line or record, in bytes: protects memory from compressed bombs and files of other kinds.
MAX_RECORD = 16 << 20


@dataclass(frozen=True, slots=True)
class Block:
    """Texts in order; text `i` starts at line `lines[i]`, from 1; `ids` is `None` if none are requested."""

    texts: list[str]
    ids: list[Id] | None
    lines: Sequence[int]


@dataclass(frozen=True, slots=True)
class Columns:
    """The fields of a record that contain the text and the id."""

    field: str = DEFAULT_FIELD
    id: str | None = None


class BlockBuilder:
    """Checks records one by one, and collects the valid ones into a block."""

    def __init__(self, name: str, columns: Columns, complaints: Complaints) -> None:
        self._name = name
        self._columns = columns
        self._complaints = complaints
        self._texts: list[str] = []
        self._ids: list[Id] = []
        self._lines: list[int] = []

    def __len__(self) -> int:
        return len(self._texts)

    @property
    def only_counted(self) -> bool:
        """Whether so many mistakes were reported that nobody sees the words of the next one."""
        return self._complaints.count >= self._complaints.shown

    @property
    def given_up(self) -> bool:
        """Whether the file has so many mistakes that the rest of it isn't read."""
        return self._complaints.given_up(self._name)

    def complain(self, mistake: Mistake) -> None:
        """Reports a mistake in this file."""
        self._complaints.add(self._name, mistake)

    def add_record(self, record: Any, line: int, source: str | None = None) -> None:
        """Adds a record of JSON values: an object, or a string if no id is requested.

        Args:
            record: the parsed JSON value.
            line: its first line, from 1.
            source: its text, which is shown with a mistake.
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
        """Adds a text and, if one is requested, its id; both are checked.

        Args:
            text: should be a non-empty string.
            key: the id; should be text or a whole number; ignored if no id is requested.
            line: the first line of the record, from 1.
            source: its text, which is shown with a mistake.
        """
        columns = self._columns
        if not isinstance(text, str):
            self.complain(Mistake(line, f"'{columns.field}' is {_kind(text)}, not text", "not-text", source=source))
            return
        if is_blank(text):
            self.complain(Mistake(line, f"the text {what_is_blank(text)}", "empty-text", source=source))
            return
        if not _is_unicode(text):
            message = "the text contains a lone surrogate, which is not valid Unicode"
            self.complain(Mistake(line, message, "not-unicode", source=source))
            return
        if (much := beyond(text, LONGEST_TEXT)) is not None:
            self.complain(Mistake(line, f"the text {much}", "too-long", source=source))
            return
        if columns.id is not None:
            if isinstance(key, bool) or not isinstance(key, (str, int)) or key == "":
                what = "empty" if key == "" else _kind(key)
                message = f"'{columns.id}' is {what}, not text or a whole number"
                self.complain(Mistake(line, message, "bad-id", source=source))
                return
            if isinstance(key, str) and not _is_unicode(key):
                message = f"'{columns.id}' contains a lone surrogate, which is not valid Unicode"
                self.complain(Mistake(line, message, "not-unicode", source=source))
                return
            if isinstance(key, str) and (much := beyond(key, LONGEST_ID)) is not None:
                self.complain(Mistake(line, f"'{columns.id}' {much}", "too-long", source=source))
                return
            self._ids.append(key)
        self._texts.append(text)
        self._lines.append(line)

    def _missing(self, field: str, record: Mapping[str, Any], line: int, source: str | None) -> None:
        if self.only_counted:
            self.complain(Mistake(line, "", "missing-field"))
            return
        keys = [str(key) for key in record]
        near = nearest(field, keys)
        names = ", ".join(keys[:8]) + (", …" if len(keys) > 8 else "")
        if near and near != field:
            hint = f"did you mean {near}? (set `field:` and `id:` to choose the fields)"
        else:
            hint = f"its fields: {names or 'none'}; set `field:` and `id:` to choose from them"
        state = "is null" if field in record else "is missing"
        self.complain(Mistake(line, f"field '{field}' {state}", "missing-field", hint=hint, source=source))

    def take(self) -> Block:
        """Returns the current block and starts the next one."""
        block = Block(self._texts, self._ids if self._columns.id is not None else None, self._lines)
        self._texts, self._ids, self._lines = [], [], []
        return block


def beyond(text: str, limit: int) -> str | None:
    """What to say of valid Unicode that takes more than `limit` bytes as JSON, as in the line of a row; else `None`."""
    # A character takes one to six bytes, so few texts have to be measured, and none that is longer than the limit.
    if len(text) <= limit // 6 - 1:
        return None
    if len(text) <= limit and len(encode_basestring(text).encode()) <= limit:
        return None
    return f"takes more than {limit >> 20} MiB as JSON, in which rows are stored"


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _kind(value: Any) -> str:
    """The type of a JSON value, in words."""
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

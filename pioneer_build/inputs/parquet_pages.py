"""What the pages of a Parquet file say of themselves, before a library unpacks them.

A few bytes of a page may become gigabytes: by its compression, by a value of the dictionary that each row repeats, or
by a value that each row repeats from the one before. The footer may say anything of it, but how much is unpacked is
decided by the header of a page. Headers are in Thrift's compact protocol.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

#: A header with the statistics of its page has hardly more bytes, and never more than the second number.
_HEADER: Final = 1 << 12
_LONGEST_HEADER: Final = 16 << 20
#: Bytes of all headers of a file.
_MOST_IN_HEADERS: Final = 64 << 20
_DEEPEST: Final = 8
_DICTIONARY: Final = 2
_DELTA_BYTE_ARRAY: Final = 7
#: Where a header has another struct with its encoding: the fields of both, for the two kinds of pages with rows.
_ENCODINGS: Final = ((5, 2), (8, 4))


_LIST: Final = 9
_STRUCT: Final = 12
_Value: TypeAlias = object


class Page(NamedTuple):
    """A page: bytes when it is unpacked, and whether its values may be repeated, so that rows take more than that."""

    size: int
    repeats: bool


class Headers:
    """The headers that were read in a file, by where they are: groups of rows may all point to the same one."""

    def __init__(self) -> None:
        self.read: dict[int, tuple[Page, int]] = {}
        self.size = 0

    def add(self, start: int, page: Page, length: int, size: int) -> None:
        """Remembers a page.

        Args:
            start: where its header begins in the file.
            page: what the header says.
            length: of the page in the file, in bytes.
            size: of the header, in bytes.

        Raises:
            BadHeaderError: the headers of the file have too many bytes.
        """
        self.read[start] = page, length
        self.size += size
        if self.size > _MOST_IN_HEADERS:
            raise BadHeaderError(f"the headers of its pages have more than {_MOST_IN_HEADERS >> 20} MiB")


class BadHeaderError(Exception):
    """What should be a header is none."""


def pages(file: BinaryIO, start: int, end: int, headers: Headers) -> Iterator[Page]:
    """The pages of a column in a row group.

    Args:
        file: the Parquet file.
        start: where the first one begins.
        end: where the last one ends.
        headers: of this file; what is in them isn't read again.

    Raises:
        BadHeaderError: there is something else.
    """
    while start < end:
        if (known := headers.read.get(start)) is not None:
            yield known[0]
            start += known[1]
            continue
        fields, length = _header(file, start)
        size, packed = fields.get(2), fields.get(3)
        if not isinstance(size, int) or not isinstance(packed, int) or size < 0 or packed < 0:
            raise BadHeaderError("the header of a page has no size")
        inner = ((fields.get(outer), field) for outer, field in _ENCODINGS)
        delta = any(isinstance(one, dict) and one.get(field) == _DELTA_BYTE_ARRAY for one, field in inner)
        page = Page(size, delta or fields.get(1) == _DICTIONARY)
        headers.add(start, page, length + packed, length)
        yield page
        start += length + packed


def _header(file: BinaryIO, start: int) -> tuple[dict[int, _Value], int]:
    """The fields of a page's header, and its length."""
    file.seek(start)
    try:
        return _struct(data := file.read(_HEADER), 0, 0)
    except BadHeaderError:
        if len(data) < _HEADER:
            raise
    return _struct(data + file.read(_LONGEST_HEADER), 0, 0)


def columns_in_footer(footer: bytes) -> int:
    """How many columns, and groups of columns, the schema in a footer has.

    Raises:
        BadHeaderError: it is no footer.
    """
    place, field = 0, 0
    while place < len(footer) and (head := footer[place]):
        field += head >> 4
        if field == 2 and head & 15 == _LIST:
            return _list_head(footer, place + 1)[1]
        _, place = _value(footer, place + 1, head & 15, 0)
    raise BadHeaderError("the footer has no schema")


def _struct(data: bytes, place: int, depth: int) -> tuple[dict[int, _Value], int]:
    """The fields of a struct, by their numbers, and where it ends."""
    fields: dict[int, _Value] = {}
    field = 0
    while (head := _byte(data, place)) != 0:
        place += 1
        if head >> 4:
            field += head >> 4
        else:
            field, place = _integer(data, place)
        fields[field], place = _value(data, place, head & 15, depth)
    return fields, place + 1


def _value(data: bytes, place: int, kind: int, depth: int) -> tuple[_Value, int]:
    """A value of a struct, if it is a number or a struct, and where it ends."""
    if depth > _DEEPEST:
        raise BadHeaderError("it is nested too deeply")
    if kind in (1, 2):  # true and false, in the kind itself
        return None, place
    if kind == 3:
        return None, place + 1
    if kind in (4, 5, 6):
        return _integer(data, place)
    if kind == 7:
        return None, place + 8
    if kind == 8:
        length, place = _varint(data, place)
        return None, place + length
    if kind == _STRUCT:
        return _struct(data, place, depth + 1)
    if kind in (_LIST, 10):
        kind, count, place = _list_head(data, place)
        for _ in range(count):
            _, place = _value(data, place + 1, 1, depth) if kind in (1, 2) else _value(data, place, kind, depth + 1)
            _byte(data, place - 1)
        return None, place
    raise BadHeaderError("it has a value of an unknown kind")


def _list_head(data: bytes, place: int) -> tuple[int, int, int]:
    """The kind of a list's items, their number, and where they begin."""
    head = _byte(data, place)
    if head >> 4 < 15:
        return head & 15, head >> 4, place + 1
    count, place = _varint(data, place + 1)
    return head & 15, count, place


def _integer(data: bytes, place: int) -> tuple[int, int]:
    value, place = _varint(data, place)
    return (value >> 1) ^ -(value & 1), place


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = _byte(data, place)
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
    raise BadHeaderError("it has a number that is too long")


def _byte(data: bytes, place: int) -> int:
    if place >= len(data):
        raise BadHeaderError("it ends within a header")
    return data[place]

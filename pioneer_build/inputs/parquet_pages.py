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

#: A header with the statistics of its page has hardly more bytes, and never more than the second number: texts of any
#: length are passed over at once.
_HEADER: Final = 1 << 12
_LONGEST_HEADER: Final = 16 << 20
#: Bytes of all headers of a file.
_MOST_IN_HEADERS: Final = 64 << 20
#: Bytes of a header besides its texts, or of a footer before its schema: each takes a step. A header has hardly 100.
_MOST_STEPS: Final = 256
#: The same of all headers of a file.
_MOST_STEPS_IN_ALL: Final = 4 << 20
_DEEPEST: Final = 8
_DICTIONARY: Final = 2
_DELTA_BYTE_ARRAY: Final = 7
#: Where a header has another struct with its encoding: the fields of both, for the two kinds of pages with rows.
_ENCODINGS: Final = ((5, 2), (8, 4))
_LIST: Final = 9
_Value: TypeAlias = object


class Page(NamedTuple):
    """A page: bytes when it is unpacked, and whether its values may be repeated, so that rows take more than that."""

    size: int
    repeats: bool


class Headers:
    """The headers that were read in a file, by where they are: groups of rows may all point to the same one."""

    def __init__(self) -> None:
        self.read: dict[int, tuple[Page, int]] = {}
        self.size = self.steps = 0

    def add(self, start: int, page: Page, length: int, size: int, steps: int) -> None:
        """Remembers a page.

        Args:
            start: where its header begins in the file.
            page: what the header says.
            length: of the page in the file, in bytes.
            size: of the header, in bytes.
            steps: the bytes of the header besides its texts.

        Raises:
            BadHeaderError: the headers of the file have too many bytes.
        """
        self.read[start] = page, length
        self.size += size
        if self.size > _MOST_IN_HEADERS:
            raise BadHeaderError(f"the headers of its pages have more than {_MOST_IN_HEADERS >> 20} MiB")
        self.steps += steps
        if self.steps > _MOST_STEPS_IN_ALL:
            text = f"the headers of its pages have more than {_MOST_STEPS_IN_ALL >> 20} MiB besides their texts"
            raise BadHeaderError(text)


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
        fields, header = _header(file, start)
        size, packed = fields.get(2), fields.get(3)
        if not isinstance(size, int) or not isinstance(packed, int) or size < 0 or packed < 0:
            raise BadHeaderError("the header of a page has no size")
        inner = ((fields.get(outer), field) for outer, field in _ENCODINGS)
        delta = any(isinstance(one, dict) and one.get(field) == _DELTA_BYTE_ARRAY for one, field in inner)
        page = Page(size, delta or fields.get(1) == _DICTIONARY)
        headers.add(start, page, header.place + packed, header.place, header.steps)
        yield page
        start += header.place + packed


def _header(file: BinaryIO, start: int) -> tuple[dict[int, _Value], _Compact]:
    """The fields of a page's header, and what read them."""
    file.seek(start)
    data, wanted = file.read(_HEADER), _HEADER
    while True:
        compact = _Compact(data)
        try:
            return compact.struct(), compact
        except _EndsWithin:
            if len(data) < wanted or wanted >= _LONGEST_HEADER:
                raise
        # not all that a header may have at once: a file may have very many that are a little longer than others
        data += file.read(3 * wanted)
        wanted *= 4


def columns_in_footer(footer: bytes) -> int:
    """How many columns, and groups of columns, the schema in a footer has.

    Raises:
        BadHeaderError: it is no footer.
    """
    compact, field = _Compact(footer), 0
    while compact.place < len(footer) and (head := compact.byte()):
        field += head >> 4
        if field == 2 and head & 15 == _LIST:
            return compact.list_head()[1]
        compact.value(head & 15)
    raise BadHeaderError("the footer has no schema")


class _EndsWithin(BadHeaderError):
    """It goes on after the bytes that were read."""


class _Compact:
    """Reads Thrift's compact protocol.

    Args:
        data: the bytes, which may end within a value.
    """

    __slots__ = ("_data", "_passed", "place")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._passed = 0
        #: Where the next byte is.
        self.place = 0

    @property
    def steps(self) -> int:
        """How many bytes were read so far; those of texts are passed over at once."""
        return self.place - self._passed

    def struct(self, depth: int = 0) -> dict[int, _Value]:
        """The fields of a struct, by their numbers."""
        fields: dict[int, _Value] = {}
        field = 0
        while (head := self.byte()) != 0:
            field = field + (head >> 4) if head >> 4 else self.integer()
            fields[field] = self.value(head & 15, depth)
        return fields

    def value(self, kind: int, depth: int = 0) -> _Value:
        """A value of a struct; only numbers and structs are kept.

        Args:
            kind: its type, as in the head of a field.
            depth: in how many values it is.

        Raises:
            BadHeaderError: there are more than any header has, or it is none.
        """
        if self.steps > _MOST_STEPS:
            raise BadHeaderError(f"it has more than {_MOST_STEPS} bytes besides its texts")
        if depth > _DEEPEST:
            raise BadHeaderError("it is nested too deeply")
        match kind:
            case 1 | 2:  # true and false, in the kind itself
                return None
            case 3:
                self.place += 1
            case 4 | 5 | 6:
                return self.integer()
            case 7:
                self.place += 8
            case 8:
                length = self._varint()
                self.place += length
                self._passed += length
            case 12:
                return self.struct(depth + 1)
            case 9 | 10:
                self._items(depth)
            case _:
                raise BadHeaderError("it has a value of an unknown kind")
        return None

    def list_head(self) -> tuple[int, int]:
        """The kind of a list's items, and their number."""
        head = self.byte()
        return head & 15, head >> 4 if head >> 4 < 15 else self._varint()

    def integer(self) -> int:
        """A number with a sign."""
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

    def byte(self) -> int:
        """The next byte.

        Raises:
            BadHeaderError: there is none.
        """
        if self.place >= len(self._data):
            raise _EndsWithin("it ends within a header")
        self.place += 1
        return self._data[self.place - 1]

    def _items(self, depth: int) -> None:
        """Passes over the items of a list."""
        kind, count = self.list_head()
        for _ in range(count):
            # in a list, true and false have a byte of their own
            self.value(3 if kind in (1, 2) else kind, depth + 1)

    def _varint(self) -> int:
        value = self.byte()
        if value < 0x80:  # most
            return value
        value &= 0x7F
        for shift in range(7, 70, 7):
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise BadHeaderError("it has a number that is too long")

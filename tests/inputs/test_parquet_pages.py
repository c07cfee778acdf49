"""Headers of Parquet pages: what is none is said, and never followed."""

from __future__ import annotations

import io
import time

import pytest

from pioneer_build.inputs.parquet_pages import BadHeaderError, Headers, Page, columns_in_footer, pages


class _Counted(io.BytesIO):
    """A file that counts what is read of it."""

    read_bytes = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.read_bytes += len(data)
        return data


def test_a_dictionary_and_a_page_of_rows() -> None:
    dictionary = b"\x15\x04\x15\x0e\x15\x06\x00" + b"abc"
    delta = b"\x15\x00\x15\xc8\x01\x15\x02\x2c\x15\x02\x15\x0e\x00\x00" + b"x"
    data = dictionary + delta
    assert list(pages(io.BytesIO(data), 0, len(data), Headers())) == [Page(7, True), Page(100, True)]


@pytest.mark.parametrize(
    "data", [b"", b"\x19" * 500, b"\x19\xf9\xff\xff\xff\xff\x0f", b"\x15" + b"\xff" * 20, b"\x1c" * 99]
)
def test_headers_that_are_none(data: bytes) -> None:
    with pytest.raises(BadHeaderError):
        list(pages(io.BytesIO(data), 0, 1_000, Headers()))
    with pytest.raises(BadHeaderError):
        columns_in_footer(data.replace(b"\x19", b"\x1a"))


def test_a_header_that_many_groups_point_to_is_read_once() -> None:
    header = b"\x15\x04\x15\x0e\x15\x00" + b"\xc8" + b"\x80\x80\x04" + b"\x00" * 65_536 + b"\x00"
    file, headers = io.BytesIO(header), Headers()
    first = list(pages(file, 0, len(header), headers))
    assert first == [Page(7, True)]
    file.close()
    assert list(pages(file, 0, len(header), headers)) == first


def test_the_bytes_of_headers_are_bounded_together() -> None:
    headers = Headers()
    for start in range(4):
        headers.add(start, Page(7, True), 16 << 20, 16 << 20, 1)
    with pytest.raises(BadHeaderError, match="64 MiB"):
        headers.add(4, Page(7, True), 1, 1, 1)


def test_the_steps_of_headers_are_bounded_together() -> None:
    headers = Headers()
    headers.add(0, Page(7, True), 1, 1, 4 << 20)
    with pytest.raises(BadHeaderError, match="4 MiB besides their texts"):
        headers.add(1, Page(7, True), 1, 1, 1)


SIZES = b"\x15\x04\x15\x0e\x15\x00"
MANY = (16 << 20) - 100
ITEMS = b"\x80\x80\x80\x07"  # how many, in seven bits a byte, the lowest first


@pytest.mark.parametrize(
    "long",
    [b"\xc9\xf5" + ITEMS + b"\x02" * MANY, b"\xc9\xf9" + ITEMS + b"\x01" * MANY,
     b"\xc9\xf1" + ITEMS + b"\x01" * MANY, b"\x12" * MANY],
    ids=["numbers", "lists", "truths", "fields"],
)  # fmt: skip
def test_a_header_of_many_values_is_not_read_to_its_end(long: bytes) -> None:
    """Each value takes a step: 16 MiB of them took half a minute."""
    began = time.process_time()
    with pytest.raises(BadHeaderError, match="more than 256 bytes"):
        list(pages(io.BytesIO(SIZES + long + b"\x00"), 0, 1 << 30, Headers()))
    with pytest.raises(BadHeaderError, match="more than 256 bytes"):
        columns_in_footer(b"\x19" + long[1:] if long.startswith(b"\xc9") else long)
    assert time.process_time() - began < 2


def test_many_headers_that_are_a_little_longer_than_others_are_each_read_once() -> None:
    """16 MiB were read for each of them."""
    page = SIZES + b"\xc8" + b"\x80\x28" + b"\x00" * 5_120 + b"\x00"
    many = 2_000
    file = _Counted(page * many + b"\x00" * (8 << 20))
    assert len(list(pages(file, 0, len(page) * many, Headers()))) == many
    assert file.read_bytes < 5 * len(page) * many


def test_a_header_with_long_texts_is_read() -> None:
    length = 15 << 20
    data = SIZES + b"\xc8" + b"\x80\x80\xc0\x07" + b"x" * length + b"\x00"
    assert list(pages(io.BytesIO(data), 0, len(data), Headers())) == [Page(7, True)]

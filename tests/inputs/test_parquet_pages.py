"""Headers of Parquet pages: what is none is said, and never followed."""

from __future__ import annotations

import io

import pytest

from pioneer_build.inputs.parquet_pages import BadHeaderError, Headers, Page, columns_in_footer, pages


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
    header = b"\x15\x04\x15\x0e\x15\x00" + b"\xc9\xf3" + b"\x80\x80\x04" + b"\x00" * 65_536 + b"\x00"
    file, headers = io.BytesIO(header), Headers()
    first = list(pages(file, 0, len(header), headers))
    assert first == [Page(7, True)]
    file.close()
    assert list(pages(file, 0, len(header), headers)) == first


def test_the_bytes_of_headers_are_bounded_together() -> None:
    headers = Headers()
    for start in range(4):
        headers.add(start, Page(7, True), 16 << 20, 16 << 20)
    with pytest.raises(BadHeaderError, match="64 MiB"):
        headers.add(4, Page(7, True), 1, 1)

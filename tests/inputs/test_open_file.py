"""The bytes of a file, decompressed; and what is said of a file that isn't what its ending says."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from pioneer_build.inputs.named_files import Compression, InputFile
from pioneer_build.inputs.open_file import DamagedStreamError, OtherContentError, open_bytes
from tests.inputs.project import problems_of, put

if TYPE_CHECKING:
    from pathlib import Path


def _file(folder: Path, data: bytes, compression: Compression) -> InputFile:
    path = folder / {"": "a.txt", "gzip": "a.txt.gz", "zstd": "a.txt.zst"}[compression]
    path.write_bytes(data)
    return InputFile(path, path.name, "text", compression)


def _read(file: InputFile) -> bytes:
    with open_bytes(file) as stream:
        return stream.read()


def test_bytes(tmp_path: Path) -> None:
    assert _read(_file(tmp_path, b"plain", "")) == b"plain"
    assert _read(_file(tmp_path, gzip.compress(b"packed"), "gzip")) == b"packed"
    assert _read(_file(tmp_path, b"", "gzip")) == b""


def test_a_zstd_stream_may_begin_with_a_frame_to_skip(tmp_path: Path) -> None:
    zstandard = pytest.importorskip("zstandard")
    with pytest.raises((OtherContentError, DamagedStreamError)) as caught:
        _read(_file(tmp_path, b"\x50\x2a\x4d\x18\x02\0\0\0xx" + zstandard.compress(b"packed")[:5], "zstd"))
    assert isinstance(caught.value, DamagedStreamError)


@pytest.mark.parametrize(("compression", "ending"), [("gzip", ".gz"), ("zstd", ".zst")])
def test_another_content(tmp_path: Path, compression: Compression, ending: str) -> None:
    pytest.importorskip("zstandard")
    with pytest.raises(OtherContentError) as caught:
        _read(_file(tmp_path, b"plain text", compression))
    assert caught.value.mistake.message == f"the file is not {compression}, but its name ends with {ending}"
    with pytest.raises(OtherContentError, match="an HTML page"):
        _read(_file(tmp_path, b"<!doctype html>\n<title>404</title>", compression))


def test_a_compressed_bomb_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "bomb.txt.gz", gzip.compress(b"\n" * (70 << 20), mtime=0))
    (problem,) = problems_of(tmp_path, "bomb.txt.gz")
    assert problem.message == "decompressed, the file is more than 200 times as large"

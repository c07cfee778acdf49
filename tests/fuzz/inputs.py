"""The author's own texts, in each format and compression."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from functools import cache
from typing import TYPE_CHECKING

from pioneer_build.inputs import survey
from pioneer_build.inputs.cache import SurveyCache
from pioneer_build.spec.model import InputFiles
from tests.fuzz.mutations import any_value, json_bytes, mutated, mutated_value
from tests.fuzz.target import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from random import Random

_ROWS = [{"id": "a1", "text": "One text."}, {"id": 2, "text": 'Ein Text, ü "x"'}, {"id": "c", "text": "a\nb"}]
_JSONL = "".join(json.dumps(row) + "\n" for row in _ROWS).encode()
_CSV = b'id,text,more\n1,One,x\n"2","A ""quoted"" text\nof lines",\n3,\xc3\xa9,z\n'
_SEEDS: dict[str, Sequence[bytes]] = {
    "txt": (b"One text.\nAnother.\n\nA third\n", "é ü\n".encode()),
    "jsonl": (_JSONL, b'"one"\n"two"\n'),
    "json": (json.dumps(_ROWS).encode(), b'["one", "two"]', json.dumps(_ROWS, indent=1).encode()),
    "csv": (_CSV, _CSV.replace(b",", b";")),
    "tsv": (_CSV.replace(b",", b"\t"),),
}


@cache
def _parquet() -> bytes:
    import pyarrow
    import pyarrow.parquet

    table = pyarrow.table({"id": ["a", "b", "c"], "text": ["One", "Two", None], "n": [1, 2, 3]})
    file = io.BytesIO()
    pyarrow.parquet.write_table(table, file)
    return file.getvalue()


def _file(ending: str) -> Callable[[Random], bytes]:
    def make(random: Random) -> bytes:
        seeds = _SEEDS[ending]
        if ending in ("json", "jsonl") and random.randrange(2):
            rows = mutated_value(random, _ROWS, 5) if random.randrange(3) else any_value(random)
            if ending == "json":
                return json_bytes(rows)
            return b"\n".join([json_bytes(row) for row in rows]) if isinstance(rows, list) else json_bytes(rows)
        return mutated(random, random.choice(seeds), [*seeds, _JSONL])

    return make


def _reader(ending: str) -> Callable[[bytes, Path], None]:
    def read(data: bytes, folder: Path) -> None:
        (folder / "specs").mkdir(exist_ok=True)
        (folder / f"data.{ending}").write_bytes(data)
        field = "text" if ending.partition(".")[0] == "txt" or zlib.crc32(data) % 4 else "txet"
        key = "id" if zlib.crc32(data) % 3 and not ending.startswith("txt") else None
        survey(InputFiles(f"../data.{ending}", field, key), project_root=folder, spec_path="specs/a.yaml")

    return read


def _packed(random: Random) -> bytes:
    """A compressed file, damaged or not; the first byte says how it is compressed."""
    data = mutated(random, _JSONL)
    if not random.randrange(300):
        data = random.choice((b"\n", b" ", b"\0", b"[", b'"', b"{}\n", b'{"text":"a"}\n')) * random.randrange(
            1, 1 << 20
        )
    kind = random.randrange(2)
    if kind == 0:
        body = gzip.compress(data, mtime=0)
    else:
        import zstandard

        body = zstandard.ZstdCompressor().compress(data)
    return bytes([kind]) + (mutated(random, body) if random.randrange(2) else body)


def _read_packed(data: bytes, folder: Path) -> None:
    (_reader("jsonl.gz") if data[:1] == b"\0" else _reader("jsonl.zst"))(data[1:], folder)


def _columns(random: Random) -> bytes:
    return mutated(random, _parquet())


def _memory(random: Random) -> bytes:
    """What is remembered of a file, with a right checksum."""
    from hashlib import sha256

    body = b"pioneer-build inputs 4\n" + mutated(random, b"\x04\0\0\0\0\0\0\0\0\0\0\0null" + b"\0" * 48)
    return body + sha256(body).digest()


class _Remembers:
    """Stands for the cache's database."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def get(self, _: str) -> bytes:
        return self.data

    def set(self, _: str, __: bytes) -> None:
        """Forgets it."""


def _read_memory(data: bytes, folder: Path) -> None:
    (folder / "specs").mkdir(exist_ok=True)
    (folder / "data.jsonl").write_bytes(_JSONL)
    cache = SurveyCache(folder)
    cache._cache = _Remembers(data)
    survey(InputFiles("../data.jsonl", "text", None), project_root=folder, spec_path="specs/a.yaml", cache=cache)


TARGETS = (
    *(Target(ending, _file(ending), _reader(ending), 8) for ending in _SEEDS),
    Target("packed", _packed, _read_packed, 6),
    Target("parquet", _columns, _reader("parquet"), 4),
    Target("memory", _memory, _read_memory, 5),
)

"""A Parquet file takes a bounded amount of memory, however small it is."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.inputs import parquet as reader
from tests.inputs.project import problems_of, put, said, texts_of

if TYPE_CHECKING:
    from pathlib import Path

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


def write(folder: Path, table: Any, **options: Any) -> int:
    """Writes `specs/a.parquet`; returns its size."""
    (folder / "specs").mkdir(exist_ok=True)
    pq.write_table(
        table, folder / "specs" / "a.parquet", **{"write_statistics": False, "compression": "zstd"} | options
    )
    return (folder / "specs" / "a.parquet").stat().st_size


def complaint(folder: Path, **inputs: Any) -> str:
    (found,) = problems_of(folder, "a.parquet", **inputs)
    return f"{found.path}: {found.message}"


BOMBS = {
    "one value that each row repeats": ({"text": ["x" * 1_000_000] * 3_300}, {}),
    "a value that goes on the one before": (
        {"text": ["x" * 900_000] * 300},
        {"use_dictionary": False, "column_encoding": {"text": "DELTA_BYTE_ARRAY"}, "compression": "none"},
    ),
    "pages that are packed well": ({"text": [f"{n:07}" + "x" * 900_000 for n in range(99)]}, {"use_dictionary": False}),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_small_file_that_becomes_large(tmp_path: Path, bomb: str) -> None:
    columns, options = BOMBS[bomb]
    assert write(tmp_path, pa.table(columns), **options) < 2_000_000
    taken: list[int] = []
    ours = reader._Unpacked.add
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader._Unpacked, "add", lambda self, size: (taken.append(size), ours(self, size))[1])
        expected = "specs/a.parquet: unpacked, the file is more than 200 times as large"
        assert complaint(tmp_path) == expected
    assert max(taken) <= 160 << 20


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_it_takes_little_memory(tmp_path: Path) -> None:
    """597 bytes took 3.3 GB."""
    value = pa.DictionaryArray.from_arrays(pa.array([0] * 3_300, pa.int8()), ["x" * 1_000_000])
    write(tmp_path, pa.table({"text": value}), store_schema=False)
    code = (
        "import pathlib, sys\n"
        "from tests.inputs.project import problems_of\n"
        "assert problems_of(pathlib.Path(sys.argv[1]), 'a.parquet')\n"
        "print(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')).split()[1])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 600_000  # kB


def test_a_dictionary_in_the_schema_is_no_way_around(tmp_path: Path) -> None:
    value = pa.DictionaryArray.from_arrays(pa.array([0] * 3_300, pa.int16()), ["x" * 1_000_000])
    write(tmp_path, pa.table({"text": value}))
    assert complaint(tmp_path).endswith("more than 200 times as large")
    write(tmp_path, pa.table({"text": pa.array(["a", "b", "a"]).dictionary_encode()}))
    assert [one.text for one in texts_of(tmp_path, "a.parquet")] == ["a", "b", "a"]


def test_a_page_of_one_huge_value(tmp_path: Path) -> None:
    write(tmp_path, pa.table({"text": ["x" * (130 << 20)]}), use_dictionary=False)
    assert complaint(tmp_path).endswith(("a page of the file has more than 128 MiB", "200 times as large"))


def test_ordinary_files_are_read(tmp_path: Path) -> None:
    values = [f"text {n % 1000} of some length" for n in range(20_000)]
    for options in ({}, {"compression": "none"}, {"use_dictionary": False}, {"data_page_version": "2.0"},
                    {"row_group_size": 700}, {"write_statistics": True, "compression": "gzip"}):  # fmt: skip
        write(tmp_path, pa.table({"text": values, "id": range(len(values)), "more": [[1]] * len(values)}), **options)
        found = texts_of(tmp_path, "a.parquet", id="id")
        assert [one.text for one in found] == values
        assert (found[-1].id, found[-1].line) == (19_999, 20_000)


def test_columns_that_have_no_texts(tmp_path: Path) -> None:
    for values in ([["a"]], [{"a": "b"}]):
        write(tmp_path, pa.table({"text": values}))
        assert "the values of the column 'text' are of the type" in complaint(tmp_path)


def test_a_footer_that_is_too_large(tmp_path: Path) -> None:
    table = pa.table({"text": ["a"]})
    write(tmp_path, table.replace_schema_metadata({"x": "y" * (5 << 20)}))
    assert complaint(tmp_path) == "specs/a.parquet: the footer of the file has more than 4 MiB"
    write(tmp_path, pa.table({f"c{n}": [1] for n in range(10_001)}))
    assert complaint(tmp_path) == "specs/a.parquet: the file has more than 10000 columns"


def test_a_schema_that_is_too_deep(tmp_path: Path) -> None:
    value: Any = "a"
    for _ in range(120):
        value = {"b": value}
    try:
        write(tmp_path, pa.table({"text": ["a"], "deep": [value]}))
    except OSError:
        pytest.skip("this version doesn't write one")
    assert "not valid Parquet from here on" in complaint(tmp_path)


def test_damaged_pages_are_said(tmp_path: Path) -> None:
    size = write(tmp_path, pa.table({"text": [f"{n} some text" for n in range(3_000)]}))
    whole = (tmp_path / "specs" / "a.parquet").read_bytes()
    put(tmp_path, "a.parquet", whole[:4] + b"\xff" * 40 + whole[44:])
    assert len(whole) == size
    assert said(problems_of(tmp_path, "a.parquet"))[0][1].startswith("not valid Parquet from here on: ")

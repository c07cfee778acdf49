"""`load`: locked rows for a script, streamed, indexed, and as what other libraries take."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

import pioneer_build
from pioneer_build.errors import MissingExtra, PioneerError, StoreError
from pioneer_build.operations.load import Dataset, load
from tests.made import Made, spec_text

if TYPE_CHECKING:
    from pathlib import Path

ROWS: list[dict[str, Any]] = [{"text": f"text {i}", "label": "ab"[i % 2]} for i in range(5)]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    made = Made(tmp_path / "project", tmp_path / "store")
    text = spec_text("moods", "classification", labels=["b", "a"], num_examples=5, domain_description="x")
    made.dataset(text, ROWS, version="7")
    made.write_lock()
    return made


@pytest.fixture
def dataset(made: Made) -> Dataset:
    return load("moods", directory=made.root / "specs")


def test_what_the_lock_says(made: Made, dataset: Dataset) -> None:
    [entry] = made.entries
    assert (dataset.name, dataset.task_type, dataset.labels) == ("moods", "classification", ("a", "b"))
    assert dataset.content == entry.content
    assert dataset.training == {"name": "moods", "version": "7"}
    assert repr(dataset) == f"<Dataset moods: 5 classification rows, {entry.content}>"
    assert pioneer_build.load is pioneer_build.api.load is load
    assert pioneer_build.Dataset is Dataset


def test_a_sequence_of_dicts(dataset: Dataset) -> None:
    assert len(dataset) == 5
    assert list(dataset) == ROWS
    assert (dataset[-1], dataset[1:3]) == (ROWS[-1], ROWS[1:3])
    assert ROWS[2] in dataset
    assert next(iter(dataset.lines())) == b'{"text":"text 0","label":"a"}\n'


def test_iterating_streams_and_indexing_keeps(dataset: Dataset, made: Made) -> None:
    assert dataset[0] == ROWS[0]
    made.store.path(made.entries[0].jobs[0].rows or "").unlink()
    assert dataset[1] == ROWS[1], "rows that were indexed are in memory"
    with pytest.raises(PioneerError, match="not on this machine"):
        list(dataset)


def test_what_is_not_there(made: Made) -> None:
    with pytest.raises(PioneerError, match=r"is not in pioneer\.lock for the backend local") as near:
        load("mods", directory=made.root)
    assert near.value.hint == "did you mean 'moods'?"
    with pytest.raises(PioneerError) as far:
        load("xyzzy", directory=made.root)
    assert far.value.hint == "pioneer-build apply builds the datasets that the specs declare"
    with pytest.raises(PioneerError, match="for the backend pioneer"):
        load("moods", directory=made.root, backend="pioneer")


def test_missing_rows_are_said_at_once_and_damaged_ones_when_read(made: Made) -> None:
    path = made.store.path(made.entries[0].jobs[0].rows or "")
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"text 1", b"tent 1"))
    dataset = load("moods", directory=made.root)
    with pytest.raises(StoreError):
        list(dataset)
    path.unlink()
    with pytest.raises(PioneerError, match="not on this machine"):
        load("moods", directory=made.root)


def test_as_what_other_libraries_take(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = SimpleNamespace(DataFrame=lambda rows: ("frame", rows), Dataset=SimpleNamespace(from_list=tuple))
    for name in ("pandas", "polars", "datasets"):
        monkeypatch.setitem(sys.modules, name, taken)
    assert dataset.to_pandas() == dataset.to_polars() == ("frame", ROWS)
    assert dataset.to_hf() == tuple(ROWS)


def test_libraries_that_are_not_installed(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pandas", "polars", "datasets"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(PioneerError, match="pandas is not installed") as caught:
        dataset.to_pandas()
    assert caught.value.hint == "pip install pandas"
    with pytest.raises(PioneerError, match="polars is not installed"):
        dataset.to_polars()
    with pytest.raises(MissingExtra, match=r"to_hf\(\) needs the extra 'hf'") as missing:
        dataset.to_hf()
    assert "pioneer-build[hf]" in (missing.value.hint or "")

"""Compaction of a scope's files: nothing is lost wherever it ends, and many runs leave few files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pioneer_build.errors import StoreError
from pioneer_build.store import compaction
from tests.store.annotated import answer, batch, digests, folder_of, opened

if TYPE_CHECKING:
    from pathlib import Path


def test_compaction_keeps_everything(tmp_path: Path) -> None:
    for n in range(6):
        with opened(tmp_path) as store:
            store.add(batch(n))
    reader = opened(tmp_path)
    assert reader.count() == 6
    opened(tmp_path).compact()
    assert len(list(folder_of(tmp_path).glob("*.log"))) == 1
    assert list(reader.lookup(digests(*range(6)))) == [answer(n) for n in range(6)]
    assert opened(tmp_path).count() == 6
    assert not list((tmp_path / "tmp").iterdir())


@pytest.mark.parametrize("fails_at", ["replace", "unlink", "sync_folder"])
def test_compaction_may_end_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_at: str) -> None:
    for n in range(4):
        with opened(tmp_path) as store:
            store.add(batch(n))

    def fail(*args: object, **kwargs: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        if fails_at == "unlink":
            from pathlib import Path as PathClass

            real = PathClass.unlink
            patch.setattr(
                PathClass,
                "unlink",
                lambda self, missing_ok=False: fail() if self.suffix == ".log" else real(self, missing_ok),
            )
        else:
            patch.setattr(os if fails_at == "replace" else compaction, fails_at, fail)
        with pytest.raises(StoreError):
            opened(tmp_path).compact()
    assert list(opened(tmp_path).lookup(digests(*range(4)))) == [answer(n) for n in range(4)]
    opened(tmp_path).compact()
    assert list(opened(tmp_path).lookup(digests(*range(4)))) == [answer(n) for n in range(4)]


def test_many_runs_leave_few_files(tmp_path: Path) -> None:
    for n in range(40):
        with opened(tmp_path) as store:
            store.add(batch(n))
    assert len(list(folder_of(tmp_path).glob("*.log"))) < 33
    assert opened(tmp_path).count() == 40


def test_so_many_files_may_stay_and_no_more() -> None:
    assert not compaction.is_due(32)
    assert compaction.is_due(33)

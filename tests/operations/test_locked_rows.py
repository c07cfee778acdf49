"""The rows that a lock names: whole, in order and undamaged, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pioneer_build.errors import PioneerError, StoreError
from pioneer_build.lock.model import Labelling
from pioneer_build.operations.diff import kept_rows
from pioneer_build.operations.locked_rows import locked_lines
from pioneer_build.store import Store
from tests.planning import declared, digest, entry, generate_spec, job, label_spec

if TYPE_CHECKING:
    from pathlib import Path

    from pioneer_build.lock.model import Job

ASKED = declared(generate_spec("a", num_examples=3))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def lines(*texts: str) -> list[bytes]:
    return [b'{"text":"%s","label":"a"}\n' % text.encode() for text in texts]


def built(store: Store, number: int, *texts: str) -> Job:
    return job(ASKED, number, got=len(texts), rows=store.put(lines(*texts)))


def test_jobs_in_order_up_to_the_number_asked_for(store: Store) -> None:
    found = entry(ASKED, built(store, 1, "x", "y"), built(store, 2, "z", "too many"))
    assert list(locked_lines(found, store)) == lines("x", "y", "z")


def test_labelled_texts(store: Store) -> None:
    texts = declared(label_spec("a"))
    labelling = Labelling(texts.fingerprint, digest("i"), 2, 2, 2, 0, 2, store.put(lines("x", "y")))
    assert list(locked_lines(entry(texts, labelling=labelling), store)) == lines("x", "y")


def test_texts_that_turned_to_rows_are_read_as_rows(store: Store) -> None:
    labelling = Labelling("fp1:" + "0" * 64, digest("i"), 1, 1, 1, 0, 1, store.put(lines("labelled")))
    found = entry(ASKED, built(store, 1, "x", "y", "z"), labelling=labelling)
    assert list(locked_lines(found, store)) == lines("x", "y", "z")
    store.path(labelling.content).write_bytes(b"damaged")
    again = kept_rows(store)(found)
    assert not isinstance(again, str), "what nobody reads any more may be damaged"
    assert list(again()) == lines("x", "y", "z")


@pytest.mark.parametrize(
    ("jobs", "said"),
    [
        ((), "'a' is not built"),
        ((job(ASKED, 1, state="open", rows=None),), "'a' is not built"),
        ((job(ASKED, 1, rows=None, verified=False),), "were never on this machine"),
        ((job(ASKED, 1), job(ASKED, 2, rows=None, verified=False)), "were never on this machine"),
        ((job(ASKED, 1),), "are in pioneer.lock, but not on this machine"),
    ],
)
def test_what_cant_be_read_is_said_before_a_row_is_given(store: Store, jobs: tuple[Job, ...], said: str) -> None:
    found = entry(ASKED, *jobs)
    with pytest.raises(PioneerError, match=said):
        locked_lines(found, store)
    told = kept_rows(store)(found)
    assert isinstance(told, str)
    assert said in told


def test_texts_that_are_not_labelled_yet_are_not_built(store: Store) -> None:
    with pytest.raises(PioneerError, match="is not built"):
        locked_lines(entry(declared(label_spec("a"))), store)


def test_damage_is_found_before_the_first_row(store: Store) -> None:
    found = entry(ASKED, built(store, 1, "x", "y", "z"))
    store.path(found.content_digests[0]).write_bytes(b"damaged")
    with pytest.raises(StoreError, match="damaged"):
        next(locked_lines(found, store))
    told = kept_rows(store)(found)
    assert isinstance(told, str)
    assert "damaged" in told

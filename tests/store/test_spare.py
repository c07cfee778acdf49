"""Annotations that the store can't take: kept in another folder, and taken in as soon as it can."""

from __future__ import annotations

import errno
import multiprocessing
import os
from contextlib import suppress
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pioneer_build.errors import StoreError
from pioneer_build.store import RefusedText, Store
from tests.full_disk import DISK_ERRORS, failing_disk

if TYPE_CHECKING:
    from pathlib import Path

BACKEND, FINGERPRINT = "pioneer", "fp1:a"
ALWAYS = (errno.ENOSPC, 0, 1 << 30)


def digest(number: int) -> bytes:
    return number.to_bytes(16, "little")


def batch(*numbers: int) -> list[tuple[bytes, bytes]]:
    return [(digest(number), b"%d\n" % number) for number in numbers]


def store(folder: Path, *spare: str) -> Store:
    return Store(folder / "store", [folder / name for name in spare or ("spare", "spare2")])


def answers(folder: Path, *numbers: int) -> list[bytes | RefusedText | None]:
    with store(folder).annotations(BACKEND, FINGERPRINT) as opened:
        return list(opened.lookup(b"".join(map(digest, numbers))))


def refused(disk: Path, folder: Path, number: int, said: str = "is kept") -> None:
    """Adds an annotation while a disk fails."""
    with (
        failing_disk(disk, *ALWAYS),
        store(folder).annotations(BACKEND, FINGERPRINT) as opened,
        pytest.raises(StoreError, match=said),
    ):
        opened.add(batch(number))


def test_what_the_store_can_not_take_is_taken_in_later(tmp_path: Path) -> None:
    full = tmp_path / "store"
    with failing_disk(full, *ALWAYS), store(tmp_path).annotations(BACKEND, FINGERPRINT) as opened:
        with pytest.raises(StoreError) as caught:
            opened.add(batch(1, 2))
        assert f"what was paid for (2 annotations) is kept in {tmp_path / 'spare' / 'unstored'}" in caught.value.message
        assert "free some space" in str(caught.value.hint)
        with pytest.raises(StoreError, match=r"what was paid for \(1 refused text\) is kept in "):
            opened.quarantine(digest(3), "no-annotation: odd")
    assert answers(tmp_path, 1, 2, 3, 4) == [b"1\n", b"2\n", RefusedText("no-annotation: odd"), None]
    assert list((tmp_path / "spare").iterdir()) == []


def test_while_the_store_can_not_take_it_it_stays(tmp_path: Path) -> None:
    full = tmp_path / "store"
    with failing_disk(full, *ALWAYS):
        for number in range(2):
            with store(tmp_path).annotations(BACKEND, FINGERPRINT) as opened, pytest.raises(StoreError):
                opened.add(batch(number))
        with pytest.raises(StoreError):
            os.close(store(tmp_path).reserve(0, [(BACKEND, FINGERPRINT)]))
    os.close(store(tmp_path).reserve(0, [(BACKEND, FINGERPRINT)]))
    assert list((tmp_path / "spare").iterdir()) == []
    assert answers(tmp_path, 0, 1) == [b"0\n", b"1\n"]


def test_the_next_folder_is_tried(tmp_path: Path) -> None:
    (tmp_path / "spare").write_text("a file")
    refused(tmp_path / "store", tmp_path, 1, r"is kept in .*spare2")
    assert answers(tmp_path, 1) == [b"1\n"]


def test_what_nothing_takes_is_said_to_be_lost(tmp_path: Path) -> None:
    refused(tmp_path, tmp_path, 1, r"what was paid for \(1 annotation\) is lost: nothing else takes it")
    assert answers(tmp_path, 1) == [None]


def test_a_folder_in_which_others_can_write_is_not_used(tmp_path: Path) -> None:
    for name, bits in (("spare", 0o770), ("spare2", 0o707)):
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(bits)
    refused(tmp_path / "store", tmp_path, 1, "is lost")
    # nor is what somebody has put there taken in
    (tmp_path / "spare").chmod(0o700)
    refused(tmp_path / "store", tmp_path, 2)
    (tmp_path / "spare").chmod(0o777)
    assert answers(tmp_path, 2) == [None]


def test_what_a_repository_brought_is_not_taken_in(tmp_path: Path) -> None:
    """`.pioneer` may have come with the checkout; where this tool keeps something in it, nobody else can know."""
    with store(tmp_path, ".pioneer").annotations(BACKEND, FINGERPRINT) as opened:
        opened.add(batch(0))
    with (
        failing_disk(tmp_path / "store", *ALWAYS),
        store(tmp_path, ".pioneer").annotations(BACKEND, FINGERPRINT) as opened,
        pytest.raises(StoreError, match=r"is kept in .*\.pioneer"),
    ):
        opened.add(batch(1))
    (place,) = (path for path in (tmp_path / ".pioneer" / "unstored").iterdir() if path.is_dir())
    brought = tmp_path / "brought"
    (tmp_path / ".pioneer").rename(brought)
    (tmp_path / "store" / "format").rename(tmp_path / "format")  # the same store on another machine
    (tmp_path / "store" / "format").write_bytes((tmp_path / "format").read_bytes())
    brought.rename(tmp_path / ".pioneer")
    with store(tmp_path, ".pioneer").annotations(BACKEND, FINGERPRINT) as opened:
        assert list(opened.lookup(digest(0) + digest(1))) == [b"0\n", None]
    assert list((place / "annotations").rglob("*.log"))
    (tmp_path / "format").rename(tmp_path / "store" / "format")
    with store(tmp_path, ".pioneer").annotations(BACKEND, FINGERPRINT) as opened:
        assert list(opened.lookup(digest(0) + digest(1))) == [b"0\n", b"1\n"]


@pytest.mark.parametrize("linked", ["unstored", "STORE", "annotations", "SCOPE"])
def test_no_link_leads_from_a_spare_folder_into_the_store(tmp_path: Path, linked: str) -> None:
    """What is taken in is removed there: through a link, what the store has would be."""
    refused(tmp_path / "store", tmp_path, 1)
    (place,) = (path for path in (tmp_path / "spare" / "unstored").iterdir() if path.is_dir())
    (scope,) = (place / "annotations").iterdir()
    assert answers(tmp_path, 1) == [b"1\n"]
    link = {"unstored": place.parent, "STORE": place, "annotations": scope.parent, "SCOPE": scope}[linked]
    target = {"STORE": tmp_path / "store", "annotations": tmp_path / "store" / "annotations"}.get(
        linked, tmp_path / "store" / "annotations" / scope.name
    )
    if linked == "unstored":
        target = tmp_path / "elsewhere"
        target.mkdir()
        (target / place.name).symlink_to(tmp_path / "store")
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(target)
    assert answers(tmp_path, 1) == [b"1\n"]
    assert answers(tmp_path, 1) == [b"1\n"]
    refused(tmp_path / "store", tmp_path, 2, "is kept in .*spare2")


def test_a_link_that_git_would_ignore_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("mine")
    (tmp_path / "spare" / "unstored").mkdir(parents=True, mode=0o700)
    (tmp_path / "spare").chmod(0o700)
    (tmp_path / "spare" / "unstored" / ".gitignore").symlink_to(tmp_path / "theirs")
    refused(tmp_path / "store", tmp_path, 1)
    assert (tmp_path / "theirs").read_text() == "mine"


def test_another_store_and_another_scope_get_nothing_of_it(tmp_path: Path) -> None:
    refused(tmp_path / "store", tmp_path, 1)
    other = Store(tmp_path / "other", [tmp_path / "spare"])
    assert other.annotations(BACKEND, FINGERPRINT).count() == 0
    assert store(tmp_path).annotations(BACKEND, "fp1:b").count() == 0
    assert store(tmp_path).annotations(BACKEND, FINGERPRINT).count() == 1


def _keep(folder: Path, numbers: range) -> None:
    with failing_disk(folder / "store", *ALWAYS):
        for number in numbers:
            with store(folder).annotations(BACKEND, FINGERPRINT) as opened, suppress(StoreError):
                opened.add(batch(number))


def test_what_is_kept_while_another_process_takes_it_in_is_not_lost(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    ranges = [range(start, start + 40) for start in (0, 100)]
    writers = [context.Process(target=_keep, args=(tmp_path, numbers)) for numbers in ranges]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        store(tmp_path).annotations(BACKEND, FINGERPRINT).take_in()
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    assert None not in answers(tmp_path, *ranges[0], *ranges[1])


disks = st.tuples(st.sampled_from(DISK_ERRORS), st.integers(0, 40), st.integers(1, 60))


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(troubles=st.lists(st.tuples(disks, disks), min_size=1, max_size=4))
def test_whatever_fails_and_when_nothing_is_lost_that_is_not_said_to_be(
    tmp_path_factory: pytest.TempPathFactory, troubles: list[tuple[tuple[int, int, int], tuple[int, int, int]]]
) -> None:
    folder = tmp_path_factory.mktemp("world")
    with patch.object(os, "fsync", lambda _: None):  # nothing here loses power
        _tortured(folder, troubles)


def _tortured(folder: Path, troubles: list[tuple[tuple[int, int, int], tuple[int, int, int]]]) -> None:
    lost: set[int] = set()
    number = 0
    for first, second in troubles:
        with failing_disk(folder / "store", *first), failing_disk(folder / "spare", *second):
            try:
                with store(folder, "spare").annotations(BACKEND, FINGERPRINT) as opened:
                    for _ in range(3):
                        number += 1
                        try:
                            opened.add(batch(number))
                        except StoreError as error:
                            if "is lost" in error.message:
                                lost.add(number)
            except StoreError:  # it could not be closed, or not be read
                continue
    found = answers(folder, *range(1, number + 1))
    missing = {place for place, found_one in enumerate(found, 1) if found_one is None}
    assert missing <= lost

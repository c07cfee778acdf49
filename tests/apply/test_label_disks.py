"""Disks that fail while texts are labelled: each is paid for once, and nothing is sent after the first failure."""

from __future__ import annotations

import errno
import os
from contextlib import ExitStack
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pioneer_build.errors import StoreError
from pioneer_build.inputs import batching
from pioneer_build.store import Store
from tests.apply.labelling import Project, holds, result
from tests.apply.world import BACKEND
from tests.full_disk import DISK_ERRORS, failing_disk

if TYPE_CHECKING:
    from pathlib import Path

FOREVER = 1 << 30


def with_spare(folder: Path) -> Project:
    made = Project(folder)
    made.store = Store(folder / "store", [folder / "spare"])
    return made


def test_nothing_is_sent_after_the_first_write_that_fails(tmp_path: Path) -> None:
    project = with_spare(tmp_path)
    project.texts = tuple(f"text {number}" for number in range(30_000))
    with failing_disk(tmp_path / "store", errno.ENOSPC, 40, FOREVER):
        report = project.apply()
    assert isinstance(report.stopped, StoreError)
    stored = Store(tmp_path / "store").annotations(BACKEND, project.entry().fingerprint).count()
    assert 0 < stored < 20_000
    out = len(project.service.requests) - stored // 1000
    assert 0 <= out <= 8, "those that were out when it failed, and no more"
    assert "is kept in" in report.outcomes[0].message or not out
    assert result(project.apply()) == "done"
    assert set(project.service.answered.values()) == {1}
    assert project.entry().examples == 30_000


@pytest.mark.parametrize("unusable", ["all", "some"])
def test_texts_that_are_put_aside_are_not_paid_for_again(tmp_path: Path, unusable: str) -> None:
    project = with_spare(tmp_path)
    project.texts = tuple(f"text {number}" for number in range(40))
    assert result(project.apply()) == "done"
    project.texts += tuple(f"more {number}" for number in range(10))
    project.service.silent = lambda text: text.startswith("more") and (unusable == "all" or text.endswith("3"))
    with failing_disk(tmp_path / "store", errno.EROFS, 0, FOREVER, but="claims"):
        assert isinstance(project.apply().stopped, StoreError)
    project.service.silent = lambda text: False
    project.apply()
    assert set(project.service.answered.values()) == {1}
    assert project.entry().examples == (40 if unusable == "all" else 49)


def test_a_refused_text_that_can_not_be_put_aside_stops_the_run_at_once(tmp_path: Path) -> None:
    project = with_spare(tmp_path)
    project.texts = tuple(f"text {number}" for number in range(20_000))
    project.service.refuse = holds("text 1500")
    with failing_disk(tmp_path / "store" / "tmp", errno.EIO, 8, FOREVER):
        report = project.apply()
    assert isinstance(report.stopped, StoreError)
    project.service.refuse = lambda texts: False
    assert result(project.apply()) == "done"
    assert set(project.service.answered.values()) == {1}


disks = st.tuples(
    st.sampled_from(["store", "store", "project", "spare"]), st.sampled_from(DISK_ERRORS), st.integers(0, 80),
    st.one_of(st.integers(1, 20), st.just(FOREVER)),
)  # fmt: skip


def _run(folder: Path, troubles: list[list[tuple[str, int, int, int]]], silent: int) -> None:
    project = with_spare(folder)
    project.texts = tuple(f"text {number}" for number in range(60))
    project.service.silent = lambda text: int(text.split()[1]) % 7 == silent
    for trouble in troubles:
        spared = not any(place == "spare" for place, *_ in trouble)
        before = sum(project.service.answered.values())
        try:
            with disks_of(folder, trouble):
                project.apply()
        except StoreError:  # it can't be read: nothing was planned
            assert sum(project.service.answered.values()) == before
        if spared:
            assert max(project.service.answered.values(), default=1) == 1
        else:  # what neither disk takes is lost
            return
    project.apply()
    assert set(project.service.answered.values()) == {1}
    assert project.apply().outcomes == ()
    assert project.entry().labelling.annotated + project.entry().labelling.quarantined == 60


def disks_of(folder: Path, trouble: list[tuple[str, int, int, int]]) -> ExitStack:
    stack = ExitStack()
    for place, *how in trouble:
        stack.enter_context(failing_disk(folder / place, *how))
    return stack


plans = st.lists(st.lists(disks, max_size=2), min_size=1, max_size=4)


def _torture(factory: pytest.TempPathFactory, examples: int) -> None:
    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(troubles=plans, silent=st.integers(0, 9))
    def tortured(troubles: list[list[tuple[str, int, int, int]]], silent: int) -> None:
        _run(factory.mktemp("world"), troubles, silent)

    # batches of ten texts, and nothing here loses power
    with patch.object(os, "fsync", lambda _: None), patch.object(batching, "TEXTS_PER_REQUEST", 10):
        tortured()


def test_each_text_is_paid_for_once_whatever_fails(tmp_path_factory: pytest.TempPathFactory) -> None:
    _torture(tmp_path_factory, 40)


@pytest.mark.long
def test_each_text_is_paid_for_once_whatever_fails_long(tmp_path_factory: pytest.TempPathFactory) -> None:
    _torture(tmp_path_factory, 1_000)

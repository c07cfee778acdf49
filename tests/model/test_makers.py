"""Rows and labels for callers on threads: one loop, ends that lose nothing, and nothing left behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from pioneer_build.model.generating import RowsWanted
from pioneer_build.model.makers import ModelMakers
from pioneer_build.model.troubles import NoUse, Stopped
from pioneer_build.model.values import Limits
from tests.fakes.chat_server import ChatServer, reply
from tests.model.asked import CLASSES, DECODER, Keeper, endpoint

LIMITS = Limits(in_flight=8, patience=1, seconds=5)
START = Callable[..., ModelMakers]


@pytest.fixture
def start() -> Iterator[START]:
    started: list[ModelMakers] = []

    def begin(server: ChatServer, judge: ChatServer | None = None) -> ModelMakers:
        other = endpoint(judge.url, name="judge") if judge is not None else None
        started.append(ModelMakers(endpoint(server.url), other, LIMITS))
        return started[-1]

    yield begin
    for one in started:
        one.close()


def test_several_threads_share_one_loop(start: START) -> None:
    with ChatServer(latency=0.01) as server:
        before = threading.active_count()
        makers = start(server)
        made: list[int] = []

        def work(seed: int) -> None:
            rows, _ = makers.make(RowsWanted(DECODER, "d", 20, seed), Keeper(), lambda _: None)
            made.append(len(rows))

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert made == [20] * 4
        assert 4 < server.most_at_a_time <= 8
        makers.close()
        assert threading.active_count() == before


def test_labels_and_what_they_used(start: START) -> None:
    with ChatServer() as server:
        items, usage = start(server).label(CLASSES, ["a refund", "billing"], Keeper())
        assert (items, usage) == ([{"label": "refund"}, {"label": "billing"}], (100, 10, 1))


def test_a_judge_looks_at_the_rows(start: START) -> None:
    with ChatServer() as server, ChatServer() as judge:
        rows, summary = start(server, judge).make(RowsWanted(CLASSES, "d", 6, 0), Keeper(), lambda _: None)
        assert (len(rows), summary) == (6, None)
        assert not any(call.texts for call in server.calls)
        assert [call.body["model"] for call in judge.calls] == ["judge"]


def test_an_error_of_the_caller_ends_the_calls(start: START) -> None:
    class Enough(Exception): ...

    def enough(_: int) -> None:
        raise Enough

    with ChatServer(latency=1) as server:
        makers = start(server)
        with pytest.raises(Enough):
            makers.make(RowsWanted(DECODER, "d", 500, 0), Keeper(), enough)
        time.sleep(0.3)
        assert len(server.calls) <= 8


def test_stop_ends_what_runs_and_refuses_the_rest(start: START) -> None:
    with ChatServer(latency=5) as server:
        makers = start(server)
        threading.Timer(0.3, makers.stop).start()
        began = time.monotonic()
        with pytest.raises(Stopped):
            makers.make(RowsWanted(DECODER, "d", 10, 0), Keeper(), lambda _: None)
        assert time.monotonic() - began < 3
        with pytest.raises(Stopped):
            makers.label(CLASSES, ["a"], Keeper())


def test_trouble_is_remembered_for_a_while(start: START, monkeypatch: pytest.MonkeyPatch) -> None:
    with ChatServer(lambda _: reply(401, message="wrong key")) as server:
        makers = start(server)
        assert makers.trouble() is None
        with pytest.raises(NoUse):
            makers.label(CLASSES, ["a"], Keeper())
        trouble = makers.trouble()
        assert trouble is not None
        assert "wrong key" in trouble.message
        monkeypatch.setattr("pioneer_build.model.makers._TROUBLE", -1.0)
        assert makers.trouble() is None


def test_closing_what_never_ran(start: START) -> None:
    with ChatServer() as server:
        start(server)

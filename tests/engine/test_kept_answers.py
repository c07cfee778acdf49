"""Answers that were paid for: durable before they count, and how long they are kept."""

from __future__ import annotations

import sqlite3
import threading
from typing import TYPE_CHECKING

import pytest

from pioneer_build.answers.keeping import KeptAnswer, ModelUsage
from pioneer_build.engine.kept_answers import KeptAnswers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future
    from pathlib import Path

ONE, TWO = KeptAnswer("one", ModelUsage(7, 2, 1)), KeptAnswer("two", ModelUsage(5, 1, 1))


@pytest.fixture
def answers(tmp_path: Path) -> Iterator[KeptAnswers]:
    opened = KeptAnswers(tmp_path)
    yield opened
    opened.close()


def test_answers_of_a_job_are_there_for_the_next_process(answers: KeptAnswers, tmp_path: Path) -> None:
    answers.of_job("j").keep({"0.0": ONE, "1.0": TWO}).result(10)
    other = KeptAnswers(tmp_path)  # as after kill -9: the first one was not closed
    assert other.of_job("j").kept(["1.0", "0.0", "2.0"]) == {"0.0": ONE, "1.0": TWO}
    assert other.of_job("k").kept(["0.0"]) == {}
    assert (other.usage("j"), other.usage("k")) == (ModelUsage(12, 3, 2), ModelUsage())
    other.close()


def test_many_at_a_time_are_written_together_and_each_is_durable(answers: KeptAnswers, tmp_path: Path) -> None:
    waiting = [answers.of_job("j").keep({str(n): ONE}) for n in range(2000)]
    for future in waiting:
        future.result(30)
    with sqlite3.connect(tmp_path / "answers.sqlite3") as database:
        assert database.execute("SELECT count(*) FROM answers").fetchall() == [(2000,)]
    assert len(answers.of_job("j").kept([str(n) for n in range(2000)])) == 2000


def test_texts_are_kept_until_their_response_was_sent_by_a_process_that_ended_well(tmp_path: Path) -> None:
    killed = KeptAnswers(tmp_path)
    request = killed.of_texts()
    request.keep({"a": ONE, "b": TWO}).result(10)
    request.sent()  # and then the process dies: whether the response was stored is not known
    second = KeptAnswers(tmp_path)
    again = second.of_texts()
    assert again.kept(["a", "c"]) == {"a": ONE}
    again.sent()
    second.close()
    third = KeptAnswers(tmp_path)
    assert third.of_texts().kept(["a", "b"]) == {"b": TWO}
    third.close()


def test_what_was_not_sent_stays(tmp_path: Path) -> None:
    first = KeptAnswers(tmp_path)
    first.of_texts().keep({"a": ONE}).result(10)
    first.close()
    second = KeptAnswers(tmp_path)
    assert second.of_texts().kept(["a"]) == {"a": ONE}
    second.close()


def test_an_answer_that_cannot_be_kept_is_said_and_nothing_more_is_paid_for(
    answers: KeptAnswers, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        def execute(self, *_: object) -> None:
            raise sqlite3.OperationalError("database or disk is full")

        def close(self) -> None: ...

    good = answers._connection
    monkeypatch.setattr(answers, "_connection", Full())
    with pytest.raises(OSError, match="answers can't be kept: database or disk is full"):
        answers.of_job("j").keep({"0": ONE}).result(10)
    assert answers.failed is not None
    monkeypatch.setattr(answers, "_connection", good)
    assert answers.of_job("j").kept(["0"]) == {}


def test_what_a_job_says_of_refused_rows(answers: KeptAnswers) -> None:
    assert answers.shortfall("j") is None
    answers.put_shortfall("j", "requested 5, produced 4")
    assert answers.shortfall("j") == "requested 5, produced 4"


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    opened = KeptAnswers(tmp_path)
    opened.of_job("j").keep({"0": ONE})
    opened.close()
    assert set(threading.enumerate()) == before
    again = KeptAnswers(tmp_path)
    assert again.of_job("j").kept(["0"]) == {"0": ONE}  # what waited was written first
    again.close()


def test_an_answer_is_kept_even_if_nobody_waits_any_more(answers: KeptAnswers) -> None:
    future = answers.of_job("j").keep({"0": ONE})
    assert not future.cancel()
    future.result(10)
    answers.of_job("j").keep({"1": TWO}).result(10)
    assert set(answers.of_job("j").kept(["0", "1"])) == {"0", "1"}


def test_numbers_that_an_older_version_kept_as_a_server_said_them_do_not_break_sums(answers: KeptAnswers) -> None:
    huge = KeptAnswer("x", ModelUsage(2**62, 2**62, 1))
    answers.of_job("j").keep({str(n): huge for n in range(4)}).result(10)
    assert answers.usage("j") == ModelUsage(4 << 40, 4 << 40, 4)
    assert answers.of_job("j").kept(["0"])["0"].usage == ModelUsage(1 << 40, 1 << 40, 1)


@pytest.mark.parametrize("answer", [KeptAnswer("x", ModelUsage(2**63, 0, 1)), KeptAnswer("\udcff", ModelUsage())])
def test_an_answer_that_can_not_be_stored_is_said_instead_of_waited_for(
    answers: KeptAnswers, answer: KeptAnswer
) -> None:
    with pytest.raises(OSError, match="answers can't be kept"):
        answers.of_job("j").keep({"0": answer}).result(10)


def test_who_hands_answers_over_does_not_wait_for_the_disk(answers: KeptAnswers) -> None:
    answers.of_job("j").keep({"0.0": ONE}).result(10)
    waiting: list[Future[None]] = []
    thread = threading.Thread(target=lambda: waiting.append(answers.of_job("j").keep({"1.0": TWO})), daemon=True)
    with answers._lock:  # as while a transaction is written
        thread.start()
        thread.join(10)
        assert len(waiting) == 1
        assert not waiting[0].done()
    waiting[0].result(10)

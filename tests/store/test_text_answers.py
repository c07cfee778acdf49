"""Answers about texts: used once, kept after a kill, and bounded."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING

from pioneer_build.answers.keeping import KeptAnswer, ModelUsage
from pioneer_build.store import Store
from pioneer_build.store.model_answers import ModelAnswers

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

ONE, TWO = KeptAnswer("one", ModelUsage(7, 2, 1)), KeptAnswer("two", ModelUsage(5, 1, 1))


def opened(folder: Path) -> ModelAnswers:
    return ModelAnswers(Store(folder / "store"), "model/m")


def die(answers: ModelAnswers) -> None:
    """What the end of a process does: its files are closed, and nothing else happens."""
    process = answers._texts._process
    assert process is not None
    os.close(process._file)


def test_texts_are_kept_until_their_response_was_sent_by_a_process_that_ended_well(tmp_path: Path) -> None:
    killed = opened(tmp_path)
    request = killed.of_texts()
    request.keep({"a": ONE, "b": TWO}).result(10)
    request.sent()
    die(killed)  # whether the response was stored is not known
    second = opened(tmp_path)
    again = second.of_texts()
    assert again.kept(["a", "c"]) == {"a": ONE}
    again.sent()
    second.close()
    third = opened(tmp_path)
    last = third.of_texts()
    assert last.kept(["a", "b"]) == {"b": TWO}
    last.sent()
    third.close()
    assert not list(tmp_path.glob("store/answers/*/texts/[0-9a-f]*"))


def test_what_was_not_sent_stays_and_is_found_in_this_process_too(tmp_path: Path) -> None:
    first = opened(tmp_path)
    sent = first.of_texts()
    sent.keep({"x": TWO}).result(10)
    sent.sent()
    first.of_texts().keep({"a": ONE}).result(10)
    assert first.of_texts().kept(["a", "x"]) == {"a": ONE}
    first.close()
    with closing(opened(tmp_path)) as second:
        assert second.of_texts().kept(["a", "x"]) == {"a": ONE}


def test_texts_of_a_process_that_lives_are_its_own(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as first, closing(opened(tmp_path)) as second:
        first.of_texts().keep({"a": ONE}).result(10)
        assert second.of_texts().kept(["a"]) == {}


def test_parts_whose_responses_were_sent_are_removed_while_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pioneer_build.store.text_answers._PART", 10)
    with closing(opened(tmp_path)) as answers:
        unsent = answers.of_texts()
        unsent.keep({"unsent": TWO}).result(10)
        for n in range(100):
            request = answers.of_texts()
            request.keep({str(n): ONE}).result(10)
            request.sent()
        assert len(list(tmp_path.glob("store/answers/*/texts/[0-9a-f]*/[0-9]*"))) == 3
        assert answers.of_texts().kept(["unsent", "5"]) == {"unsent": TWO}

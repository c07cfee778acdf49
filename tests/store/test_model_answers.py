"""What a model was paid for: durable before it counts, resumed by anybody, and removed when it has ended."""

from __future__ import annotations

import stat
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from pioneer_build.answers.keeping import KeptAnswer, ModelUsage
from pioneer_build.answers.paid_answers import AcceptedJob
from pioneer_build.errors import StoreError
from pioneer_build.store import Needed, Store
from pioneer_build.store.answer_files import AnswerFiles
from pioneer_build.store.model_answers import ModelAnswers

if TYPE_CHECKING:
    from pathlib import Path

ONE, TWO = KeptAnswer("one", ModelUsage(7, 2, 1)), KeptAnswer("two", ModelUsage(5, 1, 1))
ID, OTHER = "job_0123456789abcdef", "job_fedcba9876543210"
JOB = AcceptedJob(ID, "d", 2, "ner", '{"labels": ["x"]}', 7)


def opened(folder: Path, backend: str = "model/m") -> ModelAnswers:
    return ModelAnswers(Store(folder / "store"), backend)


def test_a_job_and_its_answers_are_there_for_the_next_process(tmp_path: Path) -> None:
    killed = opened(tmp_path)
    killed.accept(JOB)
    killed.of_job(ID).keep({"0.0": ONE, "1.0": TWO}).result(10)
    with closing(opened(tmp_path)) as other:
        assert other.accepted(ID) == JOB
        assert other.of_job(ID).kept(["1.0", "0.0", "2.0"]) == {"0.0": ONE, "1.0": TWO}
        assert other.of_job(OTHER).kept(["0.0"]) == {}
        assert (other.usage(ID), other.usage(OTHER)) == (ModelUsage(12, 3, 2), ModelUsage())
    with closing(opened(tmp_path, "model/n")) as another_model:
        assert another_model.accepted(ID) is None
        assert another_model.of_job(ID).kept(["0.0"]) == {}
    killed.close()


def test_many_at_a_time_are_written_together_and_each_is_durable(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as answers:
        answers.accept(JOB)
        waiting = [answers.of_job(ID).keep({str(n): ONE}) for n in range(2000)]
        for future in waiting:
            future.result(30)
        assert len(opened(tmp_path).of_job(ID).kept([str(n) for n in range(2000)])) == 2000


def test_one_process_at_a_time_goes_on_with_a_job(tmp_path: Path) -> None:
    one, two = opened(tmp_path), opened(tmp_path)
    assert one.hold(ID) == "ended"  # nobody accepted it
    one.accept(JOB)
    assert (one.hold(ID), one.hold(ID), two.hold(ID)) == ("ours", "ours", "taken")
    one.close()
    assert two.hold(ID) == "ours"
    two.close()


def test_a_job_that_ended_is_removed_and_nobody_begins_it_again(tmp_path: Path) -> None:
    one, two = opened(tmp_path), opened(tmp_path)
    one.accept(JOB)
    assert one.hold(ID) == "ours"
    two.remove_ended([ID, OTHER])
    assert two.jobs() == [ID], "another process resumes it"
    one.remove_ended([OTHER])
    assert one.jobs() == [ID]
    one.remove_ended([ID])
    assert one.jobs() == []
    assert (two.hold(ID), two.accepted(ID)) == ("ended", None)
    one.close()
    two.close()
    assert not list((tmp_path / "store" / "tmp").iterdir())


def test_the_rows_before_a_job_are_those_of_its_beginning(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as one, closing(opened(tmp_path)) as two:
        one.accept(JOB)
        assert one.earlier(ID, lambda: [{"text": "ä"}, {"text": "\udcff"}]) == [{"text": "ä"}, {"text": "\udcff"}]
        assert two.earlier(ID, list) == [{"text": "ä"}, {"text": "\udcff"}]


@pytest.mark.parametrize("name", ["../../secret", "job_1", "job_0123456789ABCDEF", f"{ID}/..", ""])
def test_an_id_names_no_other_folder(tmp_path: Path, name: str) -> None:
    with closing(opened(tmp_path)) as answers:
        assert answers.accepted(name) is None
        assert answers.hold(name) == "ended"
        with pytest.raises(StoreError, match="not the id of a job"):
            answers.of_job(name)


@pytest.mark.parametrize("text", ["[1]\n", "{\n", "null\n", "\xff", "[" * 100_000])
def test_rows_before_a_job_that_are_none_are_kept_anew(tmp_path: Path, text: str) -> None:
    with closing(opened(tmp_path)) as answers:
        answers.accept(JOB)
        answers.earlier(ID, lambda: [{"text": "ä"}])
        (path,) = tmp_path.glob("store/answers/*/jobs/*/earlier.jsonl")
        path.write_bytes(text.encode("latin-1"))
        assert answers.earlier(ID, lambda: [{"text": "b"}]) == [{"text": "b"}]
        assert answers.earlier(ID, list) == [{"text": "b"}]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"job_id": 1}', "\xff", "[" * 100_000])
def test_what_is_no_job_is_none(tmp_path: Path, text: str) -> None:
    with closing(opened(tmp_path)) as answers:
        answers.accept(JOB)
        (path,) = tmp_path.glob("store/answers/*/jobs/*/job.json")
        whole = path.read_text()
        path.write_bytes(text.encode("latin-1"))
        assert answers.accepted(ID) is None
        path.write_text(whole.replace(ID, OTHER))
        assert answers.accepted(ID) is None
        path.write_text(whole.replace('"version": 2', f'"version": {1 << 63}'))
        assert answers.accepted(ID) is None
        path.write_text(whole.replace('"seed": 7', '"seed": "7"'))
        assert answers.accepted(ID) is None


def test_an_answer_that_cannot_be_kept_is_said_and_nothing_more_is_paid_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StoreError("the disk is full")

    with closing(opened(tmp_path)) as answers:
        answers.accept(JOB)
        with monkeypatch.context() as patch:
            patch.setattr(AnswerFiles, "add", full)
            with pytest.raises(OSError, match="answers can't be kept: the disk is full"):
                answers.of_job(ID).keep({"0": ONE}).result(10)
        assert answers.failed is not None
        with pytest.raises(OSError, match="the disk is full"):
            answers.of_job(ID).keep({"1": ONE}).result(10)
        assert answers.of_job(ID).kept(["0", "1"]) == {}


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    answers = opened(tmp_path)
    answers.accept(JOB)
    answers.of_job(ID).keep({"0": ONE})
    answers.close()
    assert set(threading.enumerate()) == before
    assert opened(tmp_path).of_job(ID).kept(["0"]) == {"0": ONE}  # what waited was written first
    closed = opened(tmp_path / "none")
    closed.close()
    assert not (tmp_path / "none").exists()


def test_an_answer_is_kept_even_if_nobody_waits_any_more(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as answers:
        answers.accept(JOB)
        future = answers.of_job(ID).keep({"0": ONE})
        assert not future.cancel()
        future.result(10)
        assert set(answers.of_job(ID).kept(["0"])) == {"0"}


def test_everything_is_private_and_a_link_is_not_followed(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as answers:
        answers.accept(JOB)
        assert answers.hold(ID) == "ours"
        answers.earlier(ID, lambda: [{"text": "x"}])
        answers.of_job(ID).keep({"0": ONE}).result(10)
        answers.of_texts().keep({"a": ONE}).result(10)
        for path in tmp_path.joinpath("store").rglob("*"):
            assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    (tmp_path / "other").mkdir()
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "store").mkdir()
    (tmp_path / "linked" / "store" / "answers").symlink_to(tmp_path / "other")
    with closing(opened(tmp_path / "linked")) as answers, pytest.raises(StoreError, match="symbolic link"):
        answers.accept(JOB)
    assert not list((tmp_path / "other").iterdir())


def test_gc_keeps_what_is_open_and_removes_the_rest(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    with closing(ModelAnswers(store, "model/m")) as answers:
        for job in (JOB, AcceptedJob(OTHER, "d", 3, "ner", "{}", 0)):
            answers.accept(job)
            answers.of_job(job.job_id).keep({"0": ONE, "1": TWO}).result(10)
        answers.of_texts().keep({"a": ONE}).result(10)
    plan = store.gc(Needed(jobs=lambda backend: {ID} if backend == "model/m" else {OTHER}, backends={"model/m"}))
    assert [(removal.kind, removal.name, removal.records) for removal in plan.removals] == [
        ("answers", f"model/m {OTHER}", 2)
    ]
    store.remove(plan)
    with closing(ModelAnswers(store, "model/m")) as answers:
        assert answers.jobs() == [ID]
        assert answers.of_texts().kept(["a"]) == {"a": ONE}
    rest = store.gc(Needed(backends={"local"}))
    assert rest.records("answers") == 3
    store.remove(rest)
    assert store.gc(Needed()).removals == ()

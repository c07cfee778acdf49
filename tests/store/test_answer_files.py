"""Files of answers: torn ends, other writers, and what is read again."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from pioneer_build.answers.keeping import KeptAnswer, ModelUsage
from pioneer_build.store.answer_files import AnswerFiles, answer_digest
from pioneer_build.store.disk import Modes
from pioneer_build.store.segments import segment_files

if TYPE_CHECKING:
    from pathlib import Path

ONE, TWO = KeptAnswer("one", ModelUsage(7, 2, 1)), KeptAnswer("zwei \udcff", ModelUsage(5, 1, 1))


def files(folder: Path, scope: bytes = b"s") -> AnswerFiles:
    return AnswerFiles(folder, scope, Modes())


def test_what_is_added_is_found_by_others_at_once(tmp_path: Path) -> None:
    ours, theirs = files(tmp_path / "a"), files(tmp_path / "a")
    assert theirs.found(["x"]) == {}
    ours.add({"x": ONE, "y": TWO})
    assert theirs.found(["y", "x", "z"]) == {"x": ONE, "y": TWO}
    theirs.add({"z": ONE})
    ours.close()  # the file gets another name
    ours.add({"w": TWO})
    for each in (ours, theirs, files(tmp_path / "a")):
        assert each.found(["w", "x", "y", "z"]) == {"w": TWO, "x": ONE, "y": TWO, "z": ONE}
        assert each.usage() == ModelUsage(24, 6, 4)
    theirs.close()
    ours.close()


def test_the_older_of_two_answers_counts(tmp_path: Path) -> None:
    ours = files(tmp_path)
    ours.add({"x": ONE})
    ours.add({"x": TWO})
    ours.close()
    assert ours.found(["x"]) == {"x": ONE}
    assert files(tmp_path).usage() == ONE.usage


def test_the_file_is_cut_at_every_byte(tmp_path: Path) -> None:
    ours = files(tmp_path / "whole")
    ours.add({"x": ONE})
    (path,) = segment_files(tmp_path / "whole").values()
    first = path.stat().st_size
    ours.add({"y": TWO})
    ours.close()
    data = next(iter(segment_files(tmp_path / "whole").values())).read_bytes()
    for size in range(len(data) + 1):
        folder = tmp_path / str(size)
        folder.mkdir()
        (folder / "a.open").write_bytes(data[:size])
        cut = files(folder)
        whole = ["x"] * (size >= first) + ["y"] * (size == len(data))
        assert sorted(cut.found(["x", "y"])) == whole
        cut.add({"y": TWO})  # goes to a file of its own: nothing follows the torn end
        cut.close()
        assert sorted(files(folder).found(["x", "y"])) == sorted({*whole, "y"})


def test_files_of_another_job_and_flipped_bytes_do_not_count(tmp_path: Path) -> None:
    ours = files(tmp_path)
    ours.add({"x": ONE})
    ours.close()
    assert files(tmp_path, b"other").found(["x"]) == {}
    (path,) = segment_files(tmp_path).values()
    data = path.read_bytes()
    for at in range(len(data)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        assert files(tmp_path).found(["x"]) == {}


def test_only_what_is_new_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand answers, one by one, while another process looks after each: no answer is read twice."""
    ours, theirs, read = files(tmp_path), files(tmp_path), []
    take = AnswerFiles._take

    def counted(self: AnswerFiles, stem: str, file: object, frame: object) -> None:
        read.append(frame)
        take(self, stem, file, frame)  # type: ignore[arg-type]

    monkeypatch.setattr(AnswerFiles, "_take", counted)
    for n in range(200):
        ours.add({str(n): ONE})
        assert len(ours.digests()) == n + 1
        assert len(theirs.digests()) == n + 1
    assert len(read) == 200
    assert len(segment_files(tmp_path)) == 1
    ours.close()


def test_numbers_and_texts_are_kept_whatever_a_server_says(tmp_path: Path) -> None:
    odd = KeptAnswer("\udcff\0 text", ModelUsage(2**70, -3, 1))
    ours = files(tmp_path)
    ours.add({"\udc80": odd})
    assert ours.found(["\udc80"]) == {"\udc80": KeptAnswer(odd.text, ModelUsage(1 << 40, 0, 1))}
    ours.close()


def test_what_is_no_answer_is_not_found(tmp_path: Path) -> None:
    ours = files(tmp_path)
    used = bytes(24)
    ours.add_again([(answer_digest("bytes"), used + b"\xff\xfe"), (answer_digest("empty"), used)])
    ours.add({"x": ONE})
    ours.close()
    assert files(tmp_path).found(["bytes", "empty", "x"]) == {"empty": KeptAnswer("", ModelUsage()), "x": ONE}


def test_files_are_private(tmp_path: Path) -> None:
    ours = files(tmp_path / "a")
    ours.add({"x": ONE})
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "a").iterdir()} == {0o600}
    ours.close()


def test_dropped_answers_are_found_no_more_and_some_can_be_copied(tmp_path: Path) -> None:
    ours, copy = files(tmp_path / "a"), files(tmp_path / "b")
    ours.add({"x": ONE, "y": TWO})
    assert ours.drop([answer_digest("x"), answer_digest("none")])
    assert not ours.drop([answer_digest("x")])
    assert ours.found(["x", "y"]) == {"y": TWO}
    copy.add_again(ours.some(ours.digests()))
    assert copy.found(["x", "y"]) == {"y": TWO}
    assert files(tmp_path / "a").found(["x"]) == {"x": ONE}
    for each in (ours, copy):
        each.close()

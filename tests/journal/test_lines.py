"""One line of the journal: its published bytes, and what is not a line."""

from __future__ import annotations

import json
from zlib import crc32

import pytest

from pioneer_build.journal.lines import VERSION, JournalLine, decode_line, encode_line, is_torn, is_whole_line
from pioneer_build.lock.model import Tokens


def test_the_bytes_of_a_line_are_those_of_the_published_format() -> None:
    text = b'{"v":2,"seq":7,"event":"record","token":"t","fields":{"state":"open","job_id":"j-\\u00e9"}}'
    line = JournalLine(VERSION, 7, "record", "t", {"state": "open", "job_id": "j-é"})
    assert encode_line(line) == text + b"\t%08x\n" % crc32(text)


def test_a_line_is_read_as_it_was_written() -> None:
    line = JournalLine(
        VERSION, 1, "begin", "t", {"known": ("1", "2"), "definition": {"labels": ["a\tb\n"]}, "got": None}
    )
    data = encode_line(line)
    assert data.count(b"\n") == 1
    assert is_whole_line(data[:-1])
    assert decode_line(data[:-1]) == line


def test_what_was_added_later_is_beside_the_fields() -> None:
    """An earlier program passes over it; among the fields it would be damage."""
    fields = {"state": "ready", "project": "p", "folder": "/f", "deleted": True}
    data = encode_line(JournalLine(VERSION, 7, "record", "t", fields))
    assert is_whole_line(data[:-1])
    assert decode_line(data[:-1]) == JournalLine(VERSION, 7, "record", "t", fields)
    value = json.loads(data.partition(b"\t")[0])
    assert (value["fields"], value["more"]) == ({"state": "ready"}, {"project": "p", "folder": "/f", "deleted": True})
    plain = JournalLine(VERSION, 7, "begin", "t", {"asked": 1, "project": "", "folder": "", "deleted": False})
    assert b"more" not in encode_line(plain)
    head = JournalLine(VERSION, 1, "head", "t", {"folder": "/journal"})
    assert decode_line(encode_line(head)[:-1]) == head


def test_tokens_of_a_language_model_are_beside_the_fields() -> None:
    line = JournalLine(VERSION, 7, "record", "t", {"state": "ready", "tokens": Tokens(12, 3)})
    data = encode_line(line)
    assert json.loads(data.partition(b"\t")[0])["more"] == {"tokens": {"input": 12, "output": 3}}
    assert decode_line(data[:-1]) == line
    assert b"more" not in encode_line(JournalLine(VERSION, 7, "begin", "t", {"asked": 1, "tokens": None}))
    rewritten = JournalLine(VERSION, 7, "begin", "t", {"asked": 1, "tokens": {"input": 12, "output": 3}})
    assert decode_line(encode_line(rewritten)[:-1]).fields["tokens"] == Tokens(12, 3)


@pytest.mark.parametrize(
    "tokens", [{}, {"input": 1}, {"input": -1, "output": 1}, {"input": "1", "output": 1}, [], None], ids=str
)
def test_odd_tokens_are_passed_over(tokens: object) -> None:
    value = {"v": VERSION, "seq": 1, "event": "begin", "token": "t", "fields": {"asked": 1}, "more": {"tokens": tokens}}
    assert decode_line(json.dumps(value).encode() + b"\t0") == JournalLine(VERSION, 1, "begin", "t", {"asked": 1})
    inside = {**value, "fields": {"asked": 1, "tokens": tokens}, "more": {}}
    assert decode_line(json.dumps(inside).encode() + b"\t0") == JournalLine(VERSION, 1, "begin", "t", {"asked": 1})


@pytest.mark.parametrize("more", [{"later": 1}, {"project": 5}, {"deleted": "no"}, ["deleted"], None], ids=str)
def test_what_a_later_program_adds_is_passed_over(more: object) -> None:
    text = json.dumps({"v": VERSION, "seq": 1, "event": "begin", "token": "t", "fields": {"asked": 1}, "more": more})
    assert decode_line(text.encode() + b"\t0") == JournalLine(VERSION, 1, "begin", "t", {"asked": 1})


def test_a_line_that_lost_a_byte_anywhere_is_not_whole() -> None:
    data = encode_line(JournalLine(VERSION, 1, "begin", "t", {"asked": 10}))[:-1]
    for place in range(len(data)):
        assert not is_whole_line(data[:place])
        assert not is_whole_line(data[:place] + data[place + 1 :])
    assert not is_whole_line(b"")


@pytest.mark.parametrize(
    "text",
    [b"[]", b"7", b'"v"', b"{", b"{}", b'{"v":1,"seq":1,"event":"begin","token":"t"}',
     b'{"v":1,"seq":1,"event":"begin","token":"t","fields":7}', b'{"v":"1","seq":1,"event":"begin","token":"t"}'],
)  # fmt: skip
def test_whole_lines_that_say_something_else_are_refused(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json's own message, or ours
        decode_line(text + b"\t%08x" % crc32(text))


def test_of_a_newer_version_no_more_than_the_version_is_understood() -> None:
    text = b'{"v":3,"seq":1,"event":"merged","token":"t","fields":7}'
    line = decode_line(text + b"\t%08x" % crc32(text))
    assert (line.version, line.fields) == (3, {})


@pytest.mark.parametrize(
    "change", [{"seq": {}}, {"v": "1"}, {"v": None}, {"token": []}, {"event": 7}, {"seq": -1}, {"fields": {"got": []}}]
)
def test_a_line_whose_parts_have_other_types(change: dict[str, object]) -> None:
    value = {"v": 1, "seq": 1, "event": "begin", "token": "t", "fields": {}, **change}
    with pytest.raises(ValueError, match="not a line of the journal"):
        decode_line(json.dumps(value).encode() + b"\t00000000")


@pytest.mark.parametrize("fields", [r'{"remote_name":"\ud800"}', r'{"definition":{"labels":["\uDFFF"]}}'])
def test_half_a_surrogate_is_no_text_of_a_line(fields: str) -> None:
    """It can't be sent or written: no command that meets it later would know what to say."""
    text = b'{"v":2,"seq":2,"event":"begin","token":"t","fields":%s}' % fields.encode()
    with pytest.raises(ValueError, match="surrogate"):
        decode_line(text + b"\t%08x" % crc32(text))
    whole = encode_line(JournalLine(VERSION, 2, "begin", "t", {"remote_name": "\N{GRINNING FACE}"}))
    assert decode_line(whole[:-1]).fields["remote_name"] == "\N{GRINNING FACE}"


def test_what_a_crash_leaves_of_a_line() -> None:
    data = encode_line(JournalLine(VERSION, 7, "begin", "t", {"asked": 10, "definition": {"labels": ["é\t"]}}))[:-1]
    for place in range(len(data)):
        torn = data[:place]
        assert is_torn(torn, 7)
        assert not torn or not is_torn(torn + b"\0", 7)
        assert place < 15 or not is_torn(torn, 8)
    assert not is_torn(b"\0" * 100, 7)
    assert is_torn(b'{"v":1,"seq":7,"event":"begin","tok', 7)
    assert not is_torn(b'{"v":0', 7)

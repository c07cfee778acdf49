"""What a log is made of: its lines, what a crash leaves, and what is damage."""

from __future__ import annotations

import json
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pioneer_build.journal.damage import Damage, Scanner
from pioneer_build.journal.lines import JournalLine, encode_line

GOLDEN = Path(__file__).parents[1] / "golden"


def line(number: int, event: str = "record", token: str = "t", version: int = 2, **fields: object) -> bytes:
    return encode_line(JournalLine(version, number, event, token, fields))


def log(*, version: int = 2, first: int = 1) -> list[bytes]:
    head = [line(first, "head", "h", folder="/f")] if version == 2 else []
    start = first + len(head)
    return [*head, line(start, "begin", version=version), *(line(start + one, version=version) for one in (1, 2))]


def scanned(*lines: bytes) -> Scanner:
    scanner = Scanner()
    scanner.feed(b"".join(lines))
    return scanner


@pytest.mark.parametrize("version", [1, 2])
def test_a_whole_log(version: int) -> None:
    scanner = scanned(*log(version=version))
    assert scanner.damage is None
    assert (scanner.count, scanner.number) == ((3, 3) if version == 1 else (4, 4))
    assert (scanner.head is not None, scanner.folder) == ((False, None) if version == 1 else (True, "/f"))
    assert scanner.offset == len(b"".join(log(version=version)))


@pytest.mark.parametrize("name", ["journal-1.jsonl", "journal-2.jsonl"])
def test_the_golden_logs_are_whole(name: str) -> None:
    scanner = scanned((GOLDEN / name).read_bytes())
    assert scanner.damage is None
    assert (scanner.head is not None) == (name == "journal-2.jsonl")


@settings(deadline=None)
@given(st.data())
def test_any_flipped_bit_of_a_whole_log_is_damage(data: st.DataObject) -> None:
    version = data.draw(st.sampled_from([1, 2]))
    whole = b"".join(log(version=version, first=data.draw(st.sampled_from([1, 900])) if version == 2 else 1))
    place = data.draw(st.integers(0, len(whole) - 1))
    changed = whole[:place] + bytes([whole[place] ^ data.draw(st.integers(1, 255))]) + whole[place + 1 :]
    damage = scanned(changed).damage
    assert damage is not None
    assert damage.place in (whole[:place].count(b"\n") + 1, whole[:place].count(b"\n") + 2)


WHOLE = b"".join([*log(), *(line(number) for number in range(5, 12))])


@settings(deadline=None)
@given(st.sets(st.integers(1, len(WHOLE) - 1), max_size=12))
def test_it_may_be_fed_in_any_pieces_that_appends_leave(cuts: set[int]) -> None:
    scanner = Scanner()
    found = 0
    for cut in [*sorted(cuts), len(WHOLE)]:
        found += len(scanner.feed(WHOLE[scanner.offset : cut]))
        assert scanner.damage is None
    assert (found, scanner.number, scanner.offset) == (11, 11, len(WHOLE))


def test_a_line_that_a_crash_cut_off_is_no_damage() -> None:
    whole, last = log(), line(5, reason="x" * 30)
    for cut in range(len(last) - 1):
        scanner = scanned(*whole, last[:cut])
        assert (scanner.damage, scanner.number, scanner.offset) == (None, 4, len(b"".join(whole)))
    scanner = scanned(*whole, last[:-1])
    assert (scanner.damage, scanner.number, scanner.unended) == (None, 5, True)


def test_version_1_went_on_behind_such_a_line() -> None:
    first, *rest = log(version=1)
    torn = line(2, version=1, reason="cut off")[:30] + b"\n"
    assert scanned(first, torn, *rest).damage is None
    assert scanned(torn, first, torn, *rest).damage is None  # the first one was cut off, too
    assert scanned(first, torn, *rest[1:]).damage == Damage(2, "doesn't match its checksum")
    assert scanned(first, *rest, torn).damage == Damage(4, "doesn't match its checksum")
    assert scanned(first, torn, line(2)).damage is not None  # version 2 removes it before it goes on


def test_what_may_not_follow_what() -> None:
    head, begin, *rest = log()
    follows = "follows a line that is missing or damaged"
    assert scanned(begin, *rest).damage == Damage(1, follows)
    assert scanned(head, *rest).damage == Damage(2, follows)
    assert scanned(head, begin, rest[1]).damage == Damage(3, follows)
    assert scanned(head, begin, begin).damage == Damage(3, follows)
    assert scanned(head, begin, line(3, "head", "h")).damage == Damage(3, follows)
    assert scanned(head, line(2, token="u")).damage == Damage(2, "is about a submission that no line began")
    assert scanned(head, line(2, "merged")).damage == Damage(2, "is of an unknown kind: merged")
    assert scanned(*log(version=1)[1:]).damage == Damage(1, follows)
    assert scanned(line(7, "compacted", version=1), line(8, "begin", version=1)).damage is None


def test_a_log_of_version_1_gets_its_head_later() -> None:
    scanner = scanned(*log(version=1), line(4, "head", "h", folder="/f"), line(5))
    assert (scanner.damage, scanner.head is not None, scanner.folder) == (None, True, "/f")
    assert scanned(*log(version=1), line(4, "head", "h"), line(5, "head", "h")).damage is not None


@pytest.mark.parametrize(
    "left", [b"\0" * 40, b"x", b"\n", line(5)[:9] + b"\0" * 9, b'{"v":2,"seq":6', line(5)[:-1] + b"\r"]
)
def test_what_no_crash_leaves_at_the_end(left: bytes) -> None:
    assert scanned(*log(), left).damage is not None


def test_a_newer_version_is_not_damage() -> None:
    text = json.dumps({"v": 3, "seq": 5, "event": "begin", "token": "t", "fields": 7}).encode()
    scanner = scanned(*log(), text + b"\t%08x\n" % crc32(text), b"what is this")
    assert scanner.newer


def test_a_line_that_is_no_line() -> None:
    text = b'{"v":2,"seq":5}'
    assert scanned(*log(), text + b"\t%08x\n" % crc32(text)).damage == Damage(
        5, "has a checksum that matches, but isn't one of a journal"
    )

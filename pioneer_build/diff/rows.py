"""What changed between two piles of rows: added, removed, relabelled, and how the labels shifted.

Memory is bounded by some 30 bytes a row, not by texts: rows are known by digests, sorted into parts of which one at a
time becomes a dict. Lines that are the same to the byte are never parsed twice.
"""

from __future__ import annotations

import json
import re
from array import array
from collections import Counter
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Any, TypeAlias

from pioneer_build.rows import parse_line, row_identity, task_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pioneer_build.rows import Row

#: Gives the lines of a dataset from the start, each time it is called.
RowLines: TypeAlias = "Callable[[], Iterable[bytes]]"

_SIZE = 12
_NUMBER = 4


@dataclass(frozen=True, slots=True)
class LabelShift:
    """How often a label is given, before and after: in rows, or for ner in mentions."""

    label: str
    old: int
    new: int


@dataclass(frozen=True, slots=True)
class Sample:
    """One changed row. `old` is `None` for an added row, `new` for a removed one; a relabelled one has both."""

    old: Row | None
    new: Row | None


@dataclass(frozen=True, slots=True)
class RowsDiff:
    """What changed between two piles of rows.

    `old` and `new` count all rows. A row is `relabelled` where its text (of a conversation: all but the answer) is
    the same and what is said of it isn't; `rescored` rows differ in scores or ids alone. A row counts as often as it
    is there. `moved` says that the same rows stand in another order. `labels` are those that either side has, and
    `labelled` how many labels all rows have, before and after. `samples` are the first of each kind.
    """

    old: int
    new: int
    added: int
    removed: int
    relabelled: int
    rescored: int
    moved: bool
    labels: tuple[LabelShift, ...]
    labelled: tuple[int, int]
    samples: tuple[Sample, ...] = ()

    @property
    def same(self) -> bool:
        """Whether readers get the same rows, but for scores, ids and order."""
        return not (self.added or self.removed or self.relabelled)


def compare_rows(old: RowLines, new: RowLines, samples: int = 3) -> RowsDiff:
    """Compares two piles of rows, each read two or three times.

    Args:
        old: rows in normal form, before.
        new: and after.
        samples: how many changed rows of each kind to show.
    """
    before, after = _Pile(), _Pile()
    tally = _Labels()
    counts = _fill(old(), new(), before, after, tally)
    gone, come = _leftovers(before, after)
    del before, after
    was = tally.counts()
    is_now = Counter(was)
    left, right = _Pile(), _Pile()
    for number, row in _numbered(old(), gone):
        is_now.subtract(labels_of(row))
        left.add(_text_digest(row) + row_identity(row)[:_SIZE], number)
    for number, row in _numbered(new(), come):
        is_now.update(labels_of(row))
        right.add(_text_digest(row) + row_identity(row)[:_SIZE], number)
    changes = _changes(left, right)
    labels = tuple(LabelShift(name, was[name], is_now[name]) for name in sorted(was | is_now))
    return RowsDiff(
        old=counts[0],
        new=counts[1],
        added=len(changes.added),
        removed=len(changes.removed),
        relabelled=len(changes.relabelled),
        rescored=changes.rescored,
        moved=not gone and not come,
        labels=labels,
        labelled=(sum(was.values()), sum(is_now.values())),
        samples=_samples(old, new, changes, samples),
    )


def labels_of(row: Row) -> list[str]:
    """The labels a row gives, one for each mention; none for a conversation."""
    match task_of(row):
        case "ner":
            return [entity["label"] for entity in row["entities"]]
        case "decoder":
            return []
        case "classification":
            return [row["label"]] if "label" in row else list(row["labels"])


def _line_digest(line: bytes) -> bytes:
    return blake2b(line, digest_size=_SIZE).digest()


def _text_digest(row: Row) -> bytes:
    """What makes two rows rows of one text: its exact characters; of a conversation all but the last answer."""
    if task_of(row) == "decoder":
        messages: list[dict[str, Any]] = row["messages"]
        asked = messages[:-1] if messages and messages[-1]["role"] == "assistant" else messages
        text = "\x00".join(f"{message['role']}\x01{message['content']}" for message in asked)
    else:
        text = row["text"]
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_SIZE).digest()


class _Pile:
    """Digests with the number of their row, in 256 parts by the first byte."""

    def __init__(self) -> None:
        self.parts = [bytearray() for _ in range(256)]

    def add(self, digest: bytes, number: int) -> None:
        self.parts[digest[0]] += digest + number.to_bytes(_NUMBER, "big")


class _Labels:
    """Counts the labels of lines without parsing each: in a line of JSON these bytes stand outside of strings only."""

    _FOUND = re.compile(rb'[{,]"label":("(?:[^"\\]|\\.)*")')

    def __init__(self) -> None:
        self._raw: Counter[bytes] = Counter()
        self._whole: Counter[str] = Counter()

    def add(self, line: bytes) -> None:
        if b'"labels":[' in line:
            self._whole.update(labels_of(parse_line(line)))
        else:
            self._raw.update(self._FOUND.findall(line))

    def counts(self) -> Counter[str]:
        found = Counter(self._whole)
        for raw, count in self._raw.items():
            found[json.loads(raw)] += count
        return found


def _fill(old: Iterable[bytes], new: Iterable[bytes], before: _Pile, after: _Pile, tally: _Labels) -> tuple[int, int]:
    """Puts the lines that aren't the same at the same place into the piles; how many lines there are of each."""
    counts = [0, 0]
    for number, (ours, theirs) in enumerate(zip_longest(old, new)):
        if ours is not None:
            counts[0] = number + 1
            tally.add(ours)
        if theirs is not None:
            counts[1] = number + 1
        if ours == theirs:
            continue
        if ours is not None:
            before.add(_line_digest(ours), number)
        if theirs is not None:
            after.add(_line_digest(theirs), number)
    return counts[0], counts[1]


def _records(part: bytearray, size: int) -> Iterator[tuple[bytes, int]]:
    step = size + _NUMBER
    for at in range(0, len(part), step):
        yield bytes(part[at : at + size]), int.from_bytes(part[at + size : at + step], "big")


def _leftovers(before: _Pile, after: _Pile) -> tuple[array[int], array[int]]:
    """The numbers of the rows that the other side lacks to the byte, ascending."""
    gone, come = array("L"), array("L")
    for old, new in zip(before.parts, after.parts, strict=True):
        left = Counter(digest for digest, _ in _records(old, _SIZE))
        for digest, number in _records(new, _SIZE):
            if left[digest] > 0:
                left[digest] -= 1
            else:
                come.append(number)
        for digest, number in reversed(list(_records(old, _SIZE))):
            if left[digest] > 0:
                left[digest] -= 1
                gone.append(number)
    return array("L", sorted(gone)), array("L", sorted(come))


def _numbered(lines: Iterable[bytes], wanted: Sequence[int]) -> Iterator[tuple[int, Row]]:
    """The wanted rows with their numbers, which ascend."""
    coming = iter(wanted)
    next_one = next(coming, -1)
    for number, line in enumerate(lines):
        if next_one < 0:
            return
        if number == next_one:
            next_one = next(coming, -1)
            yield number, parse_line(line)


@dataclass(frozen=True, slots=True)
class _Changes:
    """Numbers of rows: of the new side, of the old side, and pairs of both; ascending."""

    added: list[int]
    removed: list[int]
    relabelled: list[tuple[int, int]]
    rescored: int


def _changes(left: _Pile, right: _Pile) -> _Changes:
    added: list[int] = []
    removed: list[int] = []
    relabelled: list[tuple[int, int]] = []
    rescored = 0
    for old, new in zip(left.parts, right.parts, strict=True):
        ours = _by_text(old)
        for text, theirs in _by_text(new).items():
            mine = ours.pop(text, [])
            said = Counter(identity for identity, _ in theirs)
            kept = Counter(identity for identity, _ in mine) & said
            rescored += kept.total()
            before, after = _without(mine, kept), _without(theirs, kept)
            pairs = min(len(before), len(after))
            relabelled += zip(before[:pairs], after[:pairs], strict=True)
            removed += before[pairs:]
            added += after[pairs:]
        removed += (number for rows in ours.values() for _, number in rows)
    return _Changes(sorted(added), sorted(removed), sorted(relabelled), rescored)


def _by_text(part: bytearray) -> dict[bytes, list[tuple[bytes, int]]]:
    found: dict[bytes, list[tuple[bytes, int]]] = {}
    for digest, number in _records(part, 2 * _SIZE):
        found.setdefault(digest[:_SIZE], []).append((digest[_SIZE:], number))
    return found


def _without(rows: list[tuple[bytes, int]], kept: Counter[bytes]) -> list[int]:
    left = Counter(kept)
    numbers = []
    for identity, number in rows:
        if left[identity] > 0:
            left[identity] -= 1
        else:
            numbers.append(number)
    return numbers


def _samples(old: RowLines, new: RowLines, changes: _Changes, count: int) -> tuple[Sample, ...]:
    pairs = changes.relabelled[:count]
    removed, added = changes.removed[:count], changes.added[:count]
    before = _picked(old, chain(removed, (pair[0] for pair in pairs)))
    after = _picked(new, chain(added, (pair[1] for pair in pairs)))
    return (
        *(Sample(before[a], after[b]) for a, b in pairs),
        *(Sample(None, after[number]) for number in added),
        *(Sample(before[number], None) for number in removed),
    )


def _picked(lines: RowLines, numbers: Iterable[int]) -> dict[int, Row]:
    wanted = sorted(set(numbers))
    return dict(_numbered(lines(), wanted)) if wanted else {}

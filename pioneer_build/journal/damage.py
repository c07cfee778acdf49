"""Takes the bytes of a log apart: its lines, and where it is damaged.

A log is damaged if something is in it that no crash leaves behind. A crash cuts off the line that is being written,
which has no line feed then, and whose number is used again. So it is damage if a complete line doesn't match its
checksum, if a number is missing, if the first line isn't a head, if a line is about a submission that no line began,
and if the log ends with anything else than the beginning of its next line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pioneer_build.journal.lines import VERSION, decode_line, is_torn, is_whole_line

if TYPE_CHECKING:
    from pioneer_build.journal.lines import JournalLine

#: What a first line is, in this version and in the first one.
_HEADS = ("head", "compacted")
_EVENTS = (*_HEADS, "begin", "record")


@dataclass(frozen=True, slots=True)
class Damage:
    """Damage in a log. `place` is the number of the line in the file, from 1; `what` completes "line 7 …"."""

    place: int
    what: str


@dataclass(frozen=True, slots=True)
class ScannedLine:
    """An undamaged line, and its bytes without the line feed."""

    line: JournalLine
    data: bytes


class Scanner:
    """What was read of a log so far.

    `number` is the number of its last line (`None`: there was none), `count` how many lines it has, `offset` how many
    bytes they have. `unended` means that the last line is complete but for its line feed. `newer` means that there is a
    line of a newer version; nothing after it was read. `head` is the token of its head (`None`: it has none yet), and
    `folder` is of its head, too. `ends_with` says what its last bytes are, but for a line that a crash cut off.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self.count = 0
        self.offset = 0
        self.unended = False
        self.newer = False
        self.folder: str | None = None
        self.head: str | None = None
        self._damage: Damage | None = None
        self._torn: int | None = None
        self._tail: Damage | None = None
        self.ends_with: Literal["a line", "a damaged line", "something else"] = "a line"
        self._begun: set[str] = set()

    @property
    def damage(self) -> Damage | None:
        """The first damage, if there is any."""
        torn = None if self._torn is None else Damage(self._torn, "doesn't match its checksum")
        found = [one for one in (self._damage, torn, self._tail) if one is not None]
        return min(found, key=lambda one: one.place) if found else None

    def feed(self, data: bytes) -> list[ScannedLine]:
        """Takes what follows the bytes up to `offset`; returns the undamaged lines of it."""
        found: list[ScannedLine] = []
        if self.unended and data.startswith(b"\n"):
            data = data[1:]
            self.offset += 1
            self.unended = False
        *whole, tail = data.split(b"\n")
        for one in whole:
            self.count += 1
            self.offset += len(one) + 1
            self._take(one, found)
            if self.newer:
                return found
        self._take_tail(tail, found)
        return found

    def _take_tail(self, tail: bytes, found: list[ScannedLine]) -> None:
        """Takes what has no line feed: nothing, a line, or a line that a crash cut off, which is not counted."""
        self._tail = None
        if not tail:
            return
        if is_whole_line(tail):
            self.count += 1
            self.offset += len(tail)
            self.unended = True
            self._take(tail, found)
        elif is_whole_line(tail[:-1]):
            self._take(tail[:-1], found)
            self._tail = Damage(self.count + 1, "has another byte than a line feed at its end")
        elif not is_torn(tail, (self.number or 0) + 1):
            self.ends_with = "something else"
            self._tail = Damage(self.count + 1, "is neither a line nor the beginning of one")

    def _take(self, data: bytes, found: list[ScannedLine]) -> None:
        if not is_whole_line(data):
            self._torn = self._torn or self.count
            self.ends_with = "a damaged line"
            return
        self.ends_with = "a line"
        try:
            line = decode_line(data)
        except ValueError:
            self._damaged("has a checksum that matches, but isn't one of a journal")
            return
        if line.version > VERSION:
            self.newer = True
            return
        self._place(line)
        if line.event not in _EVENTS:
            self._damaged(f"is of an unknown kind: {line.event}")
        if line.event == "record" and line.token not in self._begun:
            self._damaged("is about a submission that no line began")
        if line.event == "begin":
            self._begun.add(line.token)
        found.append(ScannedLine(line, data))

    def _place(self, line: JournalLine) -> None:
        """Whether the line may follow the last one."""
        if self.number is None:
            follows = line.event in _HEADS or (line.version == 1 and line.number == 1)
        else:  # a log that version 1 began gets its head later
            is_late_head = line.event == "head" and self.head is None
            follows = line.number == self.number + 1 and (line.event not in _HEADS or is_late_head)
        if not follows:
            self._damaged("follows a line that is missing or damaged")
        elif line.version == 1 and self._torn is not None and self._damage is None:
            self._torn = None  # version 1 went on behind a line that a crash cut off
        self.number = line.number
        if line.event == "head":
            self.head = line.token
            folder = line.fields.get("folder")
            self.folder = folder if isinstance(folder, str) else None

    def note_damage(self, what: str) -> None:
        """The lines that were fed last have a meaning that no submission has."""
        self._damaged(what)

    def _damaged(self, what: str) -> None:
        if self._damage is None:
            torn = self._torn
            self._damage = Damage(self.count, what) if torn is None else Damage(torn, "doesn't match its checksum")

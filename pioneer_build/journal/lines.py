"""One line of the journal's file: JSON, a tab, its CRC-32 in hexadecimal, a line feed (docs/journal.md)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from types import NoneType
from typing import TYPE_CHECKING, Any
from zlib import crc32

from pioneer_build.lock.model import Tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The version of the format; lines with a greater version are refused.
VERSION = 2
#: The types of the fields of a submission, by all fields that have them.
_TYPES: Mapping[tuple[str, ...], tuple[type, ...]] = {
    ("backend", "dataset_name", "base_name", "remote_name", "task_type", "fingerprint", "request", "state"): (str,),
    ("on_change", "process"): (str,),
    ("num_examples", "asked", "order"): (int,),
    ("got",): (int, NoneType),
    ("job_id", "version", "rows", "quarantined", "revision", "reason"): (str, NoneType),
    ("top_up", "verified", "inferred"): (bool,),
    ("definition",): (dict,),
    ("known",): (list, NoneType),
}
#: The same by field.
_KINDS = {name: kinds for names, kinds in _TYPES.items() for name in names}
#: Fields that are beside the others in a line, as `more`: a program that doesn't know one passes over it. In `fields`,
#: it would take the line for a damaged one. They are left out where they have their default value.
_MORE: Mapping[str, type] = {"project": str, "folder": str, "deleted": bool, "tokens": dict}
#: What a line consists of: ASCII, and one tab.
_PRINTABLE = re.compile(rb"[ -~]*(\t[0-9a-f]{0,8})?")


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One line.

    `version` is that of the format, `number` the line's number (`seq`, without gaps), `event` one of `head`, `begin`
    and `record` (and `compacted`, in version 1). `token` identifies the submission, `fields` are fields of
    `Submission`. A `head` is the first line: its token is random, and its field `folder` is the journal's folder.
    """

    version: int
    number: int
    event: str
    token: str
    fields: Mapping[str, Any]


def encode_line(line: JournalLine) -> bytes:
    """The bytes of the line, including its line feed."""
    fields = {name: value for name, value in line.fields.items() if line.event == "head" or name not in _MORE}
    value: dict[str, Any] = {
        "v": line.version, "seq": line.number, "event": line.event, "token": line.token, "fields": fields,
    }  # fmt: skip
    taken_back = {name: False for name in _MORE if line.event == "record" and line.fields.get(name) is False}
    more = {name: _plain(line.fields[name]) for name in _MORE if line.fields.get(name)} | taken_back
    if line.event != "head" and more:
        value["more"] = more
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=True).encode()
    return text + b"\t%08x\n" % crc32(text)


def _plain(value: Any) -> Any:
    return {"input": value.input, "output": value.output} if isinstance(value, Tokens) else value


def _tokens(value: object) -> dict[str, Tokens]:
    read, written = (value.get("input"), value.get("output")) if isinstance(value, dict) else (None, None)
    if type(read) is not int or type(written) is not int or min(read, written) < 0:
        return {}
    return {"tokens": Tokens(read, written)}


def is_whole_line(data: bytes) -> bool:
    """Whether the checksum at the end of a line (given without its line feed) is right: it was written completely."""
    text, _, checksum = data.rpartition(b"\t")
    return b"%08x" % crc32(text) == checksum


def is_torn(data: bytes, number: int) -> bool:
    """Whether `data`, at the end of a log, can be the beginning of a line that a crash cut off while it was written.

    Args:
        data: what follows the last line feed.
        number: the number that the line has.
    """
    start = b'{"v":%s,"seq":%d,"event":"'
    starts = [start % (b"%d" % version, number) for version in range(1, VERSION + 1)]
    return any(data.startswith(one[: len(data)]) for one in starts) and _PRINTABLE.fullmatch(data) is not None


def decode_line(data: bytes) -> JournalLine:
    """Decodes a complete line, given without its line feed. The fields of a line of a newer version are left out.

    Raises:
        ValueError: it doesn't have this format.
    """
    try:
        value = json.loads(data.rpartition(b"\t")[0])
        if b"\\u" in data:  # half a surrogate is no text: it can't be sent, written or shown
            json.dumps(value, ensure_ascii=False).encode()
        line = JournalLine(value["v"], value["seq"], value["event"], value["token"], {})
        if not all(type(number) is int and number >= 0 for number in (line.version, line.number)):
            raise ValueError("not a line of the journal: a number is not one")
        if not isinstance(line.event, str) or not isinstance(line.token, str):
            raise ValueError("not a line of the journal: a word is not one")
        if line.version > VERSION:
            return line
        fields = dict(value["fields"])
        more = value.get("more")
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"not a line of the journal: {error}") from None
    for name, field in fields.items():  # a loop: a journal has thousands of lines, and every command reads them
        if name in _KINDS and type(field) not in _KINDS[name]:
            raise ValueError("not a line of the journal: a field has another type")
    if fields.get("known") is not None:  # JSON has no tuples
        fields["known"] = tuple(fields["known"])
    if isinstance(more, dict):
        fields |= {name: more[name] for name, kind in _MORE.items() if type(more.get(name)) is kind}
    if "tokens" in fields:
        fields |= _tokens(fields.pop("tokens"))
    return JournalLine(line.version, line.number, line.event, line.token, fields)

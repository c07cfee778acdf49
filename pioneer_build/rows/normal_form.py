"""The normal form of a row: plain dicts with their keys in a fixed order, one line of JSON, digests.

    ner             {"id"?, "text", "entities": [{"text", "label", "start", "end", "score"?}]}
    classification  {"id"?, "text", "label", "score"?}  or  {"id"?, "text", "labels": [...], "score"?}
    decoder         {"messages": [{"role", "content"}, ...]}

Plain dicts, not a class: this is exactly what training scripts get, and hundreds of thousands of them are cheap.
"""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, TypeAlias

from pioneer_build.rows.causes import Fault
from pioneer_build.spec.unicode_form import nfc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pioneer_build.spec.model import TaskType

#: One labelled example in normal form. Keys have the order of this module's docstring.
Row: TypeAlias = "dict[str, Any]"

#: Bytes of a digest: enough that no two texts share one.
_DIGEST_SIZE = 16

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False).encode


def row_line(row: Row) -> bytes:
    """`row` as one line of JSON in UTF-8: compact, keys in the row's own order, ended by a line feed.

    Canonical for rows in normal form, as returned by `normalise` and `parse_line`.
    """
    return (_encode(row) + "\n").encode("utf-8")


def text_key(row: Mapping[str, Any]) -> str:
    """The key that duplicates share: the text in NFC, each run of white space as one space, none at the ends.

    The key of a decoder row is its messages, each with its role. Labels are not part of it: the same text with two
    different annotations is also a duplicate.
    """
    if task_of(row) == "decoder":
        text = "\x00".join(f"{message['role']}\x01{message['content']}" for message in row["messages"])
    else:
        text = row["text"]
    return " ".join(nfc(text).split())


def row_text_digest(row: Mapping[str, Any]) -> bytes:
    """16 bytes that are equal if `text_key` is equal (BLAKE2b)."""
    return blake2b(text_key(row).encode("utf-8"), digest_size=_DIGEST_SIZE).digest()


def row_identity(row: Row) -> bytes:
    """16 bytes for the content of the row without `id` and scores: the same in a job's data and in a download."""
    said = {key: value for key, value in row.items() if key not in ("id", "score")}
    if task_of(said) == "ner":
        said["entities"] = [[e["text"], e["label"], e.get("start"), e.get("end")] for e in said["entities"]]
    return blake2b(_encode(said).encode("utf-8"), digest_size=_DIGEST_SIZE).digest()


def length_of(row: Row) -> int:
    """Code points of the row's text; for a decoder row, of all its messages."""
    if task_of(row) == "decoder":
        return sum(len(message["content"]) for message in row["messages"])
    return len(row["text"])


def task_of(row: Mapping[str, Any]) -> TaskType:
    """The task that a row is for, by its keys: it may be in normal form, or a stored line that isn't judged yet.

    Nothing else tells the task by a row's keys, so that a row of a new task type is taken for no other.
    """
    return "ner" if "entities" in row else "decoder" if "messages" in row else "classification"


def confidence_of(row: Row) -> float | None:
    """The row's lowest score; `None` if it has none."""
    if task_of(row) == "ner":
        return min((e["score"] for e in row["entities"] if "score" in e), default=None)
    return row.get("score")


def is_unicode(text: str) -> bool:
    """Whether `text` can be encoded as UTF-8; JSON allows lone surrogates, which can't."""
    if text.isascii():
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def shown(value: object) -> str:
    """`value` for a message: on one line, quoted, at most 40 characters, without lone surrogates."""
    text = value if isinstance(value, str) else f"{type(value).__name__}"
    text = " ".join(text.split())
    if len(text) > 40:
        text = text[:39] + "…"
    return f"'{text}'".encode("utf-8", "replace").decode("utf-8")


def read_score(value: Any) -> float | Fault:
    """A score between 0 and 1; a rounding error of float32 above 1 is cut off."""
    if type(value) is float and 0.0 <= value <= 1.0:
        return value + 0.0
    if isinstance(value, int | float) and not isinstance(value, bool) and -1e-6 <= value <= 1 + 1e-6:
        return min(1.0, max(0.0, float(value)))
    said = value if isinstance(value, int | float) and not isinstance(value, bool) else shown(value)
    if isinstance(said, int) and abs(said) > 10**9:
        said = "a large number"
    return Fault("bad-score", f"the score is {said}, not a number between 0 and 1")

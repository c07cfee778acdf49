"""What an entry of `pioneer.lock` must look like, key by key. Frozen with lock_version 1: docs/lock.md.

A key that isn't here is refused: a program that ignored it would drop it with the next write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

_Kinds: TypeAlias = "tuple[type, ...]"
_NOTHING = type(None)
_TEXT: _Kinds = (str,)
_TEXT_OR_NULL: _Kinds = (str, _NOTHING)
_COUNT: _Kinds = (int,)
_COUNT_OR_NULL: _Kinds = (int, _NOTHING)
_FLAG: _Kinds = (bool,)
_LIST: _Kinds = (list,)
_OBJECT: _Kinds = (dict,)

_ENTRY: Final[dict[str, _Kinds]] = {
    "base_name": _TEXT,
    "content": _TEXT_OR_NULL,
    "definition": _OBJECT,
    "digest": _TEXT,
    "examples": _COUNT,
    "fingerprint": _TEXT,
    "jobs": _LIST,
    "remote_name": _TEXT,
    "state": _TEXT,
    "task_type": _TEXT,
}
_ENTRY_MORE: Final[dict[str, _Kinds]] = {
    "checks": _OBJECT,
    "labelling": _OBJECT,
    "num_examples": _COUNT,
    "on_change": _TEXT,
    "paid": _OBJECT,
    "protect": _FLAG,
    "rejection": _OBJECT,
}
_JOB: Final[dict[str, _Kinds]] = {
    "asked": _COUNT,
    "fingerprint": _TEXT,
    "got": _COUNT_OR_NULL,
    "job_id": _TEXT_OR_NULL,
    "order": _COUNT,
    "remote_name": _TEXT,
    "rows": _TEXT_OR_NULL,
    "state": _TEXT,
    "verified": _FLAG,
    "version": _TEXT_OR_NULL,
}
_JOB_MORE: Final[dict[str, _Kinds]] = {
    "deleted": _FLAG,
    "inferred": _FLAG,
    "quarantined": _TEXT,
    "reason": _TEXT,
    "revision": _TEXT,
    "submissions": _LIST,
    "top_up": _FLAG,
}
_LABELLING: Final[dict[str, _Kinds]] = {
    "annotated": _COUNT,
    "content": _TEXT,
    "distinct": _COUNT,
    "fingerprint": _TEXT,
    "inputs": _TEXT,
    "quarantined": _COUNT,
    "rows": _COUNT,
    "texts": _COUNT,
}
_LABELLING_MORE: Final[dict[str, _Kinds]] = {"unsupported": _LIST}
_REJECTION: Final[dict[str, _Kinds]] = {"fingerprint": _TEXT, "inputs": _TEXT, "reason": _TEXT, "state": _TEXT}

_JOB_STATES = frozenset({"open", "ready", "failed", "rejected", "unknown"})
_ENTRY_STATES = _JOB_STATES | {"new", "forgotten"}
_WORDS: Final[dict[str, frozenset[str]]] = {
    "task_type": frozenset({"ner", "classification", "decoder"}),
    "on_change": frozenset({"new_name", "new_version"}),
}


class Mismatch(Exception):
    """Something isn't what it must be; the message goes on after "the entry of …".

    `key` is the key it is about. `newer` says that a later version of this program may have written it.
    """

    def __init__(self, message: str, *, key: str = "", newer: bool = False) -> None:
        super().__init__(message)
        self.key = key
        self.newer = newer


def check_entry(fields: Any) -> None:
    """Raises `Mismatch` unless `fields` have an entry's keys, each of its type, and no others."""
    if not isinstance(fields, dict):
        raise Mismatch("is no object")
    _check(fields, _ENTRY, _ENTRY_MORE, "")
    if fields["state"] not in _ENTRY_STATES:
        raise Mismatch(f"is in an unheard-of state ('{fields['state']}')", newer=True)
    for key, words in _WORDS.items():
        if key in fields and fields[key] not in words:
            raise Mismatch(f"has an unheard-of {key} ('{fields[key]}')", newer=True)
    for job in fields["jobs"]:
        if not isinstance(job, dict):
            raise Mismatch("has a job that is no object")
        _check(job, _JOB, _JOB_MORE, "a job with ")
        if job["state"] not in _JOB_STATES:
            raise Mismatch(f"has a job in an unheard-of state ('{job['state']}')", newer=True)
        if not all(isinstance(token, str) for token in job.get("submissions", ())):
            raise Mismatch("has a job whose submissions are no texts")
    if "labelling" in fields:
        _check(fields["labelling"], _LABELLING, _LABELLING_MORE, "labelling with ")
        if not all(isinstance(label, str) for label in fields["labelling"].get("unsupported", ())):
            raise Mismatch("has unsupported labels that are no texts")
    if "rejection" in fields:
        _check(fields["rejection"], _REJECTION, {}, "a rejection with ")
        if fields["rejection"]["state"] not in ("failed", "rejected"):
            raise Mismatch("has a rejection in an unheard-of state", newer=True)
    if not all(type(count) is int for count in fields.get("paid", {}).values()):
        raise Mismatch("has counts of paid texts that are no numbers")


def _check(fields: Mapping[str, Any], must: Mapping[str, _Kinds], may: Mapping[str, _Kinds], what: str) -> None:
    for key, value in fields.items():
        kinds = must.get(key) or may.get(key)
        if kinds is None:
            raise Mismatch(f"has {what}a key that this program doesn't know ('{key}')", key=key, newer=True)
        if type(value) not in kinds or (type(value) is int and value < 0):
            raise Mismatch(f"has {what}a value that '{key}' can't have", key=key)
    for key in must:
        if key not in fields:
            raise Mismatch(f"has {what}no '{key}'", key=key)

"""The keys and types of an entry of `pioneer.lock`: docs/lock.md.

Frozen with each lock_version: an entry of version 1 has no key of version 2. A file with unknown keys is refused: a
program that ignored them would drop them with the next write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from pioneer_build.lock.gold import rounded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pioneer_build.lock.model import Entry

_Types: TypeAlias = "tuple[type, ...]"
_Table: TypeAlias = "Mapping[str, _Types]"
_NOTHING = type(None)
_TEXT: _Types = (str,)
_TEXT_OR_NULL: _Types = (str, _NOTHING)
_COUNT: _Types = (int,)
_COUNT_OR_NULL: _Types = (int, _NOTHING)
_FLAG: _Types = (bool,)
_MEASURE: _Types = (float,)
_LIST: _Types = (list,)
_OBJECT: _Types = (dict,)

# -- version 1 -----------------------------------------------------------------------------------------------------

_ENTRY: Final[_Table] = {
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
_ENTRY_1: Final[_Table] = {
    "checks": _OBJECT,
    "labelling": _OBJECT,
    "num_examples": _COUNT,
    "on_change": _TEXT,
    "paid": _OBJECT,
    "protect": _FLAG,
    "rejection": _OBJECT,
}
_JOB: Final[_Table] = {
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
_JOB_1: Final[_Table] = {
    "deleted": _FLAG,
    "inferred": _FLAG,
    "quarantined": _TEXT,
    "reason": _TEXT,
    "revision": _TEXT,
    "submissions": _LIST,
    "top_up": _FLAG,
}
_LABELLING: Final[_Table] = {
    "annotated": _COUNT,
    "content": _TEXT,
    "distinct": _COUNT,
    "fingerprint": _TEXT,
    "inputs": _TEXT,
    "quarantined": _COUNT,
    "rows": _COUNT,
    "texts": _COUNT,
}
_LABELLING_1: Final[_Table] = {"unsupported": _LIST}
_REJECTION: Final[_Table] = {"fingerprint": _TEXT, "inputs": _TEXT, "reason": _TEXT, "state": _TEXT}

# -- version 2 -----------------------------------------------------------------------------------------------------

_ENTRY_2: Final[_Table] = {
    "corrections": _OBJECT,
    "gold": _OBJECT,
    "parts": _OBJECT,
    "published": _LIST,
    "sampled": _OBJECT,
    "tokens": _OBJECT,
}
_JOB_2: Final[_Table] = {
    "approximate": _LIST,
    "owed": _FLAG,
    "sampled": _FLAG,
    "superseded": _FLAG,
    "tokens": _OBJECT,
}
_LABELLING_2: Final[_Table] = {"approximate": _LIST, "superseded": _COUNT}
_TOKENS: Final[_Table] = {"input": _COUNT, "output": _COUNT}
_CORRECTIONS: Final[_Table] = {
    "applied": _COUNT,
    "applied_to": _TEXT,
    "content": _TEXT,
    "decisions": _TEXT,
    "reviewed": _COUNT,
    "rows": _COUNT,
    "stale": _COUNT,
}
_SAMPLED: Final[_Table] = {
    "content": _TEXT,
    "fingerprint": _TEXT,
    "inputs": _TEXT,
    "rows": _COUNT,
    "texts": _COUNT,
}
_PARTS: Final[_Table] = {
    "content": _TEXT,
    "fingerprint": _TEXT,
    "inputs": _TEXT,
    "made_of": _LIST,
    "rows": _COUNT,
}
_PART: Final[_Table] = {"content": _TEXT, "offered": _COUNT, "rows": _COUNT}
_PART_MORE: Final[_Table] = {"dataset": _TEXT, "path": _TEXT, "quarantined": _TEXT}
_PUBLISHED: Final[_Table] = {"content": _TEXT, "remote_name": _TEXT, "rows": _COUNT, "state": _TEXT}
_PUBLISHED_MORE: Final[_Table] = {
    "reason": _TEXT,
    "split": _TEXT,
    "submissions": _LIST,
    "upload": _TEXT,
    "version": _TEXT,
}
_GOLD: Final[_Table] = {
    "content": _TEXT,
    "fingerprint": _TEXT,
    "gold": _TEXT,
    "kind": _TEXT,
    "metric": _TEXT,
    "n": _COUNT,
    "revision": _TEXT,
    "rows": _COUNT,
}
_GOLD_MORE: Final[_Table] = {
    "bounds": _OBJECT,
    "contamination": _COUNT,
    "drift": _OBJECT,
    "gold_alone": _MEASURE,
    "interval": _LIST,
    "kappa": _MEASURE,
    "last_doubling": _OBJECT,
    "model": _TEXT,
    "more": _OBJECT,
    "near_duplicates": _COUNT,
    "per_label": _OBJECT,
    "predictions": _TEXT,
    "template_share": _MEASURE,
    "value": _MEASURE,
    "zero_shot": _MEASURE,
}
_GAIN: Final[_Table] = {"interval": _LIST, "value": _MEASURE}
_DRIFT: Final[_Table] = {"content": _TEXT, "was": _MEASURE}
_DRIFT_MORE: Final[_Table] = {"p": _MEASURE}
_LABEL_COUNTS: Final[_Table] = {"n": _COUNT, "predicted": _COUNT, "right": _COUNT}

#: The optional keys of an entry, a job and a labelling, by lock_version.
_MORE: Final[Mapping[int, tuple[_Table, _Table, _Table]]] = {
    1: (_ENTRY_1, _JOB_1, _LABELLING_1),
    2: ({**_ENTRY_1, **_ENTRY_2}, {**_JOB_1, **_JOB_2}, {**_LABELLING_1, **_LABELLING_2}),
}
_NONE: Final[_Table] = {}
#: The keys of a definition that this program knows; one of a later fingerprint may have others.
_DEFINITION: Final[_Table] = {
    "classified_examples": _LIST,
    "domain_description": _TEXT,
    "labels": _LIST,
    "ner_examples": _LIST,
    "prompt": _TEXT,
    "task_type": _TEXT,
}
#: No count is larger: 64 bits with a sign.
_MOST: Final = 2**63 - 1
_INFINITE: Final = float("inf")

_JOB_STATES = frozenset({"open", "ready", "failed", "rejected", "unknown"})
_ENTRY_STATES = _JOB_STATES | {"new", "forgotten"}
_WORDS: Final[dict[str, frozenset[str]]] = {
    "task_type": frozenset({"ner", "classification", "decoder"}),
    "on_change": frozenset({"new_name", "new_version"}),
}
_PUBLISHED_STATES = frozenset({"open", "ready", "failed", "unknown"})
_GOLD_WORDS: Final[dict[str, frozenset[str]]] = {
    "kind": frozenset({"agreement", "probe"}),
    "metric": frozenset({"accuracy", "span_f1", "exact_match"}),
}


class Mismatch(Exception):
    """A value that is not allowed; the message continues "the entry of …".

    `key` is the key that it is about. `newer` says that a later version of this program may have written it.
    """

    def __init__(self, message: str, *, key: str = "", newer: bool = False) -> None:
        super().__init__(message)
        self.key = key
        self.newer = newer


def check_entry(fields: Any, version: int) -> None:
    """Raises `Mismatch` unless `fields` has exactly the keys of an entry of this lock_version, with the right types."""
    if not isinstance(fields, dict):
        raise Mismatch("is not an object")
    entry_more, job_more, labelling_more = _MORE[version]
    _check(fields, _ENTRY, entry_more, "")
    if fields["state"] not in _ENTRY_STATES:
        raise Mismatch(f"has the unknown state '{fields['state']}'", newer=True)
    for key, words in _WORDS.items():
        if key in fields and fields[key] not in words:
            raise Mismatch(f"has the unknown {key} '{fields[key]}'", newer=True)
    _check_definition(fields["definition"])
    for job in fields["jobs"]:
        _check_job(job, job_more)
    if "labelling" in fields:
        _check(fields["labelling"], _LABELLING, labelling_more, "labelling with ")
        _check_texts(fields["labelling"], "unsupported", "unsupported labels that are not strings")
        _check_texts(fields["labelling"], "approximate", "labelling with 'approximate' values that are not strings")
    if "rejection" in fields:
        _check(fields["rejection"], _REJECTION, _NONE, "a rejection with ")
        if fields["rejection"]["state"] not in ("failed", "rejected"):
            raise Mismatch("has a rejection with an unknown state", newer=True)
    if not all(type(count) is int and 0 <= count <= _MOST for count in fields.get("paid", {}).values()):
        raise Mismatch("has counts of paid texts that are not numbers")
    if version > 1:
        for key, check in _CHECKS_2.items():
            if key in fields:
                check(fields[key])


def _check_definition(definition: Mapping[str, Any]) -> None:
    for key, value in definition.items():
        if key in _DEFINITION and type(value) not in _DEFINITION[key]:
            raise Mismatch(f"has a definition with an invalid value of '{key}'", key=key)
    _check_texts(definition, "labels", "a definition whose labels are not strings")
    for shot in definition.get("classified_examples", ()):
        if type(shot) is not dict or not _are_texts(shot.values()):
            raise Mismatch("has a definition with an invalid example", key="classified_examples")
    for one in definition.get("ner_examples", ()):
        if not _is_entity_example(one):
            raise Mismatch("has a definition with an invalid example", key="ner_examples")


def _is_entity_example(one: Any) -> bool:
    if type(one) is not dict or set(one) != {"entities", "text"} or type(one["text"]) is not str:
        return False
    pairs = one["entities"]
    return type(pairs) is list and all(type(pair) is list and len(pair) == 2 and _are_texts(pair) for pair in pairs)


def _check_job(job: Any, more: _Table) -> None:
    if not isinstance(job, dict):
        raise Mismatch("has a job that is not an object")
    _check(job, _JOB, more, "a job with ")
    if job["state"] not in _JOB_STATES:
        raise Mismatch(f"has a job with the unknown state '{job['state']}'", newer=True)
    _check_texts(job, "submissions", "a job whose submissions are not strings")
    _check_texts(job, "approximate", "a job with 'approximate' values that are not strings")
    if "tokens" in job:
        _check(job["tokens"], _TOKENS, _NONE, "a job's tokens with ")


# -- the keys of version 2 -----------------------------------------------------------------------------------------


def _check_corrections(corrections: Any) -> None:
    _check(corrections, _CORRECTIONS, _NONE, "corrections with ")


def _check_sampled(sampled: Any) -> None:
    _check(sampled, _SAMPLED, _NONE, "a sample with ")


def _check_tokens(tokens: Any) -> None:
    for counts in tokens.values():
        _check(counts, _TOKENS, _NONE, "tokens with ")


def _check_parts(parts: Any) -> None:
    _check(parts, _PARTS, _NONE, "parts with ")
    for part in parts["made_of"]:
        _check(part, _PART, _PART_MORE, "a part with ")
        if ("dataset" in part) == ("path" in part):
            raise Mismatch("has a part that is neither a dataset nor a file, or both")


def _check_published(records: Any) -> None:
    for record in records:
        _check(record, _PUBLISHED, _PUBLISHED_MORE, "a publication with ")
        if record["state"] not in _PUBLISHED_STATES:
            raise Mismatch(f"has a publication with the unknown state '{record['state']}'", newer=True)
        _check_texts(record, "submissions", "a publication whose submissions are not strings")
        if "version" not in record and not record.get("submissions"):
            raise Mismatch("has a publication with neither a version nor submissions")


def _check_gold(gold: Any) -> None:
    _check(gold, _GOLD, _GOLD_MORE, "a measure with ")
    for key, words in _GOLD_WORDS.items():
        if gold[key] not in words:
            raise Mismatch(f"has a measure with the unknown {key} '{gold[key]}'", newer=True)
    if ("value" in gold) != ("interval" in gold):
        raise Mismatch("has a measure with only one of 'value' and 'interval'")
    if "interval" in gold:
        _check_interval(gold["interval"])
    if "last_doubling" in gold:
        _check(gold["last_doubling"], _GAIN, _NONE, "a measure's last doubling with ")
        _check_interval(gold["last_doubling"]["interval"])
    if "drift" in gold:
        _check(gold["drift"], _DRIFT, _DRIFT_MORE, "a measure's drift with ")
    for counts in gold.get("per_label", {}).values():
        _check(counts, _LABEL_COUNTS, _NONE, "a label's measures with ")
    if not all(_is_measure(value) for value in gold.get("more", {}).values()):
        raise Mismatch("has a measure whose 'more' values are not numbers with three decimals")
    if not all(type(bound) is float and abs(bound) < _INFINITE for bound in gold.get("bounds", {}).values()):
        raise Mismatch("has a measure whose bounds are not numbers")


def _check_interval(interval: Any) -> None:
    if len(interval) != 2 or not all(_is_measure(end) for end in interval):
        raise Mismatch("has a measure whose interval is not two numbers with three decimals")


_CHECKS_2: Final[Mapping[str, Callable[[Any], None]]] = {
    "corrections": _check_corrections,
    "gold": _check_gold,
    "parts": _check_parts,
    "published": _check_published,
    "sampled": _check_sampled,
    "tokens": _check_tokens,
}


# -- any object ----------------------------------------------------------------------------------------------------


def _check(fields: Any, must: _Table, may: _Table, what: str) -> None:
    if type(fields) is not dict:
        raise Mismatch(f"has {what}a value that is not an object")
    for key, value in fields.items():
        types = must.get(key) or may.get(key)
        if types is None:
            raise Mismatch(f"has {what}the unknown key '{key}'", key=key, newer=True)
        if type(value) not in types or (type(value) is int and not 0 <= value <= _MOST):
            raise Mismatch(f"has {what}an invalid value of '{key}'", key=key)
        if type(value) is float and not _is_measure(value):
            raise Mismatch(f"has {what}a value of '{key}' that is not rounded to three decimals", key=key)
    for key in must:
        if key not in fields:
            raise Mismatch(f"has {what}no '{key}'", key=key)


def _check_texts(fields: Mapping[str, Any], key: str, what: str) -> None:
    if not _are_texts(fields.get(key, ())):
        raise Mismatch(f"has {what}")


def _are_texts(values: Iterable[Any]) -> bool:
    return set(map(type, values)) <= {str}


def _is_measure(value: Any) -> bool:
    """Whether `value` is written like a measure: finite, with three decimals, and not -0.0."""
    return type(value) is float and abs(value) < _INFINITE and repr(value) == repr(rounded(value))


def needs_version_2(entry: Entry) -> bool:
    """Whether `entry` has values for which a lock of version 1 has no key."""
    return (
        bool(entry.gold or entry.corrections or entry.published or entry.parts or entry.sampled or entry.tokens)
        or (entry.labelling is not None and bool(entry.labelling.approximate or entry.labelling.superseded))
        or any(job.approximate or job.owed or job.sampled or job.superseded or job.tokens for job in entry.jobs)
    )

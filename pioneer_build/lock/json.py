"""An entry of the lock as JSON values, both ways, and JSON values as text. docs/lock.md has the table of the keys.

Keys with their default value are omitted. Keys of version 2 are written only if they have other values. The text is in
UTF-8; a value with a lone surrogate, which UTF-8 can't have, is written in ASCII.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import MISSING
from typing import TYPE_CHECKING, Any

from pioneer_build.lock.gold import Drift, Gain, GoldMeasure, LabelCounts
from pioneer_build.lock.model import (
    Corrections,
    Entry,
    Job,
    Labelling,
    LabelSample,
    Part,
    Parts,
    Publication,
    Rejection,
    Tokens,
    digest_of,
)
from pioneer_build.lock.schema import needs_version_2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


# -- writing -------------------------------------------------------------------------------------------------------


def entry_value(entry: Entry) -> dict[str, Any]:
    """`entry` as JSON values, keys sorted, with the digest as the last key."""
    value: dict[str, Any] = {
        "base_name": entry.base_name,
        "content": entry.content,
        "definition": entry.definition,
        "examples": entry.examples,
        "fingerprint": entry.fingerprint,
        "jobs": [_job_value(job) for job in entry.jobs],
        "remote_name": entry.remote_name,
        "state": entry.state,
        "task_type": entry.task_type,
    }
    if entry.checks:
        value["checks"] = entry.checks
    if entry.labelling is not None:
        value["labelling"] = _said(entry.labelling)
    if entry.rejection is not None:
        value["rejection"] = _said(entry.rejection)
    if entry.num_examples is not None:
        value["num_examples"] = entry.num_examples
    if entry.on_change != "new_name":
        value["on_change"] = entry.on_change
    if entry.paid:
        value["paid"] = dict(entry.paid)
    if entry.protect:
        value["protect"] = True
    if needs_version_2(entry):
        value |= _version_2(entry)
    ordered: dict[str, Any] = _sorted(value)
    ordered["digest"] = entry_digest(entry.dataset_name, entry.backend, ordered)
    return ordered


def _version_2(entry: Entry) -> dict[str, Any]:
    """The keys of an entry that version 1 doesn't have."""
    value: dict[str, Any] = {}
    if entry.gold is not None:
        value["gold"] = _gold_value(entry.gold)
    if entry.parts is not None:
        value["parts"] = {**_said(entry.parts), "made_of": [_said(part) for part in entry.parts.made_of]}
    if entry.published:
        value["published"] = [_said(record) for record in entry.published]
    if entry.tokens:
        value["tokens"] = {name: _said(tokens) for name, tokens in entry.tokens}
    for name in ("corrections", "sampled"):
        if (found := getattr(entry, name)) is not None:
            value[name] = _said(found)
    return value


def _job_value(job: Job) -> dict[str, Any]:
    value: dict[str, Any] = {
        "asked": job.asked,
        "fingerprint": job.fingerprint,
        "got": job.got,
        "job_id": job.job_id,
        "order": job.order,
        "remote_name": job.remote_name,
        "rows": job.rows,
        "state": job.state,
        "verified": job.verified,
        "version": job.version,
    }
    for name in ("inferred", "top_up", "deleted", "owed", "sampled", "superseded"):
        if getattr(job, name):
            value[name] = True
    for name in ("quarantined", "revision", "reason"):
        if (extra := getattr(job, name)) is not None:
            value[name] = extra
    for name in ("submissions", "approximate"):
        if words := getattr(job, name):
            value[name] = list(words)
    if job.tokens is not None:
        value["tokens"] = _said(job.tokens)
    return value


def _gold_value(gold: GoldMeasure) -> dict[str, Any]:
    """A measure as JSON values."""
    value = _said(gold)
    if gold.per_label:
        value["per_label"] = {
            counts.label: {"n": counts.n, "predicted": counts.predicted, "right": counts.right}
            for counts in gold.per_label
        }
    for name in ("last_doubling", "drift"):
        if (found := getattr(gold, name)) is not None:
            value[name] = _said(found)
    return value


def _said(value: Any) -> dict[str, Any]:
    """The fields of `value` that don't have their default value; tuples as lists."""
    defaults = _DEFAULTS[type(value)]
    said = ((name, getattr(value, name)) for name in value.__slots__)
    return {
        name: list(one) if isinstance(one, tuple) else one
        for name, one in said
        if name not in defaults or one != defaults[name]
    }


def _defaults(fields: Iterable[dataclasses.Field[Any]]) -> dict[str, Any]:
    """The default values of fields of a dataclass."""
    found: dict[str, Any] = {}
    for field in fields:
        if field.default is not MISSING:
            found[field.name] = field.default
        elif field.default_factory is not MISSING:
            found[field.name] = field.default_factory()
    return found


_DEFAULTS: Mapping[type, Mapping[str, Any]] = {
    kind: _defaults(dataclasses.fields(kind))
    for kind in (
        Corrections, Drift, Gain, GoldMeasure, Labelling, LabelSample, Part, Parts, Publication, Rejection, Tokens,
    )
}  # fmt: skip


def _sorted(value: Any) -> Any:
    """`value` with the keys of every object sorted."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return [_sorted(item) for item in value]
    return value


def entry_digest(name: str, backend: str, value: Mapping[str, Any]) -> str:
    """The digest at the end of an entry: `sha256:` and 64 hexadecimal digits.

    Args:
        name: the dataset's name.
        backend: the backend, as named in the lock.
        value: the entry as JSON values; its own `digest` is ignored.
    """
    facts = {key: item for key, item in value.items() if key != "digest"}
    return digest_of({"backend": backend, "dataset_name": name, "entry": facts})


# -- reading -------------------------------------------------------------------------------------------------------


def entry_of(name: str, backend: str, fields: Mapping[str, Any]) -> Entry:
    """The entry of JSON values that `entry_value` returned.

    Args:
        name: the dataset's name.
        backend: the backend, as named in the lock.
        fields: the values; `schema.check_entry` has checked them.
    """
    labelling, rejection, paid = fields.get("labelling"), fields.get("rejection"), fields.get("paid")
    return Entry(
        name,
        backend,
        fields["task_type"],
        fields["definition"],
        fields["base_name"],
        fields.get("num_examples"),
        tuple([_job(job) for job in fields["jobs"]]),
        Labelling(**_with_tuples(labelling, ("unsupported", "approximate"))) if labelling is not None else None,
        Rejection(**rejection) if rejection is not None else None,
        tuple(sorted(paid.items())) if paid else (),
        fields.get("protect", False),
        fields.get("on_change", "new_name"),
        fields.get("checks", {}),
        fields["state"] == "forgotten",
        fields["fingerprint"],
        **(_more(fields) if fields.keys() & _READ.keys() else {}),
    )


def _more(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: read(fields[name]) for name, read in _READ.items() if name in fields}


def _job(fields: Mapping[str, Any]) -> Job:
    if "submissions" in fields or "approximate" in fields or "tokens" in fields:
        fields = _with_tuples(fields, ("submissions", "approximate"))
        if "tokens" in fields:
            fields["tokens"] = Tokens(**fields["tokens"])
    return Job(**fields)


def _with_tuples(fields: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """`fields` with the lists of `names` as tuples."""
    return {**fields, **{name: tuple(fields[name]) for name in names if name in fields}}


def _gold(fields: Mapping[str, Any]) -> GoldMeasure:
    value = _with_tuples(fields, ("interval",))
    value["per_label"] = tuple(LabelCounts(label, **counts) for label, counts in fields.get("per_label", {}).items())
    if "last_doubling" in fields:
        value["last_doubling"] = Gain(**_with_tuples(fields["last_doubling"], ("interval",)))
    if "drift" in fields:
        value["drift"] = Drift(**fields["drift"])
    return GoldMeasure(**value)


def _parts(fields: Mapping[str, Any]) -> Parts:
    return Parts(**{**fields, "made_of": tuple(Part(**part) for part in fields["made_of"])})


def _published(records: Iterable[Mapping[str, Any]]) -> tuple[Publication, ...]:
    return tuple(Publication(**_with_tuples(record, ("submissions",))) for record in records)


def _tokens(fields: Mapping[str, Mapping[str, int]]) -> tuple[tuple[str, Tokens], ...]:
    return tuple((name, Tokens(**tokens)) for name, tokens in sorted(fields.items()))


#: The keys of an entry that version 1 doesn't have, and the function that reads each of them.
_READ: Mapping[str, Callable[[Any], object]] = {
    "corrections": lambda fields: Corrections(**fields),
    "gold": _gold,
    "parts": _parts,
    "published": _published,
    "sampled": lambda fields: LabelSample(**fields),
    "tokens": _tokens,
}


# -- text ----------------------------------------------------------------------------------------------------------


def quoted(text: str) -> str:
    """`text` as a JSON string, as written in a lock."""
    return as_json(text)


def as_json(value: object, indent: int | None = None) -> str:
    """`value` as JSON, with letters outside of ASCII unescaped, unless a lone surrogate is in it."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # from a message of a service
        return json.dumps(value, indent=indent)
    return text

"""The bytes of `pioneer.lock`, in and out.

The same facts always give the same bytes: JSON, two-space indent, sorted, no clock, path, host or version of this
tool. Every entry ends with a digest of itself, so that a hand edit, or a line-wise mix of two entries, is found.
There is no digest over the file, so that two branches which touch different datasets merge.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from pioneer_build.errors import LockError
from pioneer_build.lock.model import Entry, Job, Labelling, Lock, Rejection, digest_of
from pioneer_build.lock.schema import Mismatch, check_entry

if TYPE_CHECKING:
    from collections.abc import Mapping

LOCK_VERSION: Final = 1

RESTORE: Final = "restore it from git (`git checkout HEAD -- pioneer.lock`), then run `pioneer-build apply`"
_UPGRADE = "upgrade pioneer-build; the lock was left as it is"


# -- out -----------------------------------------------------------------------------------------------------------


def lock_text(lock: Lock, written: dict[tuple[str, str], tuple[Entry, str]] | None = None) -> str:
    """The text of `lock`.

    `written` remembers the text of each entry, so that rewriting a lock of which one entry changed costs one entry;
    pass the same dict each time.
    """
    datasets: dict[str, list[tuple[str, str]]] = {}
    for key in sorted(lock.entries):
        name, backend = key
        entry = lock.entries[key]
        known = written.get(key) if written is not None else None
        if known is not None and known[0] is entry:
            text = known[1]
        else:
            text = _indented(entry_value(entry))
            if written is not None:
                written[key] = (entry, text)
        datasets.setdefault(name, []).append((backend, text))
    if not datasets:
        return f'{{\n  "datasets": {{}},\n  "lock_version": {LOCK_VERSION}\n}}\n'
    blocks = []
    for name, entries in datasets.items():
        inner = ",\n".join(f"      {_quoted(backend)}: {text}" for backend, text in entries)
        blocks.append(f"    {_quoted(name)}: {{\n{inner}\n    }}")
    body = ",\n".join(blocks)
    return f'{{\n  "datasets": {{\n{body}\n  }},\n  "lock_version": {LOCK_VERSION}\n}}\n'


def entry_value(entry: Entry) -> dict[str, Any]:
    """`entry` as JSON values, keys sorted, the digest last."""
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
        labelling = {name: getattr(entry.labelling, name) for name in Labelling.__slots__}
        if not labelling.pop("unsupported"):
            value["labelling"] = labelling
        else:
            value["labelling"] = {**labelling, "unsupported": list(entry.labelling.unsupported)}
    if entry.rejection is not None:
        value["rejection"] = {name: getattr(entry.rejection, name) for name in Rejection.__slots__}
    if entry.num_examples is not None:
        value["num_examples"] = entry.num_examples
    if entry.on_change != "new_name":
        value["on_change"] = entry.on_change
    if entry.paid:
        value["paid"] = dict(entry.paid)
    if entry.protect:
        value["protect"] = True
    ordered: dict[str, Any] = _sorted(value)
    ordered["digest"] = _entry_digest(entry.dataset_name, entry.backend, ordered)
    return ordered


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
    for name in ("inferred", "top_up", "deleted"):
        if getattr(job, name):
            value[name] = True
    for name in ("quarantined", "revision", "reason"):
        if (extra := getattr(job, name)) is not None:
            value[name] = extra
    if job.submissions:
        value["submissions"] = list(job.submissions)
    return value


def _sorted(value: Any) -> Any:
    """`value` with the keys of every object in order."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return [_sorted(item) for item in value]
    return value


def _entry_digest(name: str, backend: str, value: Mapping[str, Any]) -> str:
    facts = {key: item for key, item in value.items() if key != "digest"}
    return digest_of({"backend": backend, "dataset_name": name, "entry": facts})


def _indented(value: Mapping[str, Any]) -> str:
    return _json(value, indent=2).replace("\n", "\n      ")


def _quoted(text: str) -> str:
    return _json(text)


def _json(value: object, indent: int | None = None) -> str:
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # half a surrogate pair, in the words of a service: JSON has an escape for it
        return json.dumps(value, indent=indent)
    return text


# -- in ------------------------------------------------------------------------------------------------------------


def read_lock(text: str, *, trusted: bool = False) -> Lock:
    """The lock that `text` holds.

    `trusted` skips the digests of the entries: for bytes that are known to have been verified before.

    Raises:
        LockError: the text is no lock of a version this tool reads, or an entry isn't what its digest says.
    """
    value = _parsed(text, trusted=trusted)
    if not isinstance(value, dict) or "lock_version" not in value:
        raise LockError("pioneer.lock:1: no lock: 'lock_version' is missing", hint=RESTORE)
    _check_version(text, value["lock_version"])
    datasets = value.get("datasets")
    if not isinstance(datasets, dict):
        raise LockError(f"pioneer.lock:{_line(text, 'datasets', 2)}: 'datasets' is no object", hint=RESTORE)
    if strange := sorted(value.keys() - {"datasets", "lock_version"}):
        raise LockError(f"pioneer.lock:{_line(text, strange[0], 2)}: {_unheard(strange[0])}", hint=_UPGRADE)
    entries: dict[tuple[str, str], Entry] = {}
    for name, backends in datasets.items():
        if not isinstance(backends, dict) or not backends:
            raise LockError(f"pioneer.lock:{_line(text, name, 4)}: '{name}' has no entry", hint=RESTORE)
        for backend, fields in backends.items():
            try:
                if not trusted:
                    check_entry(fields)
                    if fields["digest"] != _entry_digest(name, backend, fields):
                        raise Mismatch("doesn't match its digest: it was edited, or mixed from two entries")
                entries[name, backend] = _entry(name, backend, fields)
            except Mismatch as error:
                where = _line(text, backend, 6, _offset(text, name, 4))
                hint = _UPGRADE if error.newer and _is_whole(name, backend, fields) else RESTORE
                raise LockError(f"pioneer.lock:{where}: the entry of '{name}' ({backend}) {error}", hint=hint) from None
            except (KeyError, TypeError, AttributeError) as error:  # only where bytes were trusted wrongly
                raise LockError(f"pioneer.lock: the entry of '{name}' is damaged ({error})", hint=RESTORE) from None
    return Lock(entries)


def _check_version(text: str, version: object) -> None:
    at = _line(text, "lock_version", 2)
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise LockError(f"pioneer.lock:{at}: lock_version {version!r} is no version", hint=RESTORE)
    if version > LOCK_VERSION:
        raise LockError(
            f"pioneer.lock:{at}: lock_version {version} is newer than this program reads ({LOCK_VERSION})",
            hint=_UPGRADE,
        )


def _is_whole(name: str, backend: str, fields: Mapping[str, Any]) -> bool:
    return fields.get("digest") == _entry_digest(name, backend, fields)


def _unheard(key: str) -> str:
    return f"has a key that this program doesn't know: '{key}'"


def _parsed(text: str, *, trusted: bool) -> Any:
    if not text.strip():
        raise LockError("pioneer.lock:1: the file is empty", hint=RESTORE)
    try:
        if trusted:
            return json.loads(text)
        return json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        cut = "\n" not in text[error.pos :].rstrip()  # it goes wrong in the last line there is
        what = "the file ends too early" if cut else f"no JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        raise LockError(f"pioneer.lock:{error.lineno}:{error.colno}: {what}", hint=RESTORE) from None
    except Mismatch as error:
        key = f"{_quoted(error.key)}:"
        at = text.find(key)
        again = text.find(key, at + 1)
        raise LockError(f"pioneer.lock:{_line_at(text, max(at, again))}: {error}", hint=RESTORE) from None
    except RecursionError:
        raise LockError("pioneer.lock:1: nested too deeply", hint=RESTORE) from None


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise Mismatch(f"'{twice}' is there twice", key=twice)
    return value


def _no_constant(name: str) -> Any:
    raise Mismatch(f"{name} is no JSON", key="")


def _offset(text: str, key: str, indent: int, start: int = 0) -> int:
    """Where the line of a key at this indent begins, from `start` on; -1 where the text is laid out otherwise."""
    return text.find(f"\n{' ' * indent}{_quoted(key)}:", max(start, 0))


def _line(text: str, key: str, indent: int, start: int = 0) -> int:
    at = _offset(text, key, indent, start)
    return _line_at(text, at + 1 if at >= 0 else text.find(_quoted(key), max(start, 0)))


def _line_at(text: str, at: int) -> int:
    return text.count("\n", 0, max(at, 0)) + 1


def _entry(name: str, backend: str, fields: Mapping[str, Any]) -> Entry:
    labelling, rejection, paid = fields.get("labelling"), fields.get("rejection"), fields.get("paid")
    return Entry(
        name,
        backend,
        fields["task_type"],
        fields["definition"],
        fields["base_name"],
        fields.get("num_examples"),
        tuple([_job(job) for job in fields["jobs"]]),
        _labelling(labelling) if labelling is not None else None,
        Rejection(**rejection) if rejection is not None else None,
        tuple(sorted(paid.items())) if paid else (),
        fields.get("protect", False),
        fields.get("on_change", "new_name"),
        fields.get("checks", {}),
        fields["state"] == "forgotten",
        fields["fingerprint"],
    )


def _labelling(fields: Mapping[str, Any]) -> Labelling:
    return Labelling(**{**fields, "unsupported": tuple(fields.get("unsupported", ()))})


def _job(fields: Mapping[str, Any]) -> Job:
    if submissions := fields.get("submissions"):
        return Job(**{**fields, "submissions": tuple(submissions)})
    return Job(**fields)

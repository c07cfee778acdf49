"""The bytes of `pioneer.lock`, in and out.

The same facts always give the same bytes: JSON, two-space indent, sorted, no clock, path, host or version of this
tool. Every entry ends with a digest of itself, so that a hand edit, or a line-wise mix of two entries, is found.
There is no digest over the file, so that two branches which touch different datasets merge.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from pioneer_build.errors import LockError
from pioneer_build.lock.values import Entry, Job, Labelling, Lock, Rejection, digest_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LOCK_VERSION: Final = 1

_MARKERS = ("<<<<<<< ", "=======", ">>>>>>> ", "||||||| ")
_STATES = ("open", "ready", "failed", "rejected", "unknown")
_RESTORE = "restore it from git (`git checkout HEAD -- pioneer.lock`), then run `pioneer-build apply`"


# -- out -----------------------------------------------------------------------------------------------------------


def lock_text(lock: Lock, written: dict[int, tuple[Entry, str]] | None = None) -> str:
    """The text of `lock`.

    `written` remembers the text of entries by identity, so that rewriting a lock of which one entry changed costs
    one entry; pass the same dict each time.
    """
    datasets: dict[str, list[tuple[str, str]]] = {}
    for name, backend in sorted(lock.entries):
        entry = lock.entries[name, backend]
        known = written.get(id(entry)) if written is not None else None
        if known is not None:
            text = known[1]
        else:
            text = _indented(entry_value(entry))
            if written is not None:
                written[id(entry)] = (entry, text)
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
        "definition": dict(sorted(entry.definition.items())),
        "examples": entry.examples,
        "fingerprint": entry.fingerprint,
        "jobs": [_job_value(job) for job in entry.jobs],
        "remote_name": entry.remote_name,
        "state": entry.state,
        "task_type": entry.task_type,
    }
    if entry.checks:
        value["checks"] = dict(entry.checks)
    if entry.deleted:
        value["deleted"] = True
    if entry.labelling is not None:
        value["labelling"] = {name: getattr(entry.labelling, name) for name in Labelling.__slots__}
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
    ordered = dict(sorted(value.items()))
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
    for name in ("inferred", "top_up", "quarantined", "revision", "reason"):
        if extra := getattr(job, name):
            value[name] = extra
    if job.submissions:
        value["submissions"] = list(job.submissions)
    return dict(sorted(value.items()))


def _entry_digest(name: str, backend: str, value: Mapping[str, Any]) -> str:
    facts = {key: item for key, item in value.items() if key != "digest"}
    return digest_of({"backend": backend, "dataset_name": name, "entry": facts})


def _indented(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2).replace("\n", "\n      ")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


# -- in ------------------------------------------------------------------------------------------------------------


def read_lock(text: str, *, trusted: bool = False) -> Lock:
    """The lock that `text` holds.

    `trusted` skips the digests of the entries: for bytes that are known to have been verified before.

    Raises:
        LockError: the text is no lock of a version this tool reads, or an entry isn't what its digest says.
    """
    value = _parsed(text)
    if not isinstance(value, dict) or "lock_version" not in value:
        raise LockError("pioneer.lock:1: no lock: 'lock_version' is missing", hint=_RESTORE)
    version = value["lock_version"]
    at = _line(text, _quoted("lock_version"))
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise LockError(
            f"pioneer.lock:{at}: lock_version {version!r} is no version",
            hint=_RESTORE,
        )
    if version > LOCK_VERSION:
        raise LockError(
            f"pioneer.lock:{at}: lock_version {version} is newer than this program reads ({LOCK_VERSION})",
            hint="upgrade pioneer-build; the lock was left as it is",
        )
    datasets = value.get("datasets")
    if not isinstance(datasets, dict):
        at = _line(text, _quoted("datasets"))
        raise LockError(f"pioneer.lock:{at}: 'datasets' is no object", hint=_RESTORE)
    entries: dict[tuple[str, str], Entry] = {}
    for name, backends in datasets.items():
        if not isinstance(backends, dict) or not backends:
            raise LockError(f"pioneer.lock:{_line(text, _quoted(name))}: '{name}' has no entry", hint=_RESTORE)
        for backend, fields in backends.items():
            try:
                entries[name, backend] = _entry(name, backend, fields, trusted=trusted)
            except _Mismatch as error:
                where = _line(text, _quoted(name))
                raise LockError(
                    f"pioneer.lock:{where}: the entry of '{name}' ({backend}) {error}", hint=_RESTORE
                ) from None
    return Lock(entries)


class _Mismatch(Exception):
    """An entry isn't what it must be; the message goes on after "the entry of …"."""


def _parsed(text: str) -> Any:
    if not text.strip():
        raise LockError("pioneer.lock:1: the file is empty", hint=_RESTORE)
    try:
        return json.loads(text, object_pairs_hook=_no_duplicates)
    except json.JSONDecodeError as error:
        cut = error.pos >= len(text.rstrip())
        what = "the file ends too early" if cut else f"no JSON: {error.msg.lower()}"
        raise LockError(f"pioneer.lock:{error.lineno}:{error.colno}: {what}", hint=_RESTORE) from None
    except _Mismatch as error:
        raise LockError(f"pioneer.lock: {error}", hint=_RESTORE) from None
    except RecursionError:
        raise LockError("pioneer.lock: nested too deeply", hint=_RESTORE) from None


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise _Mismatch(f"'{twice}' is there twice")
    return value


def _line(text: str, needle: str) -> int:
    at = text.find(needle)
    return text.count("\n", 0, at) + 1 if at >= 0 else 1


def _entry(name: str, backend: str, fields: Any, *, trusted: bool) -> Entry:
    if not isinstance(fields, dict):
        raise _Mismatch("is no object")
    if not trusted and fields.get("digest") != _entry_digest(name, backend, fields):
        raise _Mismatch("doesn't match its digest: it was edited, or mixed from two entries")
    try:
        labelling = fields.get("labelling")
        rejection = fields.get("rejection")
        definition = fields["definition"]
        if not isinstance(definition, dict):
            raise _Mismatch("has a definition that is no object")
        return Entry(
            dataset_name=name,
            backend=backend,
            task_type=fields["task_type"],
            definition=definition,
            base_name=fields["base_name"],
            num_examples=fields.get("num_examples"),
            jobs=tuple(_job(job) for job in fields["jobs"]),
            labelling=Labelling(**labelling) if labelling is not None else None,
            rejection=Rejection(**rejection) if rejection is not None else None,
            paid=tuple(sorted(fields.get("paid", {}).items())),
            protect=fields.get("protect", False),
            on_change=fields.get("on_change", "new_name"),
            checks=fields.get("checks", {}),
            forgotten=fields["state"] == "forgotten",
            deleted=fields.get("deleted", False),
            fingerprint=fields["fingerprint"],
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise _Mismatch(f"lacks or misstates a field ({error})") from None


def _job(fields: Mapping[str, Any]) -> Job:
    state = fields["state"]
    if state not in _STATES:
        raise _Mismatch(f"has a job in an unheard-of state ('{state}')")
    return Job(
        fingerprint=fields["fingerprint"],
        remote_name=fields["remote_name"],
        asked=fields["asked"],
        state=state,
        order=fields["order"],
        job_id=fields["job_id"],
        version=fields["version"],
        got=fields["got"],
        rows=fields["rows"],
        verified=fields["verified"],
        inferred=fields.get("inferred", False),
        top_up=fields.get("top_up", False),
        quarantined=fields.get("quarantined"),
        revision=fields.get("revision"),
        reason=fields.get("reason"),
        submissions=tuple(fields.get("submissions", ())),
    )


# -- git's conflict markers ----------------------------------------------------------------------------------------


def is_conflicted(text: str) -> bool:
    """Whether git left conflict markers in `text`."""
    return any(line.startswith(_MARKERS[0]) for line in text.splitlines())


def sides(text: str) -> tuple[str, str]:
    """Our and their side of a text with git's conflict markers (also in the diff3 and zdiff3 styles).

    Raises:
        LockError: the markers don't pair up.
    """
    ours: list[str] = []
    theirs: list[str] = []
    inside: Iterable[list[str]] = (ours, theirs)
    state = "both"
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        if line.startswith(_MARKERS[0]) and state == "both":
            state, inside = "ours", (ours,)
        elif line.startswith(_MARKERS[3]) and state == "ours":
            state, inside = "base", ()
        elif line.rstrip("\n") == _MARKERS[1] and state in ("ours", "base"):
            state, inside = "theirs", (theirs,)
        elif line.startswith(_MARKERS[2]) and state == "theirs":
            state, inside = "both", (ours, theirs)
        elif line.startswith(_MARKERS):
            raise LockError(f"pioneer.lock:{number}: a conflict marker that doesn't pair up", hint=_RESTORE)
        else:
            for side in inside:
                side.append(line)
    if state != "both":
        raise LockError("pioneer.lock: a conflict that doesn't end", hint=_RESTORE)
    return "".join(ours), "".join(theirs)

"""Locks: damaged ones, odd ones with right digests, and the sides of merges."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from pioneer_build.diff.json import change_value
from pioneer_build.diff.locks import diff_locks
from pioneer_build.lock.conflict import with_markers
from pioneer_build.lock.file_text import lock_text, read_entries, read_lock
from pioneer_build.lock.json import entry_digest
from pioneer_build.lock.merge import merge
from pioneer_build.lock.read_files import NOT_IN_INDEX, lock_texts, read_files
from pioneer_build.lock.three_way import merge3
from pioneer_build.operations.dataset_status import dataset_status, training_pair
from pioneer_build.operations.merge_lock import merge_files
from pioneer_build.parse import parse_text
from pioneer_build.plan import Choices, Facts, InputFacts, make_plan
from pioneer_build.plan.json import plan_value
from pioneer_build.plan.merge_choices import choice_texts
from pioneer_build.render.diff import dataset_title
from pioneer_build.render.plan import plan_text
from pioneer_build.render.plan_markdown import plan_markdown
from pioneer_build.render.show import show_text
from pioneer_build.render.status import status_text
from pioneer_build.spec.declared import Declared
from pioneer_build.spec.fingerprint import definition_of, fingerprint_of
from tests.fuzz.mutations import any_value, json_bytes, mutated, mutated_value
from tests.fuzz.target import ROOT, Target
from tests.fuzz.written import specs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from random import Random

    from pioneer_build.lock.model import Lock


@cache
def texts() -> Sequence[bytes]:
    """Good locks."""
    return tuple(path.read_bytes() for path in sorted((ROOT / "tests" / "golden").glob("lock-?-[fs][um]*.lock")))


@cache
def _values() -> Sequence[Any]:
    return tuple(json.loads(text) for text in texts())


@cache
def _declared() -> Sequence[Declared]:
    """Specs of datasets that the locks have, and of others."""
    found = [spec for text in specs() for spec in parse_text(text, "specs/a.yaml").specs]
    for value in _values():
        for name, entries in value["datasets"].items():
            definition = next(iter(entries.values()))["definition"]
            if "inputs" not in definition:
                text = json_bytes({"version": 1, "dataset_name": name, "num_examples": 12, **definition})
                found += parse_text(text, "specs/b.yaml").specs
    by_name = {spec.dataset_name: spec for spec in found}
    return tuple(Declared(one, definition_of(one), fingerprint_of(definition_of(one))) for one in by_name.values())


def lock(random: Random) -> bytes:
    """A lock that is changed somewhere; mostly with right digests all the same."""
    if not random.randrange(3):
        return mutated(random, random.choice(texts()), texts())
    return digested(random, _changed(random))


def _changed(random: Random) -> Any:
    """The value of a lock, with changes in some entries."""
    value = json.loads(random.choice(texts()))
    datasets = value["datasets"]
    for name in random.sample(sorted(datasets), min(len(datasets), random.randrange(1, 4))):
        for backend, entry in datasets[name].items():
            datasets[name][backend] = mutated_value(random, entry)
        if not random.randrange(6):
            datasets[random.choice(("a/b", "", "..", "A", "\ud800", "x" * 300, name.upper()))] = datasets.pop(name)
    return mutated_value(random, value) if not random.randrange(6) else value


def digested(random: Random, value: Any) -> bytes:
    """The text of a lock's value, its digests right where that can be."""
    datasets = value.get("datasets") if isinstance(value, dict) else None
    for name, entries in datasets.items() if isinstance(datasets, dict) else ():
        for backend, entry in entries.items() if isinstance(entries, dict) else ():
            if isinstance(entry, dict):
                try:
                    entry["digest"] = entry_digest(name, backend, entry)
                except (ValueError, TypeError, RecursionError):
                    entry["digest"] = "none"
    text = json_bytes(value, indent=2) + b"\n"
    return mutated(random, text) if not random.randrange(20) else text


def _read_lock(data: bytes, folder: Path) -> None:
    text = _decoded(data)
    if text is None:
        return
    found = read_lock(text)
    assert read_lock(lock_text(found)) == found
    read_entries(text, [name for name, _ in found.entries])
    lock_text(found).encode()
    _use(found)


def _decoded(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None  # said by whoever reads the file


_NOTHING: Any = "not here"
_INPUTS = InputFacts("sha256:" + "0" * 64, texts=20, distinct=19, new=3)


def _use(found: Lock) -> None:
    """Does what commands do with a lock."""
    golden = [read_lock(text.decode()) for text in texts()]
    for other in golden:
        both = merge(found, other)
        assert merge(both, found) == both
    merged = merge3(golden[-2], found, golden[0])
    for choice in merged.choices:
        choice_texts([choice], {"ours": "a", "theirs": "b"})
    lock_text(merged.lock).encode()
    for item in diff_locks(golden[0], found, lambda _: _NOTHING).datasets:
        json.dumps(change_value(item))
        dataset_title(item, with_backend=True)
    show(found)


def show(found: Lock) -> None:
    """Plans with a lock, and shows it."""
    backends = sorted({backend for _, backend in found.entries})[:2] or ["local"]
    declared = {item.name: item for item in _declared()}
    for backend in backends:
        facts = Facts(backend, free=backend == "local", inputs={item.name: _INPUTS for item in _declared()})
        plan = make_plan(_declared(), found, facts, Choices())
        plan_text(plan)
        plan_markdown(plan)
        json.dumps(plan_value(plan))
        steps = {step.dataset_name: step for step in plan.steps}
        values = []
        for (name, its), entry in found.entries.items():
            if its == backend:
                training_pair(entry)
                value = dataset_status(name, backend, entry, declared.get(name), steps.get(name))
                values.append({**value, "definition": entry.definition})
        status_text(values)
        for value in values:
            show_text(value)


def _merge(random: Random) -> bytes:
    base = random.choice(_values())
    sides = [mutated_value(random, base) if random.randrange(3) else _changed(random) for _ in range(3)]
    return b"\0".join([digested(random, side) if random.randrange(12) else lock(random) for side in sides])


def _read_merge(data: bytes, folder: Path) -> None:
    names = ("base", "ours", "theirs")
    for name, side in zip(names, _three(data), strict=True):
        (folder / name).write_bytes(side)
    merge_files(*[folder / name for name in names])
    read_lock((folder / "ours").read_text())


def _three(data: bytes) -> Iterable[bytes]:
    parts = data.split(b"\0")
    return [*parts, b"", b""][:3]


def _conflict(random: Random) -> bytes:
    return _merge(random) if random.randrange(4) else mutated(random, _merge(random))


def _read_conflict(data: bytes, folder: Path) -> None:
    base, ours, theirs = [part.decode("utf-8", "replace") for part in _three(data)]
    text = (
        with_markers(ours, theirs)
        if len(base) % 2
        else f"<<<<<<< a\n{ours}||||||| b\n{base}=======\n{theirs}>>>>>>> c\n"
    )
    found = read_files({"pioneer.lock": text}, NOT_IN_INDEX)
    show(found.lock)
    lock_texts(found.lock, split=True)


def _odd(random: Random) -> bytes:
    """A lock of any JSON values."""
    value = {"datasets": {"a": {"local": any_value(random, 5)}}, "lock_version": random.choice((1, 2, 2, 3, 1.0, "1"))}
    return digested(random, value)


TARGETS = (
    Target("lock", lock, _read_lock, 20),
    Target("odd-lock", _odd, _read_lock, 5),
    Target("merge", _merge, _read_merge),
    Target("conflict", _conflict, _read_conflict),
)

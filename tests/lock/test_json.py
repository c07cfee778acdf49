"""Entries as JSON values, out and in."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import given

from pioneer_build.lock import schema
from pioneer_build.lock.file_text import lock_text
from pioneer_build.lock.json import as_json, entry_digest, entry_of, entry_value, quoted
from pioneer_build.lock.model import Entry, Labelling, Lock, Tokens
from pioneer_build.lock.schema import needs_version_2
from tests.lock.refusals import FIRST, GOLDEN
from tests.lock.strategies import entries, locks
from tests.planning import PROPERTY, entry, job


@PROPERTY
@given(locks())
def test_every_object_is_sorted_and_the_digest_is_last(lock: Lock) -> None:
    def look(value: Any) -> None:
        if isinstance(value, dict):
            keys = [key for key in value if key != "digest"]
            assert keys == sorted(keys)
            assert "digest" not in value or list(value)[-1] == "digest"
            for item in value.values():
                look(item)
        elif isinstance(value, list):
            for item in value:
                look(item)

    look(json.loads(lock_text(lock)))


def keys_of(pattern: str) -> set[str]:
    keys: set[str] = set()

    def look(value: Any) -> None:
        if isinstance(value, dict):
            keys.update(value)
            for item in value.values():
                look(item)
        elif isinstance(value, list):
            for item in value:
                look(item)

    for path in GOLDEN.glob(pattern):
        look(json.loads(path.read_text(encoding="utf-8")))
    return keys


def test_there_are_golden_locks_with_every_key() -> None:
    first = (schema._ENTRY, schema._ENTRY_1, schema._JOB, schema._JOB_1, schema._LABELLING, schema._REJECTION)
    assert set().union(*first) <= keys_of("lock-1*.lock")
    tables = {name: table for name, table in vars(schema).items() if name.isupper() and isinstance(table, dict)}
    second = [table for name, table in tables.items() if name not in ("_WORDS", "_GOLD_WORDS", "_MORE", "_CHECKS_2")]
    assert len(second) > 20
    later = {"ner_examples"}  # of a definition: docs/fingerprint-vectors.json has it
    assert set().union(*second) - {"split"} - later <= keys_of("lock-*.lock")


@PROPERTY
@given(entries())
def test_values_to_entries_and_back(found: Entry) -> None:
    value = json.loads(json.dumps(entry_value(found)))
    assert entry_of("a", "pioneer", value) == found
    assert value["digest"] == entry_digest("a", "pioneer", value)
    assert value["digest"] != entry_digest("b", "pioneer", value)
    assert value["digest"] != entry_digest("a", "local", value)


def test_what_says_nothing_is_left_out() -> None:
    made = Labelling("fp1:1", "sha256:1", 0, 0, 0, 0, 0, "sha256:2")
    value = entry_value(entry(FIRST, job(FIRST, tokens=Tokens(0, 0)), labelling=made))
    assert value["labelling"] == {
        "annotated": 0, "content": "sha256:2", "distinct": 0, "fingerprint": "fp1:1", "inputs": "sha256:1",
        "quarantined": 0, "rows": 0, "texts": 0,
    }  # fmt: skip
    assert value["jobs"][0]["tokens"] == {"input": 0, "output": 0}, "no tokens are not nothing known"
    assert not value.keys() & schema._ENTRY_2.keys()
    assert value["jobs"][0].keys() & schema._JOB_2.keys() == {"tokens"}


def test_each_key_of_version_2_needs_it() -> None:
    full = json.loads((GOLDEN / "lock-2-full.lock").read_text(encoding="utf-8"))["datasets"]
    found = [entry_of(name, backend, fields) for name, known in full.items() for backend, fields in known.items()]
    assert all(map(needs_version_2, found))
    plain = entry(FIRST, job(FIRST))
    assert not needs_version_2(plain)
    for one in found:
        for name in schema._ENTRY_2:
            if getattr(one, name):
                assert needs_version_2(replace(plain, **{name: getattr(one, name)})), name
        for name in schema._JOB_2:
            for known in one.jobs:
                if value := getattr(known, name):
                    assert needs_version_2(entry(FIRST, job(FIRST, **{name: value}))), name
        if one.labelling is not None:
            bare = replace(one.labelling, approximate=(), superseded=0)
            assert not needs_version_2(replace(plain, labelling=bare))
            assert needs_version_2(replace(plain, labelling=replace(bare, superseded=1)))
            assert needs_version_2(replace(plain, labelling=replace(bare, approximate=("x",))))


def test_letters_stand_for_themselves() -> None:
    assert quoted("é\u2028") == '"é\u2028"'


def test_with_a_lone_surrogate_it_is_in_ascii() -> None:
    assert as_json(["é", "\ud83d"]) == '["\\u00e9", "\\ud83d"]'

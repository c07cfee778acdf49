"""What an entry must look like, key by key."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from pioneer_build.lock import schema
from pioneer_build.lock.file_text import lock_text, read_lock
from pioneer_build.lock.json import entry_digest, entry_value
from tests.lock.refusals import FIRST, GOLDEN, TEXT, changed, refusal
from tests.planning import entry, job


def test_keys_of_a_later_version_are_refused_and_not_dropped() -> None:
    error = refusal(changed(colour="red"))
    assert "the unknown key 'colour'" in error.message
    assert "upgrade" in str(error.hint)
    assert error.message.startswith("pioneer.lock:4:")
    value = json.loads(TEXT)
    value["extra"] = 1
    assert "'extra'" in refusal(json.dumps(value)).message
    assert "upgrade" in str(refusal(changed(state="dreaming")).hint)
    assert "upgrade" in str(refusal(changed(task_type="records")).hint)
    edited = TEXT.replace('"num_examples": 7', '"num_exmaples": 7')
    assert "git checkout" in str(refusal(edited).hint), "without its digest it is a hand edit"


READY = entry_value(entry(FIRST, job(FIRST, 1)))["jobs"][0]


@pytest.mark.parametrize(
    "changes",
    [
        {"jobs": {}}, {"jobs": [1]}, {"jobs": None}, {"examples": "7"}, {"examples": -1}, {"examples": True},
        {"definition": []}, {"definition": None}, {"base_name": 1}, {"content": 5}, {"protect": 1},
        {"paid": {"x": "1"}}, {"paid": []}, {"checks": []}, {"labelling": {}}, {"labelling": []},
        {"rejection": {"state": "odd"}},
        {"rejection": {"fingerprint": "f", "inputs": "i", "reason": "r", "state": "odd"}}, {"on_change": "maybe"},
        {"jobs": [{**READY, "state": "lost"}]}, {"jobs": [{**READY, "asked": None}]}, {"jobs": [{**READY, "x": 1}]},
        {"jobs": [{**READY, "submissions": [1]}]}, {"jobs": [{key: READY[key] for key in READY if key != "order"}]},
        {"num_examples": 1.5}, {"fingerprint": None}, {"digest": None, "state": 3},
        {"num_examples": 2**63}, {"paid": {"x": 2**63}}, {"paid": {"x": -1}}, {"jobs": [{**READY, "asked": 2**63}]},
        {"definition": {"labels": "x"}}, {"definition": {"labels": [1]}}, {"definition": {"domain_description": 1}},
        {"definition": {"task_type": None}}, {"definition": {"prompt": []}},
        {"definition": {"ner_examples": [{"text": "x"}]}}, {"definition": {"ner_examples": ["x"]}},
        {"definition": {"ner_examples": [{"text": "x", "entities": [["x"]]}]}},
        {"definition": {"ner_examples": [{"text": "x", "entities": [["x", 1]]}]}},
        {"definition": {"classified_examples": ["x"]}}, {"definition": {"classified_examples": [{"text": 1}]}},
    ],
    ids=str,
)  # fmt: skip
def test_what_an_entry_must_be(changes: dict[str, Any]) -> None:
    assert "the entry of 'aa' (pioneer) " in refusal(changed(**changes)).message


def test_the_largest_count() -> None:
    assert read_lock(changed(num_examples=2**63 - 1, paid={"x": 2**63 - 1}))


@pytest.mark.parametrize("key", [*schema._ENTRY_2, *schema._JOB_2])
def test_a_key_of_version_2_below_version_1_is_read_if_the_entry_is_whole(key: str) -> None:
    """Git merges the line of the version apart from the entries: docs/lock.md."""
    value = json.loads((GOLDEN / "lock-2-full.lock").read_text(encoding="utf-8"))
    (name, backends) = next(
        (name, backends)
        for name, backends in value["datasets"].items()
        if any(key in fields or any(key in job for job in fields["jobs"]) for fields in backends.values())
    )
    value = {"datasets": {name: backends}, "lock_version": 1}
    right = {**value, "lock_version": 2}
    found = read_lock(json.dumps(value))
    assert found == read_lock(json.dumps(right))
    assert json.loads(lock_text(found))["lock_version"] == 2, "that is what is written"
    (fields,) = backends.values()
    fields["base_name"] = "edited"
    error = refusal(json.dumps(value, indent=2))
    assert "git checkout" in str(error.hint), "without its digest it is a hand edit, or a mixture"


@pytest.mark.parametrize("version", [1, 2])
def test_a_key_of_a_version_that_is_not_known_yet_is_refused_below_any(version: int) -> None:
    owed = {**READY, "owed": True}
    for key, text in (("x", changed(jobs=[{**owed, "x": 1}])), ("colour", changed(jobs=[owed], colour="red"))):
        error = refusal(text.replace('"lock_version": 1', f'"lock_version": {version}'))
        assert f"the unknown key '{key}'" in error.message
        assert "upgrade" in str(error.hint)
    assert "invalid value of 'owed'" in refusal(changed(jobs=[{**READY, "owed": 1}])).message


FULL = json.loads((GOLDEN / "lock-2-full.lock").read_text(encoding="utf-8"))["datasets"]
SAMPLED, PARTS = FULL["early"]["local"]["sampled"], FULL["training"]["local"]["parts"]
(PEOPLE,) = FULL["people"].values()
GOLD, CORRECTIONS, PUBLISHED = PEOPLE["gold"], PEOPLE["corrections"], PEOPLE["published"]
MADE = FULL["tickets"]["local"]["labelling"]


def in_version_2(**changes: Any) -> str:
    return changed(**changes).replace('"lock_version": 1', '"lock_version": 2')


def without(value: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: item for key, item in value.items() if key not in keys}


def test_every_key_of_version_2_in_one_entry() -> None:
    changes = {"corrections": CORRECTIONS, "gold": GOLD, "parts": PARTS, "published": PUBLISHED, "sampled": SAMPLED}
    tokens = {"fp1:x": {"input": 1, "output": 0}}
    more = {"approximate": ["x"], "owed": True, "sampled": True, "superseded": True, "tokens": tokens["fp1:x"]}
    text = in_version_2(**changes, tokens=tokens, labelling=MADE, jobs=[{**READY, **more}])
    (found,) = (entry for (name, _), entry in read_lock(text).entries.items() if name == "aa")
    assert entry_value(found)["gold"] == GOLD
    assert entry_value(found)["jobs"][0]["approximate"] == ["x"]


@pytest.mark.parametrize(
    "changes",
    [
        *({key: value} for key in schema._ENTRY_2 for value in (None, 1, "x", True)),
        *({key: {"x": 1}} for key in schema._ENTRY_2),
        *({"corrections": without(CORRECTIONS, key)} for key in CORRECTIONS),
        {"corrections": {**CORRECTIONS, "stale": -1}}, {"corrections": {**CORRECTIONS, "x": 1}},
        *({"sampled": without(SAMPLED, key)} for key in SAMPLED), {"sampled": {**SAMPLED, "rows": 1.0}},
        *({"parts": without(PARTS, key)} for key in PARTS), {"parts": {**PARTS, "made_of": [1]}},
        {"parts": {**PARTS, "made_of": [{"content": "x", "offered": 1, "rows": 1}]}},
        {"parts": {**PARTS, "made_of": [{**PARTS["made_of"][0], "path": "x"}]}},
        {"parts": {**PARTS, "made_of": [{**PARTS["made_of"][0], "x": 1}]}},
        {"published": [1]}, {"published": [{**PUBLISHED[1], "state": "rejected"}]},
        {"published": [{**PUBLISHED[1], "version": None}]}, {"published": [{**PUBLISHED[1], "x": 1}]},
        {"published": [without(PUBLISHED[1], "version")]}, {"published": [{**PUBLISHED[0], "submissions": [1]}]},
        *({"published": [without(PUBLISHED[1], key)]} for key in ("content", "remote_name", "rows", "state")),
        {"tokens": {"fp1:x": 1}}, {"tokens": {"fp1:x": {"input": 1}}},
        {"tokens": {"fp1:x": {"input": 1, "output": 1.5}}},
        {"labelling": {**MADE, "superseded": -1}}, {"labelling": {**MADE, "approximate": [1]}},
        {"labelling": {**MADE, "approximate": "x"}}, {"labelling": {**MADE, "unsupported": [1]}},
        *({"jobs": [{**READY, key: value}]} for key in schema._JOB_2 for value in (1, "x", None, {"input": 1})),
        {"jobs": [{**READY, "approximate": [1]}]},
        *({"gold": without(GOLD, key)} for key in schema._GOLD), {"gold": without(GOLD, "interval")},
        {"gold": without(GOLD, "value")}, {"gold": {**GOLD, "kind": "odd"}}, {"gold": {**GOLD, "metric": "odd"}},
        {"gold": {**GOLD, "x": 1}}, {"gold": {**GOLD, "interval": [0.1]}}, {"gold": {**GOLD, "interval": [0.1, 1]}},
        {"gold": {**GOLD, "value": 1}}, {"gold": {**GOLD, "value": 0.1234}}, {"gold": {**GOLD, "value": -0.0}},
        {"gold": {**GOLD, "value": 1e999}}, {"gold": {**GOLD, "kappa": None}}, {"gold": {**GOLD, "contamination": 0.5}},
        {"gold": {**GOLD, "bounds": {"min_f1": 1}}}, {"gold": {**GOLD, "bounds": {"min_f1": -1e999}}},
        {"gold": {**GOLD, "more": {"x": 0.12345}}}, {"gold": {**GOLD, "more": {"x": "y"}}},
        {"gold": {**GOLD, "per_label": {"x": {"n": 1, "predicted": 1}}}}, {"gold": {**GOLD, "per_label": {"x": 1}}},
        {"gold": {**GOLD, "last_doubling": {"value": 0.1}}}, {"gold": {**GOLD, "drift": {"was": 0.1}}},
        {"gold": {**GOLD, "last_doubling": {"value": 0.1, "interval": [0.1, 0.1, 0.1]}}},
        {"gold": {**GOLD, "drift": {"was": 0.1, "content": "x", "p": 2}}},
    ],
    ids=str,
)  # fmt: skip
def test_what_the_keys_of_version_2_must_be(changes: dict[str, Any]) -> None:
    if None in changes.values():
        value = json.loads(in_version_2())
        fields = value["datasets"]["aa"]["pioneer"]
        fields |= changes
        fields["digest"] = entry_digest("aa", "pioneer", fields)
        text = json.dumps(value, indent=2)
    else:
        text = in_version_2(**changes)
    text = text.replace("Infinity", "1e999")
    assert "the entry of 'aa' (pioneer) has " in refusal(text).message


def test_words_of_a_later_version_are_no_damage() -> None:
    for changes in (
        {"gold": {**GOLD, "kind": "odd"}},
        {"gold": {**GOLD, "x": 1}},
        {"published": [{**PUBLISHED[1], "state": "odd"}]},
        {"jobs": [{**READY, "x": 1}]},
    ):
        assert "upgrade" in str(refusal(in_version_2(**changes)).hint)


def test_the_table_of_the_docs_has_every_key() -> None:
    page = (GOLDEN.parent.parent / "docs" / "lock.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+)`", page))
    for name, table in vars(schema).items():
        others = ("_MORE", "_CHECKS_2", "_WORDS", "_GOLD_WORDS", "_DEFINITION")
        if name.isupper() and isinstance(table, dict) and name not in others:
            assert table.keys() <= named, name
    for key in (*schema._ENTRY_2, *schema._JOB_2, *schema._LABELLING_2):
        assert re.search(rf"^(\| .*)?`{key}`°?²", page, re.MULTILINE), f"{key} is marked as of version 2"

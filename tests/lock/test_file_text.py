"""The bytes of `pioneer.lock`, in and out."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.errors import LockError
from pioneer_build.lock import file_text, schema
from pioneer_build.lock.file_text import lock_text, read_lock
from pioneer_build.lock.model import Entry, Lock
from pioneer_build.lock.schema import needs_version_2
from tests.lock.refusals import FIRST, GOLDEN, TEXT, changed, refusal
from tests.lock.strategies import entries, locks
from tests.planning import PROPERTY, declared, entry, generate_spec, job, label_spec, lock_of

if TYPE_CHECKING:
    from pathlib import Path

#: Whole locks, of every version.
LOCKS = sorted(path for path in GOLDEN.glob("lock-*.lock") if path.stem != "lock-2-split")


@PROPERTY
@given(locks())
def test_lock_to_text_to_lock_is_the_identity(lock: Lock) -> None:
    text = lock_text(lock)
    assert read_lock(text) == lock
    assert read_lock(text, trusted=True) == lock
    assert lock_text(read_lock(text)) == text
    text.encode("utf-8")


@PROPERTY
@given(locks(), st.randoms())
def test_the_order_of_what_is_known_is_irrelevant(lock: Lock, random: Any) -> None:
    mixed = list(lock.entries.items())
    random.shuffle(mixed)
    assert lock_text(Lock(dict(mixed))) == lock_text(lock)


@PROPERTY
@given(locks())
def test_rewriting_costs_what_changed(lock: Lock) -> None:
    written: dict[tuple[str, str], tuple[Entry, str]] = {}
    assert lock_text(lock, written) == lock_text(lock)
    assert lock_text(lock, written) == lock_text(lock)
    smaller = Lock(dict(list(lock.entries.items())[1:]))
    assert lock_text(smaller, written) == lock_text(smaller)


@PROPERTY
@given(locks(), st.data())
def test_an_entry_that_changed_is_written_as_it_is_now(lock: Lock, data: st.DataObject) -> None:
    written: dict[tuple[str, str], tuple[Entry, str]] = {}
    lock_text(lock, written)
    if lock.entries:
        changed_key = data.draw(st.sampled_from(sorted(lock.entries)))
        one = lock.entries[changed_key]
        lock = lock.with_entries([replace(one, forgotten=not one.forgotten)])
    assert lock_text(lock, written) == lock_text(lock)


def test_the_text_of_an_entry_that_did_not_change_is_not_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = (entry(declared(generate_spec(name))) for name in "ab")
    written: dict[tuple[str, str], tuple[Entry, str]] = {}
    lock_text(lock_of(one, other), written)
    made: list[Entry] = []
    whole = file_text.entry_value
    monkeypatch.setattr(file_text, "entry_value", lambda item: made.append(item) or whole(item))
    changed_one = replace(one, protect=True)
    lock_text(lock_of(changed_one, other), written)
    assert made == [changed_one]


@PROPERTY
@given(locks())
def test_version_2_is_written_only_where_a_key_of_it_is_used(lock: Lock) -> None:
    used = any(needs_version_2(entry) for entry in lock.entries.values())
    text = lock_text(lock)
    assert json.loads(text)["lock_version"] == (2 if used else 1)
    plain = Lock({key: entry for key, entry in lock.entries.items() if not needs_version_2(entry)})
    assert json.loads(lock_text(plain))["lock_version"] == 1
    later = [*schema._ENTRY_2, *schema._JOB_2]  # what labellings may have is among those of jobs
    assert not [key for key in later if f'"{key}":' in lock_text(plain)]


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_golden_locks_are_read_and_written_byte_for_byte(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lock = read_lock(text)
    assert lock_text(lock) == text
    assert read_lock(text, trusted=True) == lock


# -- what is refused -----------------------------------------------------------------------------------------------


@PROPERTY
@given(st.integers(1, len(TEXT) - 2))
def test_every_truncation_is_found(end: int) -> None:
    error = refusal(TEXT[:end])
    line = int(error.message.split(":")[1])
    assert 1 <= line <= TEXT[:end].count("\n") + 1
    assert "is truncated" in error.message or not TEXT[:end].strip()


@PROPERTY
@given(st.integers(0, len(TEXT.split("\n")) - 2))
def test_every_line_that_is_lost_is_found(number: int) -> None:
    lines = TEXT.split("\n")
    del lines[number]
    refusal("\n".join(lines))


@PROPERTY
@given(st.integers(0, len(TEXT) - 2), st.sampled_from('0a"{}[],:x '))
def test_every_letter_that_is_changed_is_found(at: int, letter: str) -> None:
    edited = TEXT[:at] + letter + TEXT[at + 1 :]
    if json_or_none(edited) != json.loads(TEXT):
        refusal(edited)


def json_or_none(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def test_a_hand_edit_names_entry_and_line() -> None:
    edited = TEXT.replace('"num_examples": 7', '"num_examples": 8')
    error = refusal(edited)
    second = TEXT.index('\n    "bb"')
    line = TEXT[: TEXT.index('"pioneer": {', second)].count("\n") + 1
    assert error.message.startswith(f"pioneer.lock:{line}: the entry of 'bb' (pioneer) doesn't match its digest")
    assert "git checkout" in str(error.hint)


@PROPERTY
@given(entries(), entries())
def test_a_line_wise_mix_of_two_records_is_found(a: Entry, b: Entry) -> None:
    one, other = (lock_text(Lock({("a", "pioneer"): item})).split("\n") for item in (a, b))
    if len(one) != len(other) or one == other:
        return
    for number in range(len(one)):
        mixed = [*one[:number], *other[number:]]
        if mixed[:-4] in (one[:-4], other[:-4]):  # the version is below the entry, which is whole
            assert read_lock("\n".join(mixed)).entries["a", "pioneer"] == (a if mixed[:-4] == one[:-4] else b)
        else:
            refusal("\n".join(mixed))


def test_a_line_wise_mix_of_two_jobs_is_found() -> None:
    a = lock_text(lock_of(entry(FIRST, job(FIRST, 1)))).split("\n")
    b = lock_text(lock_of(entry(FIRST, job(FIRST, 2, order=0)))).split("\n")
    found = 0
    for number in range(1, len(a)):
        mixed = "\n".join([*a[:number], *b[number:]])
        if mixed not in ("\n".join(a), "\n".join(b)):
            refusal(mixed)
            found += 1
    assert found > 5


def test_an_entry_under_another_name_is_found() -> None:
    assert "doesn't match its digest" in refusal(TEXT.replace('    "bb": {', '    "cc": {')).message


def test_an_older_version_is_read_where_a_newer_one_would_do() -> None:
    """A lock of version 2 that has none of its keys any more is version 1 with the next write."""
    assert lock_text(read_lock(TEXT.replace('"lock_version": 1', '"lock_version": 2'))) == TEXT


def test_an_entry_that_is_no_object() -> None:
    for fields in ("1", "[]", "null", '{"pioneer": 1}', "{}"):
        refusal(f'{{"datasets": {{"aa": {fields}}}, "lock_version": 1}}')
    odd = refusal('{"datasets": {"aa": {"pioneer": 1}}, "lock_version": 1}')
    assert odd.message == "pioneer.lock:1: the entry of 'aa' (pioneer) is not an object"


def test_bytes_that_were_trusted_wrongly_are_an_error_all_the_same() -> None:
    with pytest.raises(LockError):
        read_lock('{"datasets": {"aa": {"local": {}}}, "lock_version": 1}', trusted=True)


def test_nothing_secret_and_no_host_is_written() -> None:
    item = declared(label_spec("t", texts=("a secret text",)))
    text = lock_text(lock_of(entry(item)))
    assert "secret" not in text


def test_a_definition_that_no_spec_can_have() -> None:
    text = changed(definition={"task_type": "ner", "labels": ["\ud800"]}, fingerprint="")
    assert "the entry of 'aa' (pioneer) has a definition with a lone surrogate" in refusal(text).message

"""The bytes of `pioneer.lock`, in and out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.errors import LockError
from pioneer_build.lock.model import Entry, Lock, digest_of
from pioneer_build.lock.text import entry_value, lock_text, read_lock
from tests.lock.strategies import entries, locks
from tests.planning import PROPERTY, declared, entry, generate_spec, job, label_spec, lock_of

GOLDEN = Path(__file__).parent.parent / "golden"


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


@PROPERTY
@given(locks())
def test_rewriting_costs_what_changed(lock: Lock) -> None:
    written: dict[tuple[str, str], tuple[Entry, str]] = {}
    assert lock_text(lock, written) == lock_text(lock)
    assert lock_text(lock, written) == lock_text(lock)
    smaller = Lock(dict(list(lock.entries.items())[1:]))
    assert lock_text(smaller, written) == lock_text(smaller)


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("lock-1*.lock")), ids=lambda path: path.stem)
def test_golden_locks_are_read_and_written_byte_for_byte(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lock = read_lock(text)
    assert lock_text(lock) == text
    assert read_lock(text, trusted=True) == lock


def test_there_are_golden_locks_with_every_key() -> None:
    keys: set[str] = set()

    def look(value: Any) -> None:
        if isinstance(value, dict):
            keys.update(value)
            for item in value.values():
                look(item)
        elif isinstance(value, list):
            for item in value:
                look(item)

    for path in GOLDEN.glob("lock-1*.lock"):
        look(json.loads(path.read_text(encoding="utf-8")))
    from pioneer_build.lock import schema as shape

    tables = (shape._ENTRY, shape._ENTRY_MORE, shape._JOB, shape._JOB_MORE, shape._LABELLING, shape._REJECTION)
    assert set().union(*tables) <= keys


# -- what is refused -----------------------------------------------------------------------------------------------

FIRST, SECOND = declared(generate_spec("aa")), declared(generate_spec("bb", num_examples=7))
TEXT = lock_text(lock_of(entry(FIRST, job(FIRST, 1)), entry(SECOND, job(SECOND, 2))))


def refusal(text: str) -> LockError:
    with pytest.raises(LockError) as caught:
        read_lock(text)
    assert caught.value.hint
    return caught.value


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_no_lock_at_all() -> None:
    assert refusal("").message == "pioneer.lock:1: the file is empty"
    assert refusal(" \n\n").message == "pioneer.lock:1: the file is empty"
    assert "lock_version" in refusal("[]").message
    assert "lock_version" in refusal("{}").message
    assert "nested too deeply" in refusal("[" * 200_000).message
    assert refusal('{\n  "lock_version": 1,\n  "datasets": []\n}').message.startswith("pioneer.lock:3:")
    assert refusal('{"lock_version": NaN, "datasets": {}}').message.startswith("pioneer.lock:1: NaN")


@PROPERTY
@given(st.integers(1, len(TEXT) - 2))
def test_every_truncation_is_found(end: int) -> None:
    error = refusal(TEXT[:end])
    line = int(error.message.split(":")[1])
    assert 1 <= line <= TEXT[:end].count("\n") + 1
    assert "ends too early" in error.message or not TEXT[:end].strip()


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
        mixed = "\n".join([*one[:number], *other[number:]])
        if mixed not in ("\n".join(one), "\n".join(other)):
            refusal(mixed)


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


def test_the_same_name_twice_is_found() -> None:
    text = TEXT.replace('    "bb": {', '    "aa": {')
    line = text[: text.rindex('    "aa": {')].count("\n") + 1
    assert refusal(text).message == f"pioneer.lock:{line}: 'aa' is there twice"


def test_newer_locks_are_refused_with_a_clear_word() -> None:
    newer = TEXT.replace('"lock_version": 1', '"lock_version": 2')
    error = refusal(newer)
    line = line_of(newer, '"lock_version"')
    assert error.message == f"pioneer.lock:{line}: lock_version 2 is newer than this program reads (1)"
    assert "upgrade" in str(error.hint)
    for version in ("0", '"1"', "true", "null", "1.5", "-1"):
        assert "is no version" in refusal(TEXT.replace('"lock_version": 1', f'"lock_version": {version}')).message


def changed(**changes: Any) -> str:
    """The lock with another entry under a digest that is right."""
    value = json.loads(TEXT)
    fields = value["datasets"]["aa"]["pioneer"]
    for key, item in changes.items():
        if item is None:
            fields.pop(key)
        else:
            fields[key] = item
    fields.pop("digest", None)
    fields["digest"] = digest_of({"backend": "pioneer", "dataset_name": "aa", "entry": fields})
    return json.dumps(value, indent=2)


def test_keys_of_a_later_version_are_refused_and_not_dropped() -> None:
    error = refusal(changed(colour="red"))
    assert "a key that this program doesn't know ('colour')" in error.message
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
    ],
    ids=str,
)  # fmt: skip
def test_what_an_entry_must_be(changes: dict[str, Any]) -> None:
    assert "the entry of 'aa' (pioneer) " in refusal(changed(**changes)).message


def test_an_entry_that_is_no_object() -> None:
    for fields in ("1", "[]", "null", '{"pioneer": 1}', "{}"):
        refusal(f'{{"datasets": {{"aa": {fields}}}, "lock_version": 1}}')


def test_bytes_that_were_trusted_wrongly_are_an_error_all_the_same() -> None:
    with pytest.raises(LockError):
        read_lock('{"datasets": {"aa": {"local": {}}}, "lock_version": 1}', trusted=True)


def test_nothing_secret_and_no_host_is_written() -> None:
    item = declared(label_spec("t", texts=("a secret text",)))
    text = lock_text(lock_of(entry(item)))
    assert "secret" not in text

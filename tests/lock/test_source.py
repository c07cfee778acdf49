"""The text of a lock before its entries are read: what is no lock, or not one that can be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pioneer_build.errors import LockError
from pioneer_build.lock import source
from pioneer_build.lock.file_text import read_lock
from pioneer_build.lock.source import LockSource
from tests.lock.refusals import GOLDEN, TEXT, line_of, refusal


def test_no_lock_at_all() -> None:
    assert refusal("").message == "pioneer.lock:1: the file is empty"
    assert refusal(" \n\n").message == "pioneer.lock:1: the file is empty"
    assert "lock_version" in refusal("[]").message
    assert "lock_version" in refusal("{}").message
    assert "nested too deeply" in refusal("[" * 200_000).message
    assert refusal('{\n  "lock_version": 1,\n  "datasets": []\n}').message.startswith("pioneer.lock:3:")
    assert refusal('{"lock_version": NaN, "datasets": {}}').message.startswith("pioneer.lock:1: NaN")


def test_the_same_name_twice_is_found() -> None:
    text = TEXT.replace('    "bb": {', '    "aa": {')
    line = text[: text.rindex('    "aa": {')].count("\n") + 1
    assert refusal(text).message == f"pioneer.lock:{line}: 'aa' occurs twice"


def test_newer_locks_are_refused_with_a_clear_word() -> None:
    newer = TEXT.replace('"lock_version": 1', '"lock_version": 3')
    error = refusal(newer)
    line = line_of(newer, '"lock_version"')
    assert (
        error.message == f"pioneer.lock:{line}: lock_version 3 is newer than this version of pioneer-build can read (2)"
    )
    assert "upgrade" in str(error.hint)
    for version in ("0", '"1"', "true", "null", "1.5", "-1"):
        assert (
            "is not a valid version" in refusal(TEXT.replace('"lock_version": 1', f'"lock_version": {version}')).message
        )


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("lock-2*.lock")), ids=lambda path: path.stem)
def test_a_program_that_knows_version_1_alone_refuses_version_2(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "LOCK_VERSION", 1)
    text = path.read_text(encoding="utf-8")
    error = refusal(text)
    line = line_of(text, '"lock_version"')
    assert (
        error.message == f"pioneer.lock:{line}: lock_version 2 is newer than this version of pioneer-build can read (1)"
    )
    assert "upgrade" in str(error.hint)


def test_a_split_lock_is_no_empty_one() -> None:
    text = (GOLDEN / "lock-2-split.lock").read_text(encoding="utf-8")
    error = refusal(text)
    assert error.message.startswith("pioneer.lock:4: the lock is split into one file per dataset")
    assert "restore it from git" in str(error.hint)
    assert "'split'" in refusal(text.replace('"lock_version": 2', '"lock_version": 1')).message
    assert "`split: true`" in refusal(text.replace("true", "false")).message
    whole = json.loads(TEXT) | {"lock_version": 2, "split": True}
    assert "`split: true` and no dataset" in refusal(json.dumps(whole)).message


def test_messages_name_the_file() -> None:
    part = LockSource(TEXT, "pioneer.lock.d/aa.json")
    error = part.error("is odd", line=part.line("bb", 4))
    line = line_of(TEXT, '\n    "bb"') + 1
    assert error.message == f"pioneer.lock.d/aa.json:{line}: is odd"
    assert (
        error.hint
        == "restore it from git (`git checkout HEAD -- pioneer.lock.d/aa.json`), then run `pioneer-build apply`"
    )


def test_where_a_key_stands_in_a_text_that_is_laid_out_otherwise() -> None:
    flat = LockSource(json.dumps(json.loads(TEXT)))
    assert flat.offset("bb", 4) == -1
    assert flat.line("bb", 4) == 1
    laid_out = LockSource(TEXT)
    assert laid_out.line("pioneer", 6, laid_out.offset("bb", 4)) == line_of(TEXT, '\n    "bb"') + 2


def test_a_number_of_thousands_of_digits() -> None:
    text = '{\n  "datasets": {},\n  "lock_version": ' + "7" * 5000 + "\n}\n"
    with pytest.raises(LockError, match=r"pioneer\.lock:3: a number with thousands of digits"):
        read_lock(text)

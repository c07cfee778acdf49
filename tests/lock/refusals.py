"""A lock with two entries, ways to spoil it, and what is said of it then."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pioneer_build.errors import LockError
from pioneer_build.lock.file_text import lock_text, read_lock
from pioneer_build.lock.model import digest_of
from tests.planning import declared, entry, generate_spec, job, lock_of

GOLDEN = Path(__file__).parent.parent / "golden"
FIRST, SECOND = declared(generate_spec("aa")), declared(generate_spec("bb", num_examples=7))
TEXT = lock_text(lock_of(entry(FIRST, job(FIRST, 1)), entry(SECOND, job(SECOND, 2))))


def refusal(text: str) -> LockError:
    with pytest.raises(LockError) as caught:
        read_lock(text)
    assert caught.value.hint
    return caught.value


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


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

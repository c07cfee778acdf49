"""The journal: damage, and what is unfinished."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from zlib import crc32

from pioneer_build.paths import local_folder
from tests.operations.doctor.found import examined, is_wrong

if TYPE_CHECKING:
    from pathlib import Path


def _line(fields: dict[str, object]) -> bytes:
    text = json.dumps(fields).encode()
    return text + b"\t%08x\n" % crc32(text)


def test_a_damaged_journal(project: Path) -> None:
    path = local_folder(project.resolve()) / "journal" / "journal.jsonl"  # the project's own: its backend is local
    path.parent.mkdir(parents=True, exist_ok=True)
    good = _line({"v": 1, "seq": 1, "event": "record", "token": "x", "fields": {}})
    path.write_bytes(good + good[:20] + b"\n")
    assert is_wrong(examined(project), "journal", "damaged")

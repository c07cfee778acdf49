"""Locks and rows for tests of what changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pioneer_build.diff.state import State
from pioneer_build.lock.model import Entry, Job, Lock
from pioneer_build.rows import row_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pioneer_build.diff.rows import RowLines

DEFINITION = {"task_type": "classification", "labels": ["x", "y"]}
NOW = State(Lock(), None, None, "present")
THEN = State(Lock(), "main", "0123456789abcdef0123456789abcdef01234567", "absent")


def said(text: str, label: str, **more: Any) -> dict[str, Any]:
    return {**({"id": more.pop("id")} if "id" in more else {}), "text": text, "label": label, **more}


def lines(rows: Iterable[dict[str, Any]]) -> RowLines:
    kept = [row_line(row) for row in rows]
    return lambda: kept


def job(number: int, count: int = 2, **more: Any) -> Job:
    made: dict[str, Any] = {
        "fingerprint": "", "remote_name": "d", "asked": count, "state": "ready", "order": number,
        "job_id": f"j{number}", "version": str(number), "got": count, "rows": f"sha256:{number:064d}", "verified": True,
    }  # fmt: skip
    return Job(**{**made, **more})


def entry(
    name: str = "d", *jobs: Job, backend: str = "local", definition: dict[str, Any] | None = None, **more: Any
) -> Entry:
    bare = Entry(name, backend, "classification", definition or DEFINITION, "d", sum(one.asked for one in jobs))
    return replace(bare, jobs=tuple(replace(one, fingerprint=bare.fingerprint) for one in jobs), **more)


def lock(*entries: Entry) -> Lock:
    return Lock({(one.dataset_name, one.backend): one for one in entries})


def not_here(_: Entry) -> str:
    return "the rows are not on this machine"


def two_rows(found: Entry) -> RowLines:
    return lines([said(f"{one.job_id}-{i}", "x") for one in found.readable() for i in range(one.asked)])

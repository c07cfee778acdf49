"""One dataset as `show --format json` has it."""

from __future__ import annotations

from typing import Any

DIGEST = "sha256:" + "9" * 64
JOB: dict[str, Any] = {
    "job_id": "job_1", "version": "1", "examples": 40, "state": "ready", "accepted": 38, "remote_name": "people",
    "fingerprint": "fp1:" + "a" * 64, "verified": True, "inferred": False, "revision": None, "reason": None,
}  # fmt: skip
VALUE: dict[str, Any] = {
    "dataset_name": "people", "remote_name": "people", "backend": "local", "task_type": "ner",
    "fingerprint": "fp1:" + "a" * 64, "state": "ready", "examples": 38, "version": "1", "verified": True,
    "num_examples": 38, "stale": False,
    "content": DIGEST, "jobs": [JOB], "training": {"name": "people", "version": "1"}, "command": None,
    "definition": {"labels": ["person", "place"], "task_type": "ner", "domain_description": "Letters sent home " * 9},
    "content_summary": {
        "rows": 38, "mentions": {"person": 30, "place": 3}, "by_label": {}, "empty": 2, "duplicates": 0,
        "length": {"min": 3, "max": 90, "median": 20}, "confidence": None,
    },
    "rows": [
        {"text": "Ada met \x1b[31mBob in a town whose name is too long for any line of this terminal.",
         "entities": [{"text": "Ada", "label": "person", "start": 0, "end": 3}]},
        {"messages": [{"role": "user", "content": "Hello.\nAre you there?"}, {"role": "assistant", "content": "Yes."}]},
        {"id": 7, "text": "short", "label": "place", "score": 0.5},
    ],
}  # fmt: skip
LONG = "the connection was closed, or spoke no HTTP, before the answer was whole; it may have been accepted"

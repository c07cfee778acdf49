"""What this program keeps for itself: the journal, saved plans, caches."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Any
from zlib import crc32

from pioneer_build.cache.project_cache import ProjectCache
from pioneer_build.cache.unchanged_plan import (
    CachedPlan,
    PlanKey,
    nothing_to_do,
    read_cached_plan,
)
from pioneer_build.journal.log import Journal
from pioneer_build.journal.model import Submission
from pioneer_build.journal.submitted_jobs import known_jobs
from pioneer_build.lock.file_text import lock_text
from pioneer_build.lock.jobs_known_elsewhere import take_over
from pioneer_build.lock.model import Lock
from pioneer_build.operations.saved_plan import as_reviewed, read_plan
from pioneer_build.plan.json import plan_value
from pioneer_build.render.plan import plan_text
from pioneer_build.render.plan_markdown import plan_markdown
from pioneer_build.spec.declared import Declared
from pioneer_build.spec.fingerprint import definition_of
from pioneer_build.spec.model import Spec
from tests.fuzz.mutations import any_value, json_bytes, mutated, mutated_value
from tests.fuzz.target import Target

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

_SUBMISSION = Submission(
    "t1",
    "pioneer",
    "a",
    "a",
    "a",
    "ner",
    {"labels": ["x"], "task_type": "ner"},
    "fp1:" + "1" * 64,
    10,
    10,
    0,
    "sha256:x",
)
_SPEC = Spec("a", "ner", labels=("x",), num_examples=10)


# -- the journal ---------------------------------------------------------------------------------------------------


def _journal(random: Random) -> bytes:
    lines = []
    for number in range(1, random.randrange(2, 6)):
        fields: Any = {name: value for name, value in asdict(_SUBMISSION).items() if name != "token"}
        event = "begin" if number == 1 else random.choice(("begin", "record", "record", "compacted"))
        if event == "record":
            fields = {"state": "ready", "job_id": "j", "version": "1", "got": 3, "known": ["1"], "reason": None}
        line: Any = {"v": 1, "seq": number, "event": event, "token": random.choice(("t1", "t2")), "fields": fields}
        if random.randrange(2):
            line = mutated_value(random, line)
        text = json_bytes(line)
        if not random.randrange(10):
            text = mutated(random, text)
        lines.append(text + b"\t%08x" % crc32(text))
    data = b"\n".join(lines) + b"\n"
    return mutated(random, data) if not random.randrange(6) else data


def _read_journal(data: bytes, folder: Path) -> None:
    (folder / "journal.jsonl").write_bytes(data)
    journal = Journal(folder)
    found = journal.submissions("pioneer")
    journal.about("pioneer", remote_name="a", job_id="j", tokens=["t1"])
    jobs = known_jobs(found)
    item = Declared(_SPEC, definition_of(_SPEC), _SUBMISSION.fingerprint)
    lock_text(take_over(Lock(), [item], jobs, "pioneer", lambda *_: True).lock)
    begun = journal.begin(_SUBMISSION, aware=[item.token for item in found])
    journal.record(begun.token, state="open", job_id="j2")
    journal.compact()
    assert any(item.job_id == "j2" for item in Journal(folder).submissions("pioneer"))


# -- a saved plan --------------------------------------------------------------------------------------------------

_PLAN: Any = {
    "format": 1,
    "kind": "pioneer-build plan",
    "backend": "local",
    "requests_per_minute": 60,
    "choices": {"resubmit": [], "retry": ["a"], "relabel": [], "delete_remote": False},
    "steps": [
        {
            "dataset_name": "a",
            "action": "generate",
            "reasons": [{"field": "spec", "text": "new", "old": 1, "new": [2]}],
            "requests": 1,
            "examples": 10,
            "total": 10,
            "remote_name": "a",
            "renamed_from": None,
            "protected": False,
            "fetch": False,
            "refused": None,
            "command": None,
            "requests_at_most": 2,
            "examples_at_most": 20,
            "deletes": ["b"],
            "missing": 0,
            "basis": "sha256:0",
        }
    ],
}


def _plan(random: Random) -> bytes:
    value = mutated_value(random, _PLAN) if random.randrange(10) else any_value(random)
    data = json_bytes(value, indent=2)
    return mutated(random, data) if not random.randrange(4) else data


def _read_plan(data: bytes, folder: Path) -> None:
    path = folder / "plan.json"
    path.write_bytes(data)
    plan = read_plan(path)
    plan_text(plan).encode("utf-8", "surrogatepass")
    plan_markdown(plan)
    json.dumps(plan_value(plan))
    as_reviewed(plan, plan)


# -- caches --------------------------------------------------------------------------------------------------------

_STAMP = (1, 2, 3, 4)
_ENVIRONMENT = {"HOME": "/nowhere"}


def _caches(random: Random) -> bytes:
    """A value for one of the caches, and which: its first byte."""
    kind = random.randrange(4)
    if kind == 0:
        good: Any = {
            "settings": [list(_STAMP), {"backend": "local", "checks": {"min_rows": 1}, "limits": {"max_requests": 1}}],
            "lock": list(_STAMP),
            "cross-checked": "x",
            "contents": {"sha256:0": list(_STAMP)},
            "inputs": {"a": ["sha256:0", "s", [["f", list(_STAMP)]]]},
        }
    elif kind == 1:
        good = [[{"dataset_name": "a", "task_type": "ner", "labels": ["x"], "marks": [["labels", 1, 1]]}, {}, "fp1:0"]]
    elif kind == 2:
        good = {"specs/a.yaml": [["a", 1, "a", False, ["sha256:0"], "fp1:0", 0]]}
    else:
        good = [["specs/a.yaml", "x*.jsonl", [["x.jsonl", list(_STAMP)]]]]
    value = mutated_value(random, good) if random.randrange(8) else any_value(random)
    data = json_bytes(value)
    if not random.randrange(4):
        data = mutated(random, data)
    if not random.randrange(50):
        data = b"[" * 200_000
    return bytes([kind]) + data


@cache
def _project_cache(folder: Path) -> ProjectCache:
    return ProjectCache(folder, folder)


def _read_caches(data: bytes, folder: Path) -> None:
    kind, text = data[:1], data[1:]
    empty = ProjectCache(folder, folder)
    if kind == b"\0":
        with open(empty.path, "wb") as file:
            file.write(b"%s %08x\n%s" % (_program(), crc32(text), text))
        found = ProjectCache(folder, folder)
        found.settings(_STAMP)
        found.has_verified_lock(_STAMP)
        found.has_cross_checked({"a": _STAMP})
        found.inputs("a")
        found.verified_contents()
        found.put_inputs("b", ("x", "y", ()))  # type: ignore[arg-type]
        found.put_verified_contents({"sha256:1": _STAMP})
        found.save()
    elif kind == b"\1":
        from pioneer_build.cache import parsed_specs

        body = b'"specs/a.yaml"\t1 2 3 4\t' + text.replace(b"\n", b" ")
        line = b"%s\t%08x" % (body, crc32(body))
        with open(empty.specs.path, "wb") as file:
            file.write(parsed_specs._HEAD + b"\n" + line + b"\n")
        ProjectCache(folder, folder).specs.get("specs/a.yaml", _STAMP)
    else:
        _read_cached_plan(kind, text, folder)


def _program() -> bytes:
    from pioneer_build.cache import project_cache

    return project_cache._PROGRAM


def _read_cached_plan(kind: bytes, text: bytes, folder: Path) -> None:
    environ = {"HOME": str(folder)}
    key = PlanKey(str(folder), None, environ)
    steps, inputs = (text, b"[]") if kind == b"\2" else (b"{}", text)
    plan = CachedPlan(key.text, b"specs\nrows\n1\nnothing", b"", b"", inputs, steps, b"{}")
    from pathlib import Path as AnyPath

    AnyPath(key.path).parent.mkdir(parents=True, exist_ok=True)
    AnyPath(key.path).write_bytes(plan.text())
    (folder / "specs").mkdir(exist_ok=True)
    found = read_cached_plan(key)
    assert found is not None
    nothing_to_do(str(folder), None, lambda *_: True, environ)


TARGETS = (
    Target("journal", _journal, _read_journal, 5),
    Target("plan", _plan, _read_plan),
    Target("caches", _caches, _read_caches),
)

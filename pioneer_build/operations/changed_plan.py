"""A plan of a project in which only spec files moved: theirs is made anew, the verdict of the rest stands.

It gives what `situation.look` would, at the price of what changed; where that can't be told from the verdict alone
(a rename, a name that was taken before, inputs), it gives nothing, and the whole is looked at.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from pioneer_build.cache.plan_cache import (
    Verdict,
    contents_hold,
    contents_text,
    files_text,
    inputs_hold,
    keep,
    recall,
    stamp_text,
)
from pioneer_build.cache.spec_files import spec_stamps
from pioneer_build.disk import is_settled
from pioneer_build.errors import LockError
from pioneer_build.lock.model import Lock
from pioneer_build.lock.text import read_lock
from pioneer_build.operations.remember_plan import is_done, is_plain, places_text, step_value
from pioneer_build.plan import Facts, Plan, Step, make_plan
from pioneer_build.project.specs import declared_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pioneer_build.disk import Stamp
    from pioneer_build.project.open import Project
    from pioneer_build.spec.declared import Declared

#: More than so many changed files of a hundred, and the whole is as quick.
_FEW_PERCENT = 20


def plan_of(project: Project) -> Plan | None:
    """The plan that no flag changes; `None` where the whole project must be looked at.

    A mistake in a spec is such a case: the whole finds it again, and says it beside all others.
    """
    verdict = recall(project.key)
    if verdict is None:
        return None
    more = verdict.value(verdict.more)
    if not more["plain"]:
        return None
    faults: list[str] = []
    files = spec_stamps(project.key.root, project.config.specs, lambda path, _: faults.append(path))
    project.files = files
    old: dict[str, list[Any]] = verdict.value(verdict.steps)
    known = dict(line.split("\t", 1) for line in verdict.files.decode("utf-8", "surrogateescape").split("\n")[:-1])
    changed = [path for path, stamp in files.items() if known.get(path) != stamp_text(stamp)]
    if faults or len(changed) * 100 > len(files) * _FEW_PERCENT + 400 or not old.keys() <= files.keys():
        return None
    rows = str(project.config.store / "rows")
    if not contents_hold(verdict.contents, rows, verified=False) or not inputs_hold(verdict, project.key.root):
        return None
    moved = set(changed)
    kept = [value for path, values in old.items() if path not in moved for value in values]
    declared = _parsed(project, changed)
    if declared is None or not _stand_alone(declared, kept, [old.get(path, []) for path in changed], more):
        return None
    lock = _lock_of(project, declared, more["locked"])
    if lock is None:
        return None
    config = project.config
    mine = {item.name for item in declared}
    taken = {**more["taken"], **{name: "" for name, owner in more["remotes"].items() if owner not in mine}}
    facts = Facts(
        backend=config.backend,
        free=config.local,
        present=_Kept(rows),
        taken=taken,
        requests_per_minute=config.requests_per_minute,
    )
    plan = make_plan(declared, lock, facts)
    if more["gone"] and any(step.action == "create" for step in plan.steps):
        return None
    project.seen.save()
    steps = sorted((*plan.steps, *map(_step, kept)), key=lambda step: step.dataset_name)
    _remember(project, verdict, changed, declared, plan.steps, old, lock, len(steps))
    return Plan(config.backend, tuple(steps), config.requests_per_minute)


def _parsed(project: Project, paths: Sequence[str]) -> list[Declared] | None:
    """The specs of the changed files; `None` where one has a mistake."""
    found = []
    for path in paths:
        known = project.seen.specs(path, project.files[path])
        if known is None:
            from pioneer_build.parse import parse_files  # pydantic and yaml: only where there is news
            from pioneer_build.spec.fingerprint import definition_of, fingerprint_of

            result = parse_files([path], project.root)
            if result.problems:
                return None
            known = [(spec, definition := definition_of(spec), fingerprint_of(definition)) for spec in result.specs]
            project.seen.keep(path, project.files[path], known)
        found += known
    return declared_of(project, found)


def _stand_alone(
    declared: Sequence[Declared], kept: Sequence[Any], before: Sequence[Sequence[Any]], more: dict[str, Any]
) -> bool:
    """Whether the changed specs can be planned without the others."""
    names = [item.name for item in declared]
    folded = {name.casefold() for name in names} | {value[0].casefold() for value in kept}
    if len(folded) != len(names) + len(kept):
        return False  # a name is taken
    if not {value[0] for values in before for value in values} <= set(names):
        return False  # a dataset is gone
    journal = set(more["journal"])
    known = {value[0]: value[5] for values in before for value in values}
    locked = set(more["locked"])
    if not locked - set(names) <= {value[0] for value in kept} and not more["gone"]:
        return False
    return all(
        is_plain(item)
        and not item.spec.is_label
        # the journal has no job of this definition that the lock may lack
        and (item.fingerprint not in journal or known.get(item.name) == item.fingerprint)
        for item in declared
    )


def _lock_of(project: Project, declared: Sequence[Declared], locked: Sequence[str]) -> Lock | None:
    """The entries of the declared datasets alone; `None` where they can't be cut out of the lock."""
    mine = [item.name for item in declared if item.name in set(locked)]
    if not mine:
        return Lock()
    import json

    text = project.lockfile.path.read_text(encoding="utf-8")
    datasets = {}
    for name in mine:
        start = text.find(f"\n    {json.dumps(name, ensure_ascii=False)}: {{\n")
        end = text.find("\n    }", start)
        if start < 0 or end < 0:
            return None
        datasets[name] = text[start : end + 6]
    version = re.search(r'^  "lock_version": \d+$', text[-200:], re.MULTILINE)
    if version is None:
        return None
    try:
        lock = read_lock(f'{{"datasets": {{{",".join(datasets.values())}}},{version[0]}}}')
    except LockError:
        return None
    backend = project.config.backend
    return lock if all(lock.get(name, backend) is not None for name in mine) else None


class _Kept:
    """The digests that the store has, asked one by one."""

    __slots__ = ("_rows",)

    def __init__(self, rows: str) -> None:
        self._rows = rows

    def __contains__(self, digest: object) -> bool:
        digits = str(digest).removeprefix("sha256:")
        return os.path.exists(f"{self._rows}/{digits[:2]}/{digits}.jsonl")  # noqa: PTH110


def _step(value: Sequence[Any]) -> Step:
    name, total, remote_name, protected, *_ = value
    return Step(name, "none", total=total, remote_name=remote_name, protected=protected)


def _remember(
    project: Project,
    verdict: Verdict,
    changed: Sequence[str],
    declared: Sequence[Declared],
    steps: Sequence[Step],
    old: dict[str, list[Any]],
    lock: Lock,
    count: int,
) -> None:
    """Takes what turned out to have nothing to do into the verdict: the next plan looks at its stamp alone."""
    done = {step.dataset_name: step for step in steps if is_done(step)}
    by_path: dict[str, list[str]] = {path: [] for path in changed}
    for item in declared:
        by_path[item.spec.path].append(item.name)
    settled = [
        path
        for path, names in by_path.items()
        if all(name in done for name in names) and is_settled(project.files[path], project.seen.began)
    ]
    if not settled and all(path not in old for path in changed):
        return
    rows: dict[str, list[str]] = {}
    for name in done:
        entry = lock.get(name, project.config.backend)
        rows[name] = list(entry.content_digests) if entry is not None else []
    now = {path: values for path, values in old.items() if path not in by_path}
    items = {item.name: item for item in declared}
    now |= {path: [step_value(done[name], items[name], rows) for name in by_path[path]] for path in settled}
    files: dict[str, Stamp] = {path: stamp for path, stamp in project.files.items() if path in now}
    noted = project.seen.noted("digests") or {}
    digests = dict.fromkeys(digest for path in files for value in now[path] for digest in value[4])
    keep(
        project.key,
        Verdict(
            key=verdict.key,
            places=places_text(project, count, whole=len(files) == len(project.files)),
            files=files_text(files),
            contents=contents_text((digest, tuple(noted[digest]) if digest in noted else None) for digest in digests),
            inputs=verdict.inputs,
            steps=json_bytes(now),
            more=verdict.more,
        ),
    )


def json_bytes(value: object) -> bytes:
    import json

    return json.dumps(value, separators=(",", ":")).encode()

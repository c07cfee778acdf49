"""Keeps what a plan found as a verdict, for the next plan of the same facts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pioneer_build.cache.plan_cache import Verdict, contents_text, files_text, keep, recall
from pioneer_build.disk import Stamp, is_settled
from pioneer_build.spec.model import InputFiles

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pioneer_build.journal.model import Submission
    from pioneer_build.operations.project_state import Situation
    from pioneer_build.plan import Step
    from pioneer_build.project.open import Project
    from pioneer_build.spec.declared import Declared


def remember(found: Situation, submissions: Iterable[Submission], *, took_over: bool) -> None:
    """Keeps the verdict of a plan that no flag changed, if everything it was made of has proved not to be moving.

    Args:
        found: the plan, and what it was made of.
        submissions: the journal's.
        took_over: whether the journal knew more than the lock.
    """
    project = found.project
    began = project.seen.began
    if took_over or not all(stamp is None or is_settled(stamp, began) for stamp in project.key.stamps):
        return
    steps = {step.dataset_name: step for step in found.plan.steps}
    by_path: dict[str, list[Declared]] = {path: [] for path in project.files}
    for item in found.declared.values():
        by_path[item.spec.path].append(item)
    settled = {
        path: [steps[item.name] for item in items]
        for path, items in by_path.items()
        if is_settled(project.files[path], began)
        and not any(char in path for char in "\t\n")
        and all(is_done(steps[item.name]) and _is_known(project, item) for item in items)
    }
    names = {step.dataset_name for done in settled.values() for step in done}
    rows = rows_of(found, sorted(names))
    known = project.seen.noted("digests") or {}
    entries = list(found.lock.on(found.backend))
    more = {
        # what a plan of the other specs alone needs to know of these
        "plain": all(is_plain(item) for item in found.declared.values()),
        "gone": any(entry.dataset_name not in found.declared for entry in entries),
        "locked": [entry.dataset_name for entry in entries],
        "remotes": {
            job.remote_name: entry.dataset_name
            for entry in entries
            for job in entry.jobs
            if job.accepted or job.state == "unknown"
        },
        "taken": dict(found.facts.taken),
        "journal": _fingerprints(submissions),
    }
    whole = len(settled) == len(project.files) and len(names) == len(steps)
    verdict = Verdict(
        key=project.key.text,
        places=places_text(project, len(steps), whole=whole),
        files=files_text({path: project.files[path] for path in settled}),
        contents=contents_text(
            (digest, _stamp(known.get(digest))) for digest in dict.fromkeys(d for one in rows.values() for d in one)
        ),
        inputs=_json(
            [
                _inputs(project, found.declared[name])
                for name in sorted(names & found.declared.keys())
                if _has_files(found.declared[name])
            ]
        ),
        steps=_json(
            {
                path: [step_value(step, found.declared[step.dataset_name], rows) for step in done]
                for path, done in settled.items()
            }
        ),
        more=_json(more),
    )
    keep(project.key, verdict)


def remember_digests(found: Situation) -> None:
    """Takes into the verdict of this plan, if there is one, which contents were held against their digests."""
    key = found.project.key
    verdict = recall(key)
    if verdict is not None:
        known = found.project.seen.noted("digests") or {}
        digests = [f"sha256:{line[:64]}" for line in verdict.contents.decode().split("\n")[:-1]]
        verdict.contents = contents_text((digest, _stamp(known.get(digest))) for digest in digests)
        keep(key, verdict)


def is_plain(item: Declared) -> bool:
    """Whether a spec says nothing of other datasets."""
    return item.spec.renamed_from is None and not item.spec.checks.no_overlap_with


def is_done(step: Step) -> bool:
    """Whether a step says no more than that there is nothing to do."""
    return step.action == "none" and not (step.reasons or step.fetch or step.refused or step.requests)


def step_value(step: Step, item: Declared, rows: Mapping[str, list[str]]) -> list[Any]:
    """What is kept of a step with nothing to do: its fields, the digests of its rows, its definition's fingerprint."""
    content = rows.get(step.dataset_name, [])
    return [step.dataset_name, step.total, step.remote_name, step.protected, content, item.fingerprint]


def places_text(project: Project, count: int, *, whole: bool) -> bytes:
    """The section `places` of a verdict."""
    lines = [project.config.specs, str(project.config.store / "rows"), str(count), "whole" if whole else "part"]
    return "\n".join(lines).encode("utf-8", "surrogateescape")


def rows_of(found: Situation, names: Iterable[str]) -> dict[str, list[str]]:
    """The digests of the rows that readers of the datasets get."""
    rows = {}
    for name in names:
        entry = found.lock.get(name, found.backend)
        if entry is not None:
            rows[name] = list(entry.content_digests)
    return rows


def _is_known(project: Project, item: Declared) -> bool:
    """Whether the files of a label spec's inputs have stamps that prove something."""
    if not item.spec.is_label or not _has_files(item):
        return True
    known = (project.seen.noted("inputs") or {}).get(item.name)
    return known is not None and all(stamp is not None for _, stamp in known["files"])


def _has_files(item: Declared) -> bool:
    return isinstance(item.spec.inputs, InputFiles)


def _inputs(project: Project, item: Declared) -> list[Any]:
    inputs = item.spec.inputs
    assert isinstance(inputs, InputFiles)
    known = (project.seen.noted("inputs") or {}).get(item.name)
    return [item.spec.path, inputs.path, known["files"] if known is not None else []]


def _fingerprints(submissions: Iterable[Submission]) -> list[str]:
    return sorted({item.fingerprint for item in submissions if item.state != "refused"})


def _stamp(known: list[int] | None) -> Stamp | None:
    return (known[0], known[1], known[2], known[3]) if known is not None else None


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()

"""One dataset as `show`, `status` and `report` describe it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pioneer_build.operations.helping_command import command_for
from pioneer_build.operations.stale_rows import is_stale
from pioneer_build.plan import owed_text, state_of
from pioneer_build.wording import GIVEN_UP

if TYPE_CHECKING:
    from pioneer_build.lock.model import Entry, Job
    from pioneer_build.plan import Step
    from pioneer_build.spec.declared import Declared


def training_pair(entry: Entry | None) -> dict[str, str] | None:
    """What to pass to a training job: a version that, as the service has it, is exactly the dataset's rows.

    With several jobs the last version has all rows only if versions include earlier ones. Services differ in this, and
    the lock doesn't say; so then only an engine in this process, which appends, is known to have such a version.
    """
    if entry is None or entry.num_examples is None or not entry.verified:
        return None
    jobs = entry.readable()
    if len(jobs) > 1 and entry.backend != "local" and not entry.backend.startswith("model/"):
        return None
    # whatever else was sent there may be in the version, even if its outcome is unknown
    on_remote = [job for job in entry.jobs if _may_have_rows(job) and job.remote_name == jobs[-1].remote_name]
    whole = all(job.got == job.asked and job.quarantined is None and not (job.deleted or job.owed) for job in jobs)
    if not whole or on_remote != list(jobs) or entry.examples != sum(job.got or 0 for job in jobs):
        return None
    version = jobs[-1].version
    return None if version is None or jobs[-1].inferred else {"name": jobs[-1].remote_name, "version": version}


def _may_have_rows(job: Job) -> bool:
    return job.accepted or job.state == "unknown" or job.reason == GIVEN_UP


def dataset_status(
    name: str, backend: str, entry: Entry | None, declared: Declared | None, step: Step | None
) -> dict[str, Any]:
    """What `show` and `status` show of a dataset, as JSON values.

    Args:
        name: the dataset's name.
        backend: the backend of `entry` and `step`, as the lock names it.
        entry: the lock's entry; `None` if nothing was built.
        declared: its spec; `None` if the spec was removed.
        step: its step in the plan; `None` if it has none, like a forgotten dataset.
    """
    task_type = declared.spec.task_type if declared is not None else entry.task_type if entry is not None else None
    fingerprint = entry.fingerprint if entry is not None else declared.fingerprint if declared is not None else None
    remote_name = entry.remote_name if entry is not None else step.remote_name if step is not None else name
    value: dict[str, Any] = {
        "dataset_name": name,
        "remote_name": remote_name,
        "backend": backend,
        "task_type": task_type,
        "fingerprint": fingerprint,
        "state": state_of(entry, step),
        "examples": entry.examples if entry is not None else 0,
        "num_examples": declared.spec.num_examples if declared is not None else entry.num_examples if entry else None,
        "stale": is_stale(entry, declared),
        "version": entry.version if entry is not None else None,
        "verified": entry.verified if entry is not None else False,
        "content": entry.content if entry is not None else None,
        "jobs": [_job_value(job) for job in (entry.jobs if entry is not None else ())],
    }
    if entry is not None and entry.labelling is not None:
        labelling = entry.labelling
        value["inputs"] = {
            "texts": labelling.texts,
            "distinct": labelling.distinct,
            "annotated": labelling.annotated,
            "quarantined": labelling.quarantined,
        }
        if labelling.unsupported:
            value["unsupported_labels"] = list(labelling.unsupported)
    if entry is not None and entry.rejection is not None:
        value["reason"] = entry.rejection.reason
    elif entry is not None and step is not None and step.action == "fetch" and any(job.owed for job in entry.current()):
        value["reason"] = "; ".join(owed_text(job) for job in entry.current() if job.owed)
    if step is not None:
        value["action"] = step.action
        value["command"] = command_for(step)
    value["training"] = training_pair(entry) if not value["stale"] else None
    return value


def _job_value(job: Job) -> dict[str, Any]:
    return {
        "job_id": job.job_id,
        "version": job.version,
        "examples": job.asked,
        "state": job.state,
        "accepted": job.got,
        "remote_name": job.remote_name,
        "fingerprint": job.fingerprint,
        "verified": job.verified,
        "inferred": job.inferred,
        "revision": job.revision,
        "reason": job.reason,
    }

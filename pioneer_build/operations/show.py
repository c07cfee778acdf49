"""One dataset in full: its definition and jobs, and statistics of its rows, or its quarantined rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pioneer_build.checks.quarantined_rows import parse_quarantined
from pioneer_build.errors import PioneerError
from pioneer_build.lock.pending_renames import refuse_old_name
from pioneer_build.operations.locked_rows import locked_rows, task_of_content
from pioneer_build.operations.project_state import read_project_state
from pioneer_build.operations.status import status_of
from pioneer_build.rows import Tally, parser_for
from pioneer_build.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pioneer_build.lock.model import Entry
    from pioneer_build.operations.project_state import ProjectState
    from pioneer_build.project.open import Project
    from pioneer_build.spec.declared import Declared
    from pioneer_build.store import Store


def show(project: Project, name: str, *, rows: int, rejected: bool) -> dict[str, Any]:
    """The dataset `name` as the JSON values of `show NAME --format json`.

    Args:
        project: an opened project.
        name: the name of the dataset.
        rows: number of sample rows.
        rejected: show quarantined rows instead.

    Raises:
        PioneerError: there is no such dataset, or specs or lock have an error.
    """
    found = read_project_state(project)
    entry = found.entry(name)
    declared = found.declared.get(name)
    if entry is None and declared is None:
        raise _no_dataset(found, name)
    step = next((step for step in found.plan.steps if step.dataset_name == name), None)
    value = status_of(found, name, step)
    value["definition"] = entry.definition if entry is not None else declared.definition if declared else {}
    if rejected:
        value["rejected"] = list(_rejected(entry, declared, found))
    else:
        value["content_summary"], value["rows"] = _content(entry, found.store, rows)
    return value


def _no_dataset(found: ProjectState, name: str) -> PioneerError:
    refuse_old_name(name, found.declared.values())
    near = nearest(name, sorted({*found.declared, *(entry.dataset_name for entry in found.entries)}))
    hint = f"did you mean '{near}'?" if near else "`pioneer-build status` lists the datasets"
    return PioneerError(f"there is no dataset '{name}'", hint=hint)


def _content(entry: Entry | None, store: Store, count: int) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """Statistics of the rows, and the first of them; nothing if they are not on this machine."""
    if entry is None:
        return None, []
    try:
        found = locked_rows(entry, store, parser_for(task_of_content(entry)))
    except PioneerError:
        return None, []
    tally = Tally(entry.definition.get("labels", ()))
    first: list[dict[str, Any]] = []
    for row in found:
        tally.add(row)
        if len(first) < count:
            first.append(row)
    return tally.summary().as_dict(), first


def _rejected(entry: Entry | None, declared: Declared | None, found: ProjectState) -> Iterator[dict[str, Any]]:
    """What was quarantined: rows of jobs, and texts of label specs, also of one that isn't in the lock yet.

    Args:
        entry: of the dataset in the lock.
        declared: its spec.
        found: the project.
    """
    store = found.store
    for job in entry.jobs if entry is not None else ():
        if job.quarantined is None or not store.has(job.quarantined):
            continue
        for bad in store.rows(job.quarantined, parse_quarantined):
            yield {
                "job_id": job.job_id,
                "number": bad.number,
                "cause": bad.cause,
                "message": bad.message,
                "raw": bad.raw,
            }
    labelled = [entry.fingerprint] if entry is not None and entry.num_examples is None else []
    if declared is not None and declared.spec.is_label:
        labelled.append(declared.fingerprint)
    for fingerprint in dict.fromkeys(labelled):
        for digest, refused in store.annotations(found.backend, fingerprint).quarantined().items():
            yield {"text_digest": digest.hex(), "cause": refused.reason.partition(":")[0], "message": refused.reason}

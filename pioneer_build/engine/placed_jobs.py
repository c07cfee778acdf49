"""Jobs whose rows come after those of certain jobs of their dataset, and not after all that are here.

Branches that don't know each other each add jobs to one dataset, so that each has a second one, for example. Once they
are merged, both are to be made again as their branch made them, in one state, and what comes next is made after both.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pioneer_build.engine.stored_jobs import NewJob, job_id_of, next_version, queue_job

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pioneer_build.engine.database import Database
    from pioneer_build.engine.requests import PlaceBody
    from pioneer_build.engine.stored_jobs import EngineJob, EngineState


class NoSuchPlace(Exception):
    """The jobs that a repeated job came after are not among those that were named, or are not here."""


@dataclass(frozen=True, slots=True)
class PlacedJob:
    """What is accepted at a place. `identity` is the definition as text, `request` the whole request as JSON."""

    identity: str
    task_type: str
    dataset_name: str
    request: str

    def id_after(self, version: int, after: Iterable[str]) -> str:
        """Its id as a version of its dataset, after these jobs; a first one's is that of a job without a place.

        Args:
            version: the number.
            after: the ids of the jobs that it comes after, in any order.
        """
        basis: list[object] = [self.dataset_name, version, self.identity]
        if before := sorted(after):
            basis.append(before)
        return job_id_of(basis)


def accept_at(state: EngineState, job: PlacedJob, place: PlaceBody, delay: float) -> EngineJob:
    """Stores a job durably at its place.

    A new one is the next version. One that is made again gets the id that it had; if that is here, and its rows are
    not removed, nothing is done.

    Args:
        state: where it is stored.
        job: the job.
        place: where it stands.
        delay: seconds from now before it may run.

    Raises:
        NoSuchPlace: it can't be told what it came after, or that isn't here.
    """
    db, now = state.db, time.time()
    with db.writing():
        found = db.rows("SELECT seq, removed FROM jobs WHERE job_id = ?", (place.job_id,))
        if found and not found[0][1]:
            return state.job(place.job_id or "")
        number = max(next_version(db, job.dataset_name), place.version or 0)
        after = _chosen(db, job, place)
        job_id = place.job_id or job.id_after(number, after)
        if found:
            db.execute(
                "UPDATE jobs SET version = ?, request = ?, status = 'queued', produced = 0, error = NULL,"
                " revision = NULL, owner = NULL, removed = 0, created_at = ?, not_before = ? WHERE seq = ?",
                (number, job.request, now, now + delay, found[0][0]),
            )
        else:
            queue_job(db, NewJob(job_id, job.dataset_name, number, job.task_type, job.request), delay)
        stored = state.job(job_id)
        db.execute("INSERT OR REPLACE INTO places (job, after) VALUES (?, ?)", (stored.seq, json.dumps(after)))
    return stored


def _chosen(db: Database, job: PlacedJob, place: PlaceBody) -> list[str]:
    """The jobs that it comes after.

    Of several choices it is the one by which the job gets the id that it had. Ids that an older version of this program
    made don't say it: then it is the first choice of as many jobs as there were versions before.

    Args:
        db: the state.
        job: the job.
        place: the choices.

    Raises:
        NoSuchPlace: it is none of them.
    """
    rows = db.rows("SELECT job_id FROM jobs WHERE dataset_name = ? AND NOT removed", (job.dataset_name,))
    here = {job_id for (job_id,) in rows}
    choices = [after for after in place.after if here.issuperset(after)]
    if not choices:
        raise NoSuchPlace
    if place.job_id is None:
        return choices[0]
    version = place.version
    if version is not None:
        for after in choices:
            if job.id_after(version, after) == place.job_id:
                return after
    if not place.guess:
        raise NoSuchPlace
    return next((after for after in choices if len(after) + 1 == version), choices[0])


def earlier_jobs(state: EngineState, job: EngineJob) -> list[EngineJob]:
    """The jobs whose rows those of this one come after: by default, all earlier versions of its dataset."""
    versions = [other for other in state.versions(job.dataset_name) if other.job_id != job.job_id]
    found = state.db.rows("SELECT after FROM places WHERE job = ?", (job.seq,))
    if not found:
        return [other for other in versions if other.version < job.version]
    after = set(json.loads(found[0][0]))
    return [other for other in versions if other.job_id in after]

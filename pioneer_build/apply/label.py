"""The steps of a label spec: send the texts that have no annotation yet, keep each answer, make the rows.

An answer is durable in the store before it counts, so whatever dies, only what was in flight is sent again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pioneer_build.apply.label_batches import send_all
from pioneer_build.apply.label_progress import LabelProgress
from pioneer_build.apply.label_rows import in_quarantine, make_rows
from pioneer_build.apply.label_warnings import warn_of_bounds
from pioneer_build.apply.stopped import Stopped
from pioneer_build.inputs import split

if TYPE_CHECKING:
    from pioneer_build.apply.work import Work


async def label(work: Work) -> None:
    """Labels what is new, then makes the dataset's rows again.

    Raises:
        Stopped: not all texts could be labelled. What was answered is kept.
    """
    run, survey = work.run, work.survey
    with run.ports.store.annotations(run.options.backend, work.item.fingerprint) as store:
        if work.retries:
            store.clear_quarantine(split(survey.digests))
        missing = store.missing(survey.digests)
        progress = LabelProgress(work, store, len(missing) // 16, run.ports.now(), works=store.count() > 0)
        if progress.to_do > work.step.examples and not run.options.free:
            message = "annotations went missing from the store since the plan was made"
            raise Stopped("refused", message, "pioneer-build plan")
        try:
            await send_all(progress, missing)
        finally:
            _count_paid(progress)
        if left := len(store.missing(survey.digests)) // 16:
            raise Stopped("stopped", f"{left:,} texts are still to be labelled", "pioneer-build apply")
        make_rows(work, store, progress.unsupported)
    warn_of_bounds(work)
    if progress.faults:
        count = sum(progress.faults.values())
        causes = ", ".join(f"{number:,} {cause}" for cause, number in progress.faults.most_common())
        raise Stopped(
            "rejected",
            f"{count:,} texts were given no usable annotation and are in quarantine ({causes}); the others are used",
            f"pioneer-build show {work.name} --rejected  (then apply --retry {work.name})",
        )


def _count_paid(progress: LabelProgress) -> None:
    """Takes into the lock how many annotations of this definition were paid for."""
    work, store = progress.work, progress.store
    # the definition in force, and the rows that go with it, change only when the rows are made
    entry = work.entry or work.entry_as_declared()
    paid = dict(entry.paid)
    left = len(store.missing(work.survey.digests)) // 16
    done = work.survey.distinct - left - len(in_quarantine(store, work.survey))
    if done > paid.get(work.item.fingerprint, 0):
        paid[work.item.fingerprint] = done
        work.put(replace(entry, paid=tuple(sorted(paid.items()))))

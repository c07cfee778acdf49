"""The steps of a label spec: send the texts that have no annotation yet, store each response, make the rows.

A response counts only when it is durable in the store. So after a crash, only requests that were in flight are resent.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pioneer_build.apply.label_progress import LabelProgress
from pioneer_build.apply.label_rows import in_quarantine, make_rows
from pioneer_build.apply.label_sending import send_all
from pioneer_build.apply.label_warnings import warn_of_bounds
from pioneer_build.apply.stopped import Stopped
from pioneer_build.escaping import shell_word
from pioneer_build.inputs import split
from pioneer_build.lock.model import Tokens
from pioneer_build.wording import count

if TYPE_CHECKING:
    from pioneer_build.apply.work import Work


async def label(work: Work) -> None:
    """Labels the new texts, then makes the dataset's rows.

    Raises:
        Stopped: not all texts could be labelled. The annotations received so far are stored.
    """
    run, survey = work.run, work.survey
    with run.ports.store.annotations(run.options.backend, work.item.fingerprint) as store, store.claims() as claims:
        store.take_in()
        if work.retries:
            store.clear_quarantine(split(survey.digests))
        missing = store.missing(survey.digests)
        had = store.count() > 0
        progress = LabelProgress(
            work,
            store,
            claims,
            len(missing) // 16,
            run.ports.now(),
            had=had,
            rebuilds=run.options.free and not work.step.requests,
            works=had,
        )
        if progress.to_do > work.step.examples and not run.options.free:
            message = "annotations have disappeared from the store since the plan was made"
            raise Stopped("refused", message, "pioneer-build plan")
        if progress.rebuilds and missing:
            work.emit("note", f"the local engine labels {count(progress.to_do, 'text')} again")
        try:
            await send_all(progress, missing)
        finally:
            _count_paid(progress)
        if left := len(store.missing(survey.digests)) // 16:
            raise Stopped("stopped", f"{count(left, 'text')} still to be labelled", "pioneer-build apply")
        make_rows(work, store, progress.unsupported)
    warn_of_bounds(work)
    if progress.faults:
        number = progress.faults.total()
        were = "was" if number == 1 else "were"
        text = f"{count(number, 'text')} got no usable annotation and {were} quarantined"
        raise Stopped(
            "rejected",
            f"{text} ({progress.causes}); the others are used",
            f"pioneer-build show {shell_word(work.name)} --rejected"
            f"  (then: pioneer-build apply --retry {shell_word(work.name)})",
        )


def _count_paid(progress: LabelProgress) -> None:
    """Records in the lock how many annotations of this definition were paid for, and the tokens that they took."""
    work, store = progress.work, progress.store
    # the entry's definition changes only together with its rows
    entry = work.entry or work.entry_as_declared()
    paid = dict(entry.paid)
    left = len(store.missing(work.survey.digests)) // 16
    done = work.survey.distinct - left - len(in_quarantine(store, work.survey))
    more = done > paid.get(work.item.fingerprint, 0)
    if more:
        paid[work.item.fingerprint] = done
    tokens = dict(entry.tokens)
    if progress.tokens is not None:
        had = tokens.get(work.item.fingerprint, Tokens(0, 0))
        spent = Tokens(had.input + progress.tokens.input, had.output + progress.tokens.output)
        tokens[work.item.fingerprint] = spent
    if more or progress.tokens is not None:
        by_fingerprint = tuple(sorted(tokens.items(), key=lambda item: item[0]))
        work.put(replace(entry, paid=tuple(sorted(paid.items())), tokens=by_fingerprint))

"""The rows of a label spec: made of its texts in their order and of the annotations that the store has of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import TYPE_CHECKING

from pioneer_build.apply.stopped import Stopped, one_line
from pioneer_build.checks.label_rows import judge_annotations
from pioneer_build.errors import PioneerError, StoreError
from pioneer_build.inputs import read, split, text_digest
from pioneer_build.lock.model import Labelling, Rejection
from pioneer_build.rows import CAUSES
from pioneer_build.rows.annotation import row_line_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pioneer_build.apply.work import Work
    from pioneer_build.inputs import InputsSurvey
    from pioneer_build.ports import AnnotationsPort
    from pioneer_build.rows import Cause
    from pioneer_build.store.quarantine import RefusedText


def make_rows(work: Work, store: AnnotationsPort, unsupported: Collection[str]) -> None:
    """Makes the rows in input order, keeps them, and takes what they are into the lock.

    Args:
        work: the step.
        store: the annotations; none of the texts is missing there.
        unsupported: labels that the service said in this run it can't find; what it said before holds on.

    Raises:
        Stopped: too many texts have no annotation, or the rows are not those that the lock names.
        PioneerError: the inputs changed meanwhile.
    """
    rows, content = _keep_rows(work, store)
    labelling = _labelling(work, store, rows, content)
    _hold_against_the_lock(work, labelling)
    entry = work.entry_as_declared()
    before = entry.labelling
    if before is not None and before.fingerprint == work.item.fingerprint:
        unsupported = {*unsupported, *before.unsupported}
    labelling = replace(labelling, unsupported=tuple(sorted(unsupported)))
    work.put(replace(entry, num_examples=None, labelling=labelling, rejection=None))


def in_quarantine(store: AnnotationsPort, survey: InputsSurvey) -> dict[bytes, RefusedText]:
    """The texts of these inputs that are in quarantine, by digest."""
    aside = store.quarantined()
    if not aside:
        return {}
    here = set(split(survey.digests))
    return {digest: found for digest, found in aside.items() if digest in here}


def reject(work: Work, reason: str, *, refused: bool = False) -> None:
    """Remembers why these texts come to nothing under this definition, so that they are not sent at each apply.

    Args:
        work: the step.
        reason: why, in words.
        refused: whether the service refused the request, rather than that its answers were no annotations.

    Raises:
        LockError: the lock was due to be written, and the disk didn't take it.
    """
    entry = work.entry or work.entry_as_declared()
    rejection = Rejection(work.item.fingerprint, work.survey.digest, "failed" if refused else "rejected", reason)
    work.put(replace(entry, rejection=rejection))


def _labelling(work: Work, store: AnnotationsPort, rows: int, content: str) -> Labelling:
    """What the dataset is made of now.

    Raises:
        Stopped: too many of the texts have no annotation.
    """
    survey = work.survey
    aside = in_quarantine(store, survey)
    annotated = survey.distinct - len(aside)
    if aside:
        causes = Counter(_cause(found.reason) for found in aside.values())
        failure = judge_annotations(annotated, causes, work.checks)
        if failure is not None:
            reject(work, failure.message)
            raise Stopped("rejected", failure.message, f"pioneer-build show {work.name} --rejected")
    return Labelling(
        fingerprint=work.item.fingerprint,
        inputs=survey.digest,
        texts=survey.rows,
        distinct=survey.distinct,
        annotated=annotated,
        quarantined=len(aside),
        rows=rows,
        content=content,
    )


def _hold_against_the_lock(work: Work, made: Labelling) -> None:
    """Raises `Stopped` where the lock names other rows for the same work, and the user didn't ask for new ones."""
    before = work.entry_as_declared().labelling
    if before is None or (before.inputs, before.fingerprint) != (made.inputs, made.fingerprint):
        return
    if work.step.action in ("fetch", "none") and before.content != made.content and not work.retries:
        raise Stopped(
            "differs",
            "the rows made here are not those in the lock: another revision of the engine made them",
            f"pioneer-build apply --retry {work.name}  (records the rows as they are made here)",
        )


def _cause(reason: str) -> Cause:
    """The cause that a quarantined text's reason begins with; a refused text has no annotation."""
    said = reason.partition(":")[0]
    return next((cause for cause in CAUSES if cause == said), "no-annotation")


# -- lines ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Counted:
    rows: int = 0


def _keep_rows(work: Work, store: AnnotationsPort) -> tuple[int, str]:
    """Keeps the rows; how many there are, and their digest."""
    counted = _Counted()
    try:
        content = work.run.ports.store.put(_lines(work, store, counted))
    except StoreError as error:
        work.run.stop(error)
        raise Stopped("stopped", f"rows could not be kept: {one_line(error)}", "pioneer-build apply") from None
    return counted.rows, content


def _lines(work: Work, store: AnnotationsPort, counted: _Counted) -> Iterator[bytes]:
    spec, root, digests = work.item.spec, work.run.options.project_root, work.survey.digests
    assert root is not None
    assert spec.inputs is not None
    texts = read(spec.inputs, project_root=root, spec_path=spec.path, at=spec.place("inputs"))
    answers = zip(split(digests), store.lookup(digests), strict=True)
    for one, found in zip_longest(texts, answers):
        if one is None or found is None or text_digest(one.text) != found[0]:
            raise PioneerError("the inputs changed while they were labelled", hint="what was answered is kept")
        if isinstance(found[1], bytes):
            counted.rows += 1
            yield row_line_of(one.text, found[1], one.id)

"""Makes the rows of a label spec from its texts, in their order, and from their annotations in the store."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import TYPE_CHECKING

from pioneer_build.apply.stopped import StepStopped, one_line
from pioneer_build.checks.label_bounds import judge_annotations
from pioneer_build.errors import PioneerError, StoreError
from pioneer_build.escaping import shell_word
from pioneer_build.inputs import read, split, text_digest
from pioneer_build.lock.model import Labelling, Rejection
from pioneer_build.rows import cause_of, checked_line
from pioneer_build.rows.annotation import row_line_of
from pioneer_build.spec.request_limits import LONGEST_ROW
from pioneer_build.wording import SHARED_STORE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pioneer_build.apply.work import Work
    from pioneer_build.inputs import InputsSurvey, InputText
    from pioneer_build.ports import AnnotationsPort
    from pioneer_build.spec.model import TaskType
    from pioneer_build.store.refused_texts import RefusedText


def make_rows(work: Work, store: AnnotationsPort, unsupported: Collection[str]) -> None:
    """Makes the rows in the order of the inputs, stores them, and records them in the lock.

    Args:
        work: the step.
        store: the annotations; each text is annotated or quarantined there.
        unsupported: labels that the service reported as unsupported in this run; they are added to earlier ones.

    Raises:
        StepStopped: too many texts have no annotation, or the rows don't match the lock.
        PioneerError: the inputs changed in the meantime.
    """
    rows, content = _store_rows(work, store)
    labelling = _labelling(work, store, rows, content)
    _compare_with_lock(work, labelling)
    entry = work.entry_as_declared()
    before = entry.labelling
    if before is not None and before.fingerprint == work.item.fingerprint:
        unsupported = {*unsupported, *before.unsupported}
    labelling = replace(labelling, unsupported=tuple(sorted(unsupported)))
    work.put(replace(entry, num_examples=None, labelling=labelling, rejection=None))


def in_quarantine(store: AnnotationsPort, survey: InputsSurvey) -> dict[bytes, RefusedText]:
    """The texts of these inputs that are in quarantine, by digest."""
    quarantined = store.quarantined()
    if not quarantined:
        return {}
    digests = set(split(survey.digests))
    return {digest: found for digest, found in quarantined.items() if digest in digests}


def reject(work: Work, reason: str, *, refused: bool = False) -> None:
    """Records in the lock why these texts can't be labelled with this definition, so that no apply sends them again.

    Args:
        work: the step.
        reason: an explanation for people.
        refused: whether the service refused the request; otherwise, it returned too few usable annotations.

    Raises:
        LockError: the lock was due to be written, and that failed.
    """
    entry = work.entry or work.entry_as_declared()
    rejection = Rejection(work.item.fingerprint, work.survey.digest, "failed" if refused else "rejected", reason)
    work.put(replace(entry, rejection=rejection))


def _labelling(work: Work, store: AnnotationsPort, rows: int, content: str) -> Labelling:
    """What the dataset now consists of.

    Raises:
        StepStopped: too many of the texts have no annotation.
    """
    survey = work.survey
    quarantined = in_quarantine(store, survey)
    annotated = survey.distinct - len(quarantined)
    if quarantined:
        causes = Counter(cause_of(found.reason) for found in quarantined.values())
        failure = judge_annotations(annotated, causes, work.checks)
        if failure is not None:
            reject(work, failure.message)
            raise StepStopped("rejected", failure.message, f"pioneer-build show {shell_word(work.name)} --rejected")
    return Labelling(
        fingerprint=work.item.fingerprint,
        inputs=survey.digest,
        texts=survey.rows,
        distinct=survey.distinct,
        annotated=annotated,
        quarantined=len(quarantined),
        rows=rows,
        content=content,
    )


def _compare_with_lock(work: Work, made: Labelling) -> None:
    """Raises `StepStopped` if the lock has other rows of the same inputs and definition, and none were requested."""
    before = work.entry_as_declared().labelling
    if before is None or (before.inputs, before.fingerprint) != (made.inputs, made.fingerprint):
        return
    if work.step.action in ("fetch", "none") and before.content != made.content and not work.retries:
        retry = f"pioneer-build apply --retry {shell_word(work.name)}  (records the rows that this machine makes)"
        message = "the rows made on this machine don't match pioneer.lock"
        if work.run.options.free:
            raise StepStopped(
                "differs", f"{message}: the recorded rows were made by another revision of the local engine", retry
            )
        why = "another machine labelled the texts again, and its annotations are not on this machine"
        raise StepStopped("differs", f"{message}: {why}", f"{SHARED_STORE}, or: {retry}")


# -- lines ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Counted:
    rows: int = 0


def _store_rows(work: Work, store: AnnotationsPort) -> tuple[int, str]:
    """Stores the rows; returns their number and their digest."""
    counted = _Counted()
    try:
        content = work.run.ports.store.put(_lines(work, store, counted))
    except StoreError as error:
        work.run.stop(error)
        message = f"the rows could not be stored: {one_line(error)}"
        raise StepStopped("stopped", message, "pioneer-build apply") from None
    return counted.rows, content


def _lines(work: Work, store: AnnotationsPort, counted: _Counted) -> Iterator[bytes]:
    spec, root, digests = work.item.spec, work.run.options.project_root, work.survey.digests
    assert root is not None
    assert spec.inputs is not None
    texts = read(spec.inputs, project_root=root, spec_path=spec.path, at=spec.place("inputs"))
    answers = zip(split(digests), store.lookup(digests), strict=True)
    for one, found in zip_longest(texts, answers):
        if one is None or found is None or text_digest(one.text) != found[0]:
            raise PioneerError("the inputs changed during labelling", hint="the annotations received so far are stored")
        if isinstance(found[1], bytes):
            counted.rows += 1
            yield _checked(one, row_line_of(one.text, found[1], one.id), spec.task_type)


def _checked(one: InputText, line: bytes, task_type: TaskType) -> bytes:
    """The line of a text's row: a store that a repository brought may have anything as its annotation.

    Raises:
        StepStopped: it is no row.
    """
    try:
        if len(line) > LONGEST_ROW:
            raise ValueError(f"takes more than {LONGEST_ROW >> 20} MiB")
        return checked_line(line, task_type)
    except ValueError as error:
        message = f"the stored annotation of the text at {one.path}:{one.line} is not valid: its row {error}"
        help_text = "pioneer-build apply  (with another folder as `store:`, for which all texts are labelled again)"
        raise StepStopped("stopped", f"{message}; pioneer-build did not write it", help_text) from None

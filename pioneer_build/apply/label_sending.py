"""Sends the texts of a label step in batches, several at a time, next to other runs that label over the same store.

Each batch is claimed in the store first, so that texts that another run is labelling are not sent. They are waited for
at the end; if the other run ends without having labelled them, they are sent then.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from pioneer_build.apply.label_halving import Batch
from pioneer_build.apply.label_waiting import wait_for_other_runs
from pioneer_build.apply.stopped import StepStopped
from pioneer_build.errors import JournalError, LockError, PioneerError, StoreError
from pioneer_build.inputs import batches, new_texts, split, text_digest
from pioneer_build.keys.search import HAS_KEY, REMOVE_IT
from pioneer_build.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pioneer_build.apply.label_progress import LabelProgress
    from pioneer_build.apply.work import Work
    from pioneer_build.inputs import InputText


async def send_all(progress: LabelProgress, missing: bytes) -> None:
    """Has the texts whose digests are `missing` (16 bytes each) labelled, by this run or by others that already do.

    Raises:
        StepStopped: not all could be labelled. The annotations received so far are stored.
        PioneerError: the inputs have changed since the plan was made.
    """
    while missing:
        await _send(progress, missing)
        if missing := progress.store.missing(missing):
            await wait_for_other_runs(progress, missing)
    if others := progress.to_do - progress.annotated - progress.faults.total():
        were = "was" if others == 1 else "were"
        progress.work.emit("note", f"{count(others, 'text')} {were} labelled by another run, and not sent again")


async def _send(progress: LabelProgress, missing: bytes) -> None:
    """Sends those of the texts that no other run is labelling."""
    run = progress.work.run
    room = asyncio.Semaphore(run.options.label_requests_in_flight)
    failed: list[Exception] = []

    async def send(batch: list[InputText]) -> bool:
        try:
            return await _send_claimed(progress, batch)
        except Exception as error:  # noqa: BLE001 - raised again below, when the other batches have ended
            if isinstance(error, JournalError | LockError | StoreError):
                run.stop(error)  # at once, for all datasets: what is paid for now could not be kept
            failed.append(error)
            return True
        finally:
            room.release()

    alone = run.options.first_alone
    upcoming = batches(_new_texts(progress.work, missing))
    async with asyncio.TaskGroup() as group:
        while True:
            await room.acquire()
            batch: list[InputText] | None = None
            if not failed and not run.stopping.is_set():
                try:
                    batch = next(upcoming, None)
                except PioneerError as error:  # the inputs changed; requests in flight are waited for nevertheless
                    failed.append(error)
            if batch is None:
                break
            if alone:  # one batch alone, so that a request that is wrong as such is sent only once
                alone = not await send(batch)
                continue
            group.create_task(send(batch))
    if failed:  # what says how a batch ended also says what was paid for
        ended = next((error for error in failed if isinstance(error, StepStopped)), failed[0])
        raise _with_unanswered(ended, progress) if isinstance(ended, StepStopped) else ended
    run.check_going()


async def _send_claimed(progress: LabelProgress, batch: list[InputText]) -> bool:
    """Sends those texts of a batch that can be claimed; whether there were any."""
    _refuse_keys(progress, batch)
    digests = [text_digest(one.text) for one in batch]
    claim = progress.claims.claim(b"".join(digests))
    sending: Batch | None = None
    unsure: set[int] = set()
    try:
        mine = set(split(claim.digests))
        if not mine:
            await asyncio.sleep(0)  # signals are heard, however many batches others have claimed
            progress.claims.release(claim)
            return False
        texts = [one for one, digest in zip(batch, digests, strict=True) if digest in mine]
        lost = set(split(claim.abandoned))
        unsure = {id(one) for one, digest in zip(batch, digests, strict=True) if digest in lost}
        if unsure and not progress.work.run.options.free:
            was, are = ("was", "it is") if len(unsure) == 1 else ("were", "they are")
            text = f"{count(len(unsure), 'text')} {was} in flight in a run that ended without recording a response"
            text = f"{text}: {are} sent again, and may be paid for twice"
            progress.work.emit("note", text, paid_twice=len(unsure))
        sending = Batch(progress, texts, unsure)
        await sending.send()
    except BaseException:
        unanswered = claim.abandoned if sending is None else sending.unanswered
        progress.unanswered += len(unsure if sending is None else sending.unsure)
        with suppress(StoreError):  # which would say less than how the batch ended
            progress.claims.release(claim, unanswered)
        raise
    progress.claims.release(claim, sending.unanswered)
    return True


def _with_unanswered(stopped: StepStopped, progress: LabelProgress) -> StepStopped:
    """How a step ended, and how many texts it leaves that the next run may pay for twice."""
    if not progress.unanswered or progress.work.run.options.free:
        return stopped
    number, was, it = progress.unanswered, "was", "it"
    if number > 1:
        was, it = "were", "them"
    text = f"{count(number, 'text')} {was} sent without getting a response: labelling {it} again may cost twice"
    return StepStopped(stopped.result, f"{stopped.message}; {text}", stopped.command, stopped.details)


def _refuse_keys(progress: LabelProgress, batch: list[InputText]) -> None:
    """Raises `StepStopped` if a text of a batch contains a key."""
    keys = progress.work.run.options.keys
    if not keys or not keys.occurs_in("\n".join(one.text for one in batch).encode("utf-8", "surrogatepass")):
        return
    for one in batch:
        line = keys.line_in(one.text.encode("utf-8", "surrogatepass"))
        if line is not None:
            message = f"{one.path}:{one.line}: the text {HAS_KEY}, so it was not sent; {REMOVE_IT}"
            raise StepStopped("refused", message, "pioneer-build apply")


def _new_texts(work: Work, missing: bytes) -> Iterator[InputText]:
    spec, root = work.item.spec, work.run.options.project_root
    assert root is not None
    assert spec.inputs is not None
    return new_texts(
        spec.inputs, work.survey, missing, project_root=root, spec_path=spec.path, at=spec.place("inputs")
    )  # fmt: skip

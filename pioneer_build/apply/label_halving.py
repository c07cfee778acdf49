"""One batch of texts to be labelled: sent, and its annotations stored; finds the texts that make it fail.

A response counts only when it is durable in the store. So after a crash, only requests that were in flight are resent.
"""

from __future__ import annotations

from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pioneer_build.apply.busy_wait import BusyWait
from pioneer_build.apply.label_rows import reject
from pioneer_build.apply.stopped import StepStopped, asks_for_long_pause, one_line, stops_all, stops_submissions
from pioneer_build.checks.label_bounds import judge_annotations
from pioneer_build.errors import Busy, FateUnknown, Refused, ServiceError, StoreError
from pioneer_build.escaping import shell_word
from pioneer_build.inputs import text_digest
from pioneer_build.ports import Guidance
from pioneer_build.rows import Fault
from pioneer_build.rows.annotation import annotation_line, normalise_annotation
from pioneer_build.spec.request_limits import LONGEST_ANNOTATION, SENDS_PER_TEXT, label_requests_at_most
from pioneer_build.wording import count, duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pioneer_build.apply.label_progress import LabelProgress
    from pioneer_build.apply.spending import Flight
    from pioneer_build.apply.work import Work
    from pioneer_build.inputs import InputText
    from pioneer_build.ports import Labelled, TokenUsage
    from pioneer_build.rows.annotation import Annotation

#: If the response is a 5xx or missing, a batch is sent this many times before it is halved.
_TRIES = 3
#: While a batch is searched, more than this many requests in a row without a response count as an outage.
_OUTAGE_AFTER = 12
#: Before a request is called wrong as such, texts at this many places of a batch are tried alone.
_PROBES = 8


@dataclass(slots=True)
class Batch:
    """One batch: sent, resent, and halved until the texts that make it fail are found.

    `unsure` has the ids of the text objects that were sent without getting a response; sending them again may cost
    twice. `unkept` has the ids of those whose response could not be stored, `answered` of those that got one. `failing`
    counts requests in a row without one. `requests` and `texts` are what was sent for this batch and not refused,
    `flight` what the latest request costs.
    """

    progress: LabelProgress
    whole: Sequence[InputText]
    unsure: set[int] = field(default_factory=set)
    requests: int = 0
    texts: int = 0
    answered: set[int] = field(default_factory=set)
    failing: int = 0
    unkept: set[int] = field(default_factory=set)
    flight: Flight | None = None

    async def send(self) -> None:
        """Sends the batch until each of its texts is annotated or quarantined."""
        try:
            await self._ask(self.whole, _TRIES)
        except FateUnknown as error:
            await self._halve(self.whole, error)
        except Refused as error:
            await self._search(self.whole, error)

    @property
    def unanswered(self) -> bytes:
        """The digests of the texts that were sent without a response that is stored: if they are sent again, that may
        cost twice.
        """
        ids = self.unsure | self.unkept
        return b"".join(text_digest(one.text) for one in self.whole if id(one) in ids)

    # -- one request --

    async def _ask(self, texts: Sequence[InputText], tries: int) -> None:
        work, run, spec = self.progress.work, self.progress.work.run, self.progress.work.item.spec
        service, waits = run.service, BusyWait(work)
        attempt = 0
        while True:
            attempt += 1
            run.check_going()
            again = self._spend(texts)
            self.progress.claims.renew()
            try:
                with nullcontext() if run.options.free else run.labels_in_flight.sending(work.name, len(texts)):
                    response = await service.label(
                        spec.task_type,
                        spec.labels,
                        [one.text for one in texts],
                        Guidance.of(spec, run.options.backend),
                    )
            except FateUnknown as error:
                self.unsure.update(map(id, texts))
                if stops_all(error):
                    self._check_helps(error)
                self.failing += 1
                if attempt == tries:
                    raise
                if asks_for_long_pause(error):
                    raise StepStopped("stopped", f"not labelled: {error.message}", "pioneer-build apply") from None
                pause = max(2.0**attempt, error.retry_after or 0.0)
                text = f"{error.message}; sending the {count(len(texts), 'text')} again in {duration(pause)}"
                if not run.options.free:
                    text += ", which may cost twice"
                work.emit("waiting", text, seconds=pause, paid_twice=0 if run.options.free else len(texts))
                await run.pause(pause)
            except Busy as error:
                self.requests, self.texts, attempt = self.requests - 1, self.texts - len(texts), attempt - 1
                if not error.sent and not self.progress.rebuilds:
                    run.budget.refund(len(texts), again)
                    self._land(None)
                if not error.sent or not await waits.is_over(error):
                    self._check_helps(error)
            except ServiceError as error:
                self._uncount(texts, again, error)
                self._check_helps(error)
                raise
            except BaseException:  # Ctrl-C, and whatever else doesn't wait for the response
                self.unsure.update(map(id, texts))
                raise
            else:
                self.failing = 0
                self.unsure.difference_update(map(id, texts))
                self.progress.works = True
                self.answered.update(map(id, texts))
                self.progress.unsupported.update(response.unsupported)
                self._land(response.tokens)
                self._store(texts, response)
                return

    def _land(self, tokens: TokenUsage | None) -> None:
        """Counts what the request that was sent last has cost."""
        self.progress.add_tokens(tokens)
        if self.flight is not None:
            self.progress.work.run.spending.end(self.flight, tokens)

    def _spend(self, texts: Sequence[InputText]) -> int:
        """Counts a request; returns how many of its texts were sent before without getting a response.

        Raises:
            StepStopped: it would exceed the budget, or the batch was sent again too often already.
        """
        whole = len(self.whole)
        if self.requests >= label_requests_at_most(whole) or self.texts + len(texts) > SENDS_PER_TEXT * whole:
            raise StepStopped(
                "stopped", "the service keeps failing: texts were sent again too often", "pioneer-build apply"
            )
        again = sum(id(one) in self.unsure for one in texts)
        if not self.progress.rebuilds:
            run, name = self.progress.work.run, self.progress.work.name
            run.spending.afford(name, len(texts))
            run.budget.spend(len(texts), again)
            self.flight = run.spending.start(name, len(texts))
        self.requests += 1
        self.texts += len(texts)
        return again

    def _uncount(self, texts: Sequence[InputText], again: int, error: ServiceError) -> None:
        """Uncounts a refused request for this batch; for the budget, only if it wasn't sent at all."""
        budget = self.progress.work.run.budget
        if not self.progress.rebuilds:
            (budget.refund if error.status is None else budget.refuse)(len(texts), again)
        self.requests -= 1
        self.texts -= len(texts)

    def _check_helps(self, error: ServiceError) -> None:
        """Raises `StepStopped` if halving the batch won't help."""
        if stops_submissions(error):
            self.progress.work.run.stop(error)
            raise StepStopped("stopped", f"not labelled: {one_line(error)}") from None
        if isinstance(error, Busy):
            raise StepStopped("stopped", f"not labelled: {one_line(error)}", "pioneer-build apply") from None
        reasons = " ".join((error.message, *error.details))
        if "labels" in reasons and "inputs" not in reasons:
            raise _refused(self.progress.work, error)

    def _store(self, texts: Sequence[InputText], response: Labelled) -> None:
        """Stores the annotations that a response has for each of `texts`, in the same order."""
        progress, spec = self.progress, self.progress.work.item.spec
        good: list[tuple[bytes, bytes]] = []
        bad: list[tuple[InputText, Fault]] = []
        for position, (one, raw) in enumerate(zip(texts, response.items, strict=True)):
            annotation = normalise_annotation(raw, one.text, spec.task_type, spec.labels)
            if position in response.unaligned and not isinstance(annotation, Fault):
                why = "it doesn't say for which text it is, and other annotations of its response are for other texts"
                annotation = Fault("other-text", why)
            line = annotation if isinstance(annotation, Fault) else _line_of(annotation)
            if isinstance(line, Fault):
                bad.append((one, line))
            else:
                good.append((text_digest(one.text), line))
        self._keep(good, bad, texts)
        progress.annotated += len(good)
        for one, fault in bad:
            progress.quarantine(one, fault.cause, fault.message)
        progress.tell(len(texts))
        if len(bad) == len(texts) > 1 and all(fault.cause == "other-text" for _, fault in bad):
            raise StepStopped(
                "rejected",
                f"the service answered {count(len(texts), 'text')} with annotations of other texts; they were"
                " quarantined, and nothing more is sent",
                f"pioneer-build apply --retry {shell_word(self.progress.work.name)}",
            )

    def _keep(
        self, good: Sequence[tuple[bytes, bytes]], bad: Sequence[tuple[InputText, Fault]], texts: Sequence[InputText]
    ) -> None:
        """Stores what a response has, each part even if another one can't be stored: it may be kept elsewhere.

        Args:
            good: annotations by their texts' digests.
            bad: texts without a usable annotation.
            texts: all that were sent.

        Raises:
            StepStopped: not all could be stored, or it isn't worth it to go on.
        """
        progress, store = self.progress, self.progress.store
        had = progress.annotated > 0 or progress.had
        failed: StoreError | None = None
        try:
            store.add(good)
            if bad and not good and not had and len(texts) == len(self.whole):
                self._check_worth_it(bad)
        except StoreError as error:
            failed = error
        for one, fault in bad:
            try:
                store.quarantine(text_digest(one.text), f"{fault.cause}: {fault.message}")
            except StoreError as error:
                failed = failed or error
        if failed is not None:
            self.unkept.update(map(id, texts))
            progress.work.run.stop(failed)
            message = f"annotations could not be stored: {one_line(failed)}"
            raise StepStopped("stopped", message, "pioneer-build apply") from None

    def _check_worth_it(self, bad: Sequence[tuple[InputText, Fault]]) -> None:
        """The first response has no usable annotation at all: raises `StepStopped` if the checks reject that."""
        work = self.progress.work
        failure = judge_annotations(0, Counter(fault.cause for _, fault in bad), work.checks)
        if failure is not None:
            reject(work, failure.message)
            raise StepStopped("rejected", failure.message, f"pioneer-build apply --retry {shell_word(work.name)}")

    # -- finding the texts that make it fail --

    def _halves(self, texts: Sequence[InputText]) -> Iterator[Sequence[InputText]]:
        """Both halves, without texts that got a response already; each half is computed when it is needed."""
        middle = len(texts) // 2
        for half in (texts[:middle], texts[middle:]):
            if left := [one for one in half if id(one) not in self.answered]:
                yield left

    async def _search(self, texts: Sequence[InputText], error: Refused) -> None:
        """Halves a refused batch until the texts that are refused are found."""
        if len(texts) == 1:
            if not self.progress.works:
                await self._check_others(texts[0], error)
            self._quarantine(texts[0], error)
            return
        for half in self._halves(texts):
            try:
                await self._ask(half, _TRIES)
            except Refused as refused:
                await self._search(half, refused)
            except FateUnknown as unknown:
                await self._halve(half, unknown)

    async def _check_others(self, one: InputText, error: Refused) -> None:
        """No request was ever accepted: sends other texts, to see if it is this text or the request that is refused.

        Raises:
            StepStopped: the others are refused too.
        """
        whole = self.whole
        spread = [whole[-1], *(whole[len(whole) * part // _PROBES] for part in (4, 0, 2, 6, 1, 3, 5, 7))]
        others = {id(other): other for other in spread if other is not one}
        for other in others.values():
            try:
                await self._ask([other], 1)
            except Refused:
                continue
            except FateUnknown as unknown:
                raise _outage(unknown) from None
            return
        raise _refused(self.progress.work, error)

    async def _halve(self, texts: Sequence[InputText], error: FateUnknown) -> None:
        """After repeated 5xx: halves the batch, and continues only if one of its halves succeeded.

        If nothing succeeds any more, it is an outage.
        """
        if len(texts) == 1:
            if len(self.whole) == 1:
                raise _outage(error)
            self._quarantine(texts[0], error)
            return
        bad: list[tuple[Sequence[InputText], FateUnknown]] = []
        asked = 0
        for half in self._halves(texts):
            asked += 1
            try:
                await self._ask(half, 1)
            except FateUnknown as unknown:
                bad.append((half, unknown))
            except Refused as refused:
                await self._search(half, refused)
        if (len(bad) == asked and len(texts) == len(self.whole)) or self.failing > _OUTAGE_AFTER:
            raise _outage(error)
        for half, cause in bad:
            await self._halve(half, cause)

    def _quarantine(self, one: InputText, error: ServiceError) -> None:
        reason = f"refused by the service: {error.message}"
        self.progress.store.quarantine(text_digest(one.text), reason)
        self.progress.quarantine(one, "refused", reason)


def _line_of(annotation: Annotation) -> bytes | Fault:
    """The line of an annotation, or the fault of one whose row the store might not read again."""
    line = annotation_line(annotation)
    if len(line) <= LONGEST_ANNOTATION:
        return line
    return Fault("bad-shape", f"the annotation takes more than {LONGEST_ANNOTATION >> 20} MiB")


def _refused(work: Work, error: ServiceError) -> StepStopped:
    """The request is refused whatever its texts are: recorded, so that not every apply sends it again."""
    reject(work, error.message, refused=True)
    spec = work.item.spec
    line, column = spec.place("labels")
    message = f"{spec.path}:{line}:{column}: refused by the service: {error.message}"
    return StepStopped("failed", message, f"pioneer-build apply --retry {shell_word(work.name)}", error.details)


def _outage(error: FateUnknown) -> StepStopped:
    return StepStopped("stopped", f"the service keeps failing: {error.message}", "pioneer-build apply")

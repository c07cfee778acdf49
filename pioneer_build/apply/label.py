"""The steps of a label spec: send the texts that have no annotation yet, keep each answer, make the rows.

An answer is durable in the store before it counts, so whatever dies, only what was in flight is sent again.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from pioneer_build.apply.label_warnings import warn_of_bounds
from pioneer_build.apply.run import Stopped, says, stops_all
from pioneer_build.apply.submit import entry_with
from pioneer_build.checks.label_rows import judge_annotations
from pioneer_build.errors import Busy, FateUnknown, NotReached, PioneerError, Refused, ServiceError, StoreError
from pioneer_build.inputs import batches, new_texts, read, split, text_digest
from pioneer_build.lock.model import Labelling, Rejection
from pioneer_build.rows import CAUSES, Fault
from pioneer_build.rows.annotation import annotation_line, normalise_annotation, row_line_of
from pioneer_build.wording import duration

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from pioneer_build.apply.run import Run
    from pioneer_build.inputs import InputsSurvey, InputText
    from pioneer_build.plan import Step
    from pioneer_build.rows import Cause
    from pioneer_build.spec.declared import Declared

#: How often a batch is sent when the answers are 5xx or don't come, before it is halved.
_TRIES = 3
#: Requests in a row without an answer, while a batch is searched, before that is taken for an outage.
_OUTAGE_AFTER = 12


@dataclass(slots=True)
class _Progress:
    """What one label step has got so far: distinct texts, by how they ended.

    `works` says that the service has taken a request of this definition, now or earlier: what it refuses then is the
    fault of texts.
    """

    to_do: int
    began: float
    works: bool = False
    annotated: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    unsupported: set[str] = field(default_factory=set)


async def label(run: Run, step: Step, item: Declared) -> None:
    """Labels what is new, then makes the dataset's rows again.

    Raises:
        Stopped: not all texts could be labelled. What was answered is kept.
    """
    survey = run.surveys[item.name]
    store = run.ports.store.annotations(run.options.backend, item.fingerprint)
    with store:
        if item.name in run.retry:
            store.clear_quarantine(split(survey.digests))
        missing = store.missing(survey.digests)
        progress = _Progress(len(missing) // 16, run.ports.now(), works=store.count() > 0)
        if progress.to_do > step.examples and not run.options.free:
            message = "annotations went missing from the store since the plan was made"
            raise Stopped("refused", message, "pioneer-build plan")
        try:
            await _send_all(run, item, store, survey, missing, progress)
        finally:
            _count_paid(run, step, item, survey, store)
        if left := len(store.missing(survey.digests)) // 16:
            raise Stopped("stopped", f"{left:,} texts are still to be labelled", "pioneer-build apply")
        _make_rows(run, step, item, store, survey, progress.unsupported)
    warn_of_bounds(run, item)
    if progress.faults:
        count = sum(progress.faults.values())
        causes = ", ".join(f"{number:,} {cause}" for cause, number in progress.faults.most_common())
        raise Stopped(
            "rejected",
            f"{count:,} texts were given no usable annotation and are in quarantine ({causes}); the others are used",
            f"pioneer-build show {item.name} --rejected  (then apply --retry {item.name})",
        )


def _how_far(done: int, total: int, rate: float, left: float) -> str:
    """Where a label step stands: "4,000 of 20,000 texts, 1,300 a second, 12 s left"."""
    text = f"{done:,} of {total:,} texts, {rate:,.0f} a second"
    return text if done >= total else f"{text}, {duration(left)} left"


def _count_paid(run: Run, step: Step, item: Declared, survey: InputsSurvey, store: Any) -> None:
    """Takes into the lock how many annotations of this definition were paid for."""
    entry = entry_with(run, item)
    paid = dict(entry.paid)
    left = len(store.missing(survey.digests)) // 16
    done = survey.distinct - left - len(_set_aside(store, survey))
    if done <= paid.get(item.fingerprint, 0):
        return
    paid[item.fingerprint] = done
    # the definition in force, and the rows that go with it, change only when the rows are made
    known = run.entry(item.name) or run.entry(step.renamed_from or item.name)
    base = replace(known, dataset_name=item.name) if known is not None else entry
    run.put(replace(base, paid=tuple(sorted(paid.items()))), instead_of=step.renamed_from)


# -- sending -------------------------------------------------------------------------------------------------------


async def _send_all(
    run: Run, item: Declared, store: Any, survey: InputsSurvey, missing: bytes, progress: _Progress
) -> None:
    if not missing:
        return
    room = asyncio.Semaphore(run.options.label_requests_in_flight)
    failed: list[Exception] = []
    root = run.options.project_root
    assert root is not None
    assert item.spec.inputs is not None
    texts = new_texts(
        item.spec.inputs, survey, missing, project_root=root, spec_path=item.spec.path, at=item.spec.place("inputs")
    )  # fmt: skip

    async def send(batch: list[InputText]) -> None:
        try:
            await _Batch(run, item, store, progress).send(batch)
        except Exception as error:  # noqa: BLE001 - raised again below, once the others have come to their end
            failed.append(error)
        finally:
            room.release()

    first = True
    upcoming = batches(texts)
    async with asyncio.TaskGroup() as group:
        while True:
            await room.acquire()
            batch: list[InputText] | None = None
            if not failed and not run.stopping.is_set():
                try:
                    batch = next(upcoming, None)
                except PioneerError as error:  # the inputs changed; what is out is waited for all the same
                    failed.append(error)
            if batch is None:
                break
            if first:  # one batch alone, so that a wrong request is found out by sending it once
                await send(batch)
                first = False
                continue
            group.create_task(send(batch))
    if failed:
        raise failed[0]
    run.check_going()


@dataclass(slots=True)
class _Batch:
    """The fate of one batch: sent, sent again, halved until what poisons it is found."""

    run: Run
    item: Declared
    store: Any
    progress: _Progress
    whole: Sequence[InputText] = ()
    answered: set[int] = field(default_factory=set)
    failing: int = 0

    async def send(self, texts: Sequence[InputText]) -> None:
        """Sends a batch until each of its texts is annotated or in quarantine."""
        self.whole = texts
        try:
            await self._ask(texts, _TRIES)
        except FateUnknown as error:
            await self._halve(texts, error)
        except Refused as error:
            await self._search(texts, error)

    def _halves(self, texts: Sequence[InputText]) -> Iterator[Sequence[InputText]]:
        """Both halves, without what was answered out of turn; worked out as each is asked for."""
        middle = len(texts) // 2
        for half in (texts[:middle], texts[middle:]):
            if left := [one for one in half if id(one) not in self.answered]:
                yield left

    async def _ask(self, texts: Sequence[InputText], tries: int) -> None:
        run, spec = self.run, self.item.spec
        for attempt in range(1, tries + 1):
            run.check_going()
            run.spend(len(texts))
            try:
                answer = await run.ports.service.label(spec.task_type, spec.labels, [one.text for one in texts])
            except FateUnknown as error:
                self.failing += 1
                if attempt == tries:
                    raise
                run.emit("waiting", self.item.name, f"{error.message}: sending again", seconds=2**attempt)
                await run.pause(float(2**attempt))
            except ServiceError as error:
                run.refund(len(texts))
                self._stop(error)
                raise
            else:
                self.failing = 0
                self.progress.works = True
                self.answered.update(map(id, texts))
                self.progress.unsupported.update(answer.unsupported)
                self._keep(texts, answer.items)
                return

    def _stop(self, error: ServiceError) -> None:
        """Raises `Stopped` where halving the batch won't help."""
        if stops_all(error) or isinstance(error, NotReached):
            self.run.stop(error)
            raise Stopped("stopped", f"not labelled: {says(error)}") from None
        if isinstance(error, Busy):
            raise Stopped("stopped", f"not labelled: {says(error)}", "pioneer-build apply") from None
        reasons = " ".join((error.message, *error.details))
        if "labels" in reasons and "inputs" not in reasons:
            raise self._refused(error)

    def _refused(self, error: ServiceError) -> Stopped:
        """The request is refused whatever its texts are: remembered, so that it is not sent at each apply."""
        survey = self.run.surveys[self.item.name]
        entry = (
            entry_with(self.run, self.item)
            if self.run.entry(self.item.name) is None
            else self.run.entry(self.item.name)
        )
        assert entry is not None
        rejection = Rejection(self.item.fingerprint, survey.digest, "failed", error.message)
        self.run.put(replace(entry, rejection=rejection))
        line, column = self.item.spec.place("labels")
        return Stopped(
            "failed",
            f"{self.item.spec.path}:{line}:{column}: refused by the service: {error.message}",
            f"pioneer-build apply --retry {self.item.name}",
            error.details,
        )

    async def _search(self, texts: Sequence[InputText], error: Refused) -> None:
        """Halves a refused batch until the texts that poison it are found."""
        if len(texts) == 1:
            if not self.progress.works:
                await self._doubt(texts[0], error)
            self._poisonous(texts[0], error)
            return
        for half in self._halves(texts):
            try:
                await self._ask(half, _TRIES)
            except Refused as refused:
                await self._search(half, refused)
            except FateUnknown as unknown:
                await self._halve(half, unknown)

    async def _doubt(self, one: InputText, error: Refused) -> None:
        """Nothing was ever taken: is it this text, or the request itself? Other texts of the batch tell.

        Raises:
            Stopped: they are refused as well.
        """
        whole = self.whole
        others = {id(other): other for other in (whole[-1], whole[len(whole) // 2], whole[0]) if other is not one}
        for other in others.values():
            try:
                await self._ask([other], 1)
            except Refused:
                continue
            except FateUnknown as unknown:
                raise self._outage(unknown) from None
            return
        raise self._refused(error)

    async def _halve(self, texts: Sequence[InputText], error: FateUnknown) -> None:
        """After repeated 5xx: halves once; the search goes on only where one half succeeded.

        What never succeeds again is an outage that began meanwhile.
        """
        if len(texts) == 1:
            if len(self.whole) == 1:
                raise self._outage(error)
            self._poisonous(texts[0], error)
            return
        bad: list[tuple[Sequence[InputText], FateUnknown]] = []
        asked = 0
        for half in self._halves(texts):
            asked += 1
            try:
                await self._ask(half, 1)
            except FateUnknown as again:
                bad.append((half, again))
            except Refused as refused:
                await self._search(half, refused)
        if (len(bad) == asked and len(texts) == len(self.whole)) or self.failing > _OUTAGE_AFTER:
            raise self._outage(error)
        for half, cause in bad:
            await self._halve(half, cause)

    def _outage(self, error: FateUnknown) -> Stopped:
        return Stopped("stopped", f"the service keeps failing: {says(error)}", "pioneer-build apply")

    def _poisonous(self, one: InputText, error: ServiceError) -> None:
        place = f"{one.path}:{one.line}"
        self.store.quarantine(text_digest(one.text), f"refused by the service: {error.message}")
        self.progress.faults["refused"] += 1
        self.run.emit("quarantined", self.item.name, f"{place}: refused by the service: {error.message}",
                      count=1, causes={"refused": 1}, place=place)  # fmt: skip

    def _keep(self, texts: Sequence[InputText], items: Sequence[Any]) -> None:
        spec = self.item.spec
        good: list[tuple[bytes, bytes]] = []
        bad: list[tuple[InputText, Fault]] = []
        for one, raw in zip(texts, items, strict=True):
            annotation = normalise_annotation(raw, one.text, spec.task_type, spec.labels)
            if isinstance(annotation, Fault):
                bad.append((one, annotation))
            else:
                good.append((text_digest(one.text), annotation_line(annotation)))
        had = self.progress.annotated or self.store.count()
        try:
            self.store.add(good)
            if bad and not good and not had and len(texts) == len(self.whole):
                self._reject(bad)
            for one, fault in bad:
                self.store.quarantine(text_digest(one.text), f"{fault.cause}: {fault.message}")
        except StoreError as error:
            self.run.stop(error)
            raise Stopped("stopped", f"answers could not be kept: {says(error)}", "pioneer-build apply") from None
        self.progress.annotated += len(good)
        for one, fault in bad:
            self.progress.faults[fault.cause] += 1
            place = f"{one.path}:{one.line}"
            self.run.emit("quarantined", self.item.name, f"{place}: {fault.message}",
                          count=1, causes={fault.cause: 1}, place=place)  # fmt: skip
        done = self.progress.annotated + sum(self.progress.faults.values())
        rate = done / max(self.run.ports.now() - self.progress.began, 1e-3)
        left = (self.progress.to_do - done) / rate if rate else 0.0
        self.run.emit("labelled", self.item.name, _how_far(done, self.progress.to_do, rate, left),
                      texts=len(texts), done=done, total=self.progress.to_do, rate=round(rate, 1),
                      seconds_left=round(left, 1))  # fmt: skip

    def _reject(self, bad: Sequence[tuple[InputText, Fault]]) -> None:
        """The first answer holds no annotation at all: no dataset comes of it, and no more is sent."""
        counted = Counter(fault.cause for _, fault in bad)
        failure = judge_annotations(0, counted, self.run.checks(self.item))
        if failure is None:
            return
        survey = self.run.surveys[self.item.name]
        rejection = Rejection(self.item.fingerprint, survey.digest, "rejected", failure.message)
        entry = self.run.entry(self.item.name) or entry_with(self.run, self.item)
        self.run.put(replace(entry, rejection=rejection))
        raise Stopped("rejected", failure.message, f"pioneer-build apply --retry {self.item.name}")


# -- rows ----------------------------------------------------------------------------------------------------------


def _make_rows(
    run: Run, step: Step, item: Declared, store: Any, survey: InputsSurvey, unsupported: Collection[str]
) -> None:
    """Makes the rows in input order, keeps them, and takes what they are into the lock.

    `unsupported` are labels that the service said in this run it can't find; what it said before holds on.
    """
    counted = _Counted()
    try:
        content = run.ports.store.put(_lines(run, item, store, survey, counted))
    except StoreError as error:
        run.stop(error)
        raise Stopped("stopped", f"rows could not be kept: {says(error)}", "pioneer-build apply") from None
    aside = _set_aside(store, survey)
    quarantined = len(aside)
    annotated = survey.distinct - quarantined
    causes = Counter(_cause(found.reason) for found in aside.values())
    failure = judge_annotations(annotated, causes, run.checks(item)) if quarantined else None
    entry = entry_with(run, item)
    if failure is not None:
        rejection = Rejection(item.fingerprint, survey.digest, "rejected", failure.message)
        known = run.entry(item.name) or entry
        run.put(replace(known, rejection=rejection), instead_of=step.renamed_from)
        raise Stopped("rejected", failure.message, f"pioneer-build show {item.name} --rejected")
    before = entry.labelling
    labelling = Labelling(
        fingerprint=item.fingerprint,
        inputs=survey.digest,
        texts=survey.rows,
        distinct=survey.distinct,
        annotated=annotated,
        quarantined=quarantined,
        rows=counted.rows,
        content=content,
        unsupported=tuple(sorted({*unsupported, *_unsupported_before(before, item)})),
    )
    same_work = before is not None and (before.inputs, before.fingerprint) == (survey.digest, item.fingerprint)
    moved = same_work and before is not None and before.content != content
    if step.action in ("fetch", "none") and moved and item.name not in run.retry:
        raise Stopped(
            "differs",
            "the rows made here are not those in the lock: another revision of the engine made them",
            f"pioneer-build apply --retry {item.name}  (records the rows as they are made here)",
        )
    run.put(replace(entry, num_examples=None, labelling=labelling, rejection=None), instead_of=step.renamed_from)


def _unsupported_before(before: Labelling | None, item: Declared) -> tuple[str, ...]:
    return before.unsupported if before is not None and before.fingerprint == item.fingerprint else ()


def _cause(reason: str) -> Cause:
    """The cause that a quarantined text's reason begins with; a refused text has no annotation."""
    said = reason.partition(":")[0]
    return next((cause for cause in CAUSES if cause == said), "no-annotation")


def _set_aside(store: Any, survey: InputsSurvey) -> dict[bytes, Any]:
    """The texts of this input that are in quarantine."""
    aside = store.quarantined()
    if not aside:
        return {}
    here = set(split(survey.digests))
    return {digest: found for digest, found in aside.items() if digest in here}


@dataclass(slots=True)
class _Counted:
    rows: int = 0


def _lines(run: Run, item: Declared, store: Any, survey: InputsSurvey, counted: _Counted) -> Iterator[bytes]:
    root = run.options.project_root
    assert root is not None
    assert item.spec.inputs is not None
    texts = read(item.spec.inputs, project_root=root, spec_path=item.spec.path, at=item.spec.place("inputs"))
    answers = zip(split(survey.digests), store.lookup(survey.digests), strict=True)
    for one, found in zip_longest(texts, answers):
        if one is None or found is None or text_digest(one.text) != found[0]:
            raise PioneerError("the inputs changed while they were labelled", hint="what was answered is kept")
        if isinstance(found[1], bytes):
            counted.rows += 1
            yield row_line_of(one.text, found[1], one.id)

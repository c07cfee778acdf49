"""What the datasets in `no_overlap_with` had when rows were compared with them.

The lock doesn't say it of them. What it has of them now may be what they had; or they had fewer jobs; or, as earlier
versions of the lock say, other rows: of another definition, or by other checks.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from itertools import islice, product
from math import prod
from typing import TYPE_CHECKING, Any, Final

from pioneer_build.apply.judge_rows import store_rows
from pioneer_build.apply.rows_again import rows_of
from pioneer_build.apply.stored_rows import raw_rows, rows_are_here, texts_in
from pioneer_build.apply.work import Work
from pioneer_build.checks.bounds import effective_checks
from pioneer_build.checks.judge import JobTerms, TakenTexts, judge
from pioneer_build.errors import PioneerError, StoreError
from pioneer_build.lock.branches import jobs_of_branches
from pioneer_build.rows import row_line, row_text_digest
from pioneer_build.spec.declared import Declared
from pioneer_build.spec.model import Checks, Spec, checks_from

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence

    from pioneer_build.apply.search_effort import SearchEffort
    from pioneer_build.checks.judge import Judgement
    from pioneer_build.lock.model import Entry, Job
    from pioneer_build.ports import StorePort

#: At most this many combinations of states of other datasets are tried.
_MOST_COMBINATIONS: Final = 64

_Texts = frozenset[bytes]


class OthersBefore:
    """The states of other datasets that the rows of a job may have been compared with.

    Args:
        work: the step of the dataset whose rows were compared.
        texts: the digests of the texts of these rows: states that differ in other texts are one.
        effort: what may be tried.
        above: the states of a dataset that is compared with these; what it has found is used again.
        path: the datasets that were gone through from one to the next. What one of these had is not looked for in
            the history once more: datasets may name each other.
    """

    def __init__(
        self,
        work: Work,
        texts: Collection[bytes],
        effort: SearchEffort,
        above: OthersBefore | None = None,
        path: tuple[str, ...] = (),
    ) -> None:
        self._work = work
        self._effort = effort
        self._path = path
        self._compared = frozenset(texts)
        self._stored: dict[str, _Texts] = {}
        self._texts: dict[tuple[tuple[str, str], str], _Texts | None] = {} if above is None else above._texts
        self._past: dict[str, Sequence[Entry]] = {} if above is None else above._past
        self._states: dict[str, list[_Texts]] = {}
        self._last_rows: dict[str, tuple[tuple[str, str], Sequence[Any] | None]]
        self._last_rows = {} if above is None else above._last_rows

    async def from_lock(self, names: Sequence[str]) -> AsyncIterator[Mapping[str, _Texts]]:
        """The digests of the texts of each dataset: as it is, and as it was when it had fewer jobs.

        Raises:
            StepStopped: the run was stopped.
        """
        yield {name: self._now(name) for name in names}  # hardly ever is another one needed
        states = {name: await self._since(name) for name in names}
        for combination in islice(_combinations(states, self._effort), 1, None):
            yield combination

    async def from_history(self, names: Sequence[str]) -> AsyncIterator[Mapping[str, _Texts]]:
        """As `from_lock`, also with rows of earlier versions of the lock. Those that are not here are fetched.

        Raises:
            StepStopped: the service failed, or the run was stopped.
        """
        for combination in _combinations({name: await self._ever(name) for name in names}, self._effort):
            yield combination

    async def at_any_time(self, names: Sequence[str]) -> dict[str, _Texts]:
        """The digests of the texts that each dataset has, or had in some earlier state that is known.

        Raises:
            StepStopped: the service failed, or the run was stopped.
        """
        return {name: frozenset().union(*await self._ever(name)) for name in names}

    async def _ever(self, name: str) -> list[_Texts]:
        if name not in self._states:
            found = dict.fromkeys(await self._since(name))
            for entry in self._past_of(name) if name not in self._path else ():
                if not await self._effort.spend(len(self._compared)):
                    break
                texts = await self._texts_of(name, entry)
                if texts is not None:
                    found.setdefault(texts & self._compared)
            self._states[name] = list(found)
        return self._states[name]

    async def _since(self, name: str) -> list[_Texts]:
        found = {self._now(name): None}
        entry = self._work.run.lock.entry(name)
        for jobs in _fewer_jobs(entry) if entry is not None else ():
            assert entry is not None
            if not await self._effort.spend(len(self._compared)):
                break
            then = replace(entry, jobs=jobs)
            found.setdefault(frozenset().union(*map(self._in_store, then.content_digests)))
        return list(found)

    def _now(self, name: str) -> _Texts:
        return self._work.run.others.texts(Checks(no_overlap_with=(name,)), [])[name] & self._compared

    def _in_store(self, digest: str) -> _Texts:
        if digest not in self._stored:  # a dataset of many jobs has each of them in many states
            self._stored[digest] = frozenset(texts_in(self._work.run.ports.store, (digest,), [])) & self._compared
        return self._stored[digest]

    def _past_of(self, name: str) -> Sequence[Entry]:
        entry = self._work.run.lock.entry(name)
        if name not in self._past:
            past = self._work.run.options.past.states_of(entry) if entry is not None else ()
            # no step brings the rows of a dataset whose spec was removed, or is not read here
            brought = entry is None or entry.dataset_name in self._work.run.basis.declared
            self._past[name] = past if brought or entry is None else (entry, *past)
        return self._past[name]

    async def _texts_of(self, name: str, past: Entry) -> _Texts | None:
        """The digests of the texts that readers of a dataset got in an earlier state; `None` if they can't be had."""
        if past.num_examples is None:
            return frozenset(texts_in(self._work.run.ports.store, past.content_digests, []))
        found: set[bytes] = set()
        for job in past.readable():
            if job.rows is None:
                continue
            if (job.key, job.rows) not in self._texts:
                texts = await self._texts_of_job(name, past, job, found)
                if texts is not None or not self._path:  # from elsewhere, it may be found
                    self._texts[job.key, job.rows] = texts
            else:
                texts = self._texts[job.key, job.rows]
            if texts is None:
                return None
            found |= texts
        return frozenset(found)

    async def _texts_of_job(self, name: str, past: Entry, job: Job, earlier: Collection[bytes]) -> _Texts | None:
        """The digests of the texts that a job of another dataset had.

        Args:
            name: the dataset.
            past: its earlier state.
            job: the job in that state.
            earlier: the digests of the texts of the jobs before it in that state.

        Raises:
            StepStopped: the service failed, or the run was stopped.
        """
        assert job.rows is not None
        store = self._work.run.ports.store
        try:
            if store.has(job.rows):
                return frozenset(texts_in(store, (job.rows,)))
            if name not in self._last_rows or self._last_rows[name][0] != job.key:  # many states differ in checks only
                self._last_rows[name] = job.key, await self._all_rows(name, job)
            rows = self._last_rows[name][1]
        except StoreError:
            return None
        judgement = await self._judgement_then(name, past, job, rows, earlier) if rows is not None else None
        if judgement is None:
            return None
        _keep(store, judgement)
        return frozenset(row_text_digest(row) for row in judgement.accepted)

    async def _judgement_then(
        self, name: str, past: Entry, job: Job, rows: Sequence[Any], earlier: Collection[bytes]
    ) -> Judgement | None:
        """The judgement that accepts the rows which a job of another dataset had; `None` if none is found.

        They may have been compared with those of further datasets: as these are, or as they were before.

        Args:
            name: the dataset.
            past: its earlier state.
            job: the job in that state.
            rows: all rows of the job.
            earlier: the digests of the texts of the jobs before it in that state.
        """
        definition = self._definition(name, past, job)
        terms = JobTerms.of(definition, job.asked)
        texts = {row_text_digest(row) for row in judge(rows, terms, Checks(), TakenTexts()).accepted}
        further = OthersBefore(self._work, texts, self._effort, self, (*self._path, name))
        keys = (past.checks, *self._work.run.options.past.checks_of(job), {})
        for checks in _checks_then(keys, name):
            async for others in further._at_each_time(checks.no_overlap_with):
                if not await self._effort.spend(len(rows)):
                    return None
                judgement = judge(rows, terms, checks, TakenTexts(frozenset(earlier), others))
                if digest_of_accepted(judgement) == job.rows:
                    return judgement
        return None

    async def _at_each_time(self, names: Sequence[str]) -> AsyncIterator[Mapping[str, _Texts]]:
        if not names:
            yield {}
            return
        async for others in self.from_lock(names):
            yield others
        async for others in self.from_history(names):
            yield others

    async def _all_rows(self, name: str, job: Job) -> Sequence[Any] | None:
        """All rows of a job, whatever checks accepted them: from the store, if it has them, or from the service."""
        run = self._work.run
        entry = run.lock.entry(name)
        item = run.basis.declared.get(name) or (_as_if_declared(entry) if entry is not None else None)
        now = next((one for one in (entry.jobs if entry is not None else ()) if one.key == job.key), None)
        if now is not None and now.rows is not None and rows_are_here(run.ports.store, now):
            return raw_rows(run.ports.store, now)
        if item is None or job.state != "ready":
            return None
        rows, _ = await rows_of(Work(run, self._work.step, item), job)
        return rows if isinstance(rows, tuple) else None

    def _definition(self, name: str, past: Entry, job: Job) -> Mapping[str, Any]:
        """The definition of a job that readers of a dataset got the rows of."""
        known = (past, *self._past_of(name))
        return next((entry.definition for entry in known if entry.fingerprint == job.fingerprint), past.definition)


def _fewer_jobs(entry: Entry) -> Iterator[tuple[Job, ...]]:
    """The jobs that a dataset had when it had fewer; if it has those of several branches, also those of each branch."""
    for jobs in jobs_of_branches(entry.jobs):
        for size in range(len(jobs) - (len(jobs) == len(entry.jobs)), -1, -1):
            yield jobs[:size]


def _checks_then(keys: Iterable[Mapping[str, Any]], name: str) -> Iterator[Checks]:
    """The checks that may have accepted the rows of a dataset; first without the datasets that they name."""
    found = [checks_from(key) for key in keys]
    alone = [replace(checks, no_overlap_with=()) for checks in found]
    for explicit in dict.fromkeys((*alone, *found)):
        yield effective_checks(Checks(), explicit, name)


def _keep(store: StorePort, judgement: Judgement) -> None:
    """Stores rows, so that they are here for the next comparison. Where that fails, they are fetched again."""
    try:
        store_rows(store, judgement)
    except PioneerError:
        return


def _as_if_declared(entry: Entry) -> Declared:
    """The spec that a dataset would have which has none here: enough to ask for its rows."""
    spec = Spec(
        entry.dataset_name,
        entry.task_type,
        tuple(entry.definition.get("labels", ())),
        entry.num_examples,
        path="",
        line=0,
    )
    return Declared(spec, dict(entry.definition), entry.fingerprint, entry.checks)


def _combinations(
    states: Mapping[str, Sequence[_Texts]], effort: SearchEffort
) -> Iterator[Mapping[str, _Texts]]:  # fmt: skip
    for taken in islice(product(*states.values()), _MOST_COMBINATIONS):
        yield dict(zip(states, taken, strict=True))
    if prod(map(len, states.values())) > _MOST_COMBINATIONS:
        effort.is_cut = True


def digest_of_accepted(judgement: Judgement) -> str:
    """The digest that the accepted rows have in the store."""
    return digest_of_lines(map(row_line, judgement.accepted))


def digest_of_lines(lines: Iterable[bytes]) -> str:
    """The digest of these lines as a file of the store."""
    whole = sha256()
    for line in lines:
        whole.update(line)
    return f"sha256:{whole.hexdigest()}"

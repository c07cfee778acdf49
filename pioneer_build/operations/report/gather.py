"""Gathers each dataset's data from the lock, the plan and the store. Nothing is sent."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pioneer_build.checks.quarantined_rows import parse_quarantined
from pioneer_build.diff.json import change_value, sample_kind
from pioneer_build.diff.locks import diff_locks
from pioneer_build.errors import PioneerError, StoreError
from pioneer_build.inputs import read, text_digest
from pioneer_build.lock.model import Lock
from pioneer_build.operations.diff import kept_rows, state_at
from pioneer_build.operations.project_state import read_project_state
from pioneer_build.operations.report.counts import Counts
from pioneer_build.operations.report.packed_rows import pack, quarantined_value, row_value
from pioneer_build.operations.status import listed_steps, spent, status_of
from pioneer_build.results.report import ReportContents
from pioneer_build.rows import parse_line

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from pioneer_build.diff.locks import DatasetDiff
    from pioneer_build.diff.rows import RowLines
    from pioneer_build.diff.state import State
    from pioneer_build.lock.model import Entry
    from pioneer_build.operations.project_state import ProjectState
    from pioneer_build.plan import Step
    from pioneer_build.project.open import Project
    from pioneer_build.rows import Row

#: Maximum number of quarantined rows of a dataset in the page.
MOST_QUARANTINED = 2_000
#: Maximum number of changed rows of each kind, of a dataset, in the page.
SAMPLES = 50


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """What to show: the selected datasets, with at most `most_rows` rows in total; charts count all rows.

    `since` is a git revision to compare with. `select` and `exclude` are selectors; without any, all are shown.
    """

    most_rows: int
    since: str | None = None
    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


def gather(project: Project, request: ReportRequest) -> ReportContents:
    """Gathers the contents of the page.

    Args:
        project: an opened project.
        request: what to show.

    Raises:
        PioneerError: there is no such revision, a selector matches nothing, or specs or lock have an error.
    """
    since = state_at(project, request.since) if request.since is not None else None
    found = read_project_state(project)
    steps = listed_steps(found, request.select, request.exclude)
    changes = _changes(found, steps.keys(), since)
    shares = _shares({name: _examples(found, name) for name in steps}, request.most_rows)
    chunks: dict[str, str] = {}
    datasets = [
        _dataset(found, name, step, changes.pop(name, None), shares[name], chunks) for name, step in steps.items()
    ]
    overview = {
        "format": 1,
        "title": found.project.root.name,
        "backend": found.backend,
        "since": since.title if since is not None else None,
        "notes": _notes(found, since),
        "datasets": datasets,
        "removed": [change_value(change) for change in changes.values() if change.kind == "removed"],
    }
    return ReportContents(overview, chunks)


def _examples(found: ProjectState, name: str) -> int:
    entry = found.entry(name)
    return entry.examples if entry is not None else 0


def _shares(examples: dict[str, int], most: int) -> dict[str, int]:
    """The number of rows of each dataset in the page: all rows of small ones; large ones share the rest evenly."""
    shares: dict[str, int] = {}
    left = most
    ordered = sorted(examples, key=lambda name: (examples[name], name))
    for place, name in enumerate(ordered):
        shares[name] = min(examples[name], left // (len(ordered) - place))
        left -= shares[name]
    return shares


def _notes(found: ProjectState, since: State | None) -> list[str]:
    notes = []
    if since is not None and since.found == "absent":
        notes.append(f"{since.title} has no pioneer.lock, so everything counts as added")
    if (total := spent(found)) is not None:
        notes.append(total.text)
    elsewhere = {backend for _, backend in found.lock.entries if backend != found.backend}
    if elsewhere:
        notes.append(f"The lock also has datasets of other backends: {', '.join(sorted(elsewhere))}")
    return notes


# -- one dataset ---------------------------------------------------------------------------------------------------


def _dataset(
    found: ProjectState, name: str, step: Step | None, change: DatasetDiff | None, share: int, chunks: dict[str, str]
) -> dict[str, Any]:
    entry, item = found.entry(name), found.declared.get(name)
    value = status_of(found, name, step)
    spec = item.spec if item is not None else None
    lines: RowLines | str = "nothing is built yet"
    if entry is not None and entry.examples:
        lines = kept_rows(found.store)(entry)
    value |= {
        "definition": dict(entry.definition if entry is not None else item.definition if item is not None else {}),
        "description": spec.description if spec is not None else None,
        "owner": spec.owner if spec is not None else None,
        "tags": list(spec.tags) if spec is not None else [],
        "inputs": value.get("inputs"),
        "command": value.get("command"),
        "reason": value.get("reason"),
        "summary": None,
        "chunks": [],
        "embedded": 0,
        "unseen": lines if isinstance(lines, str) and value["examples"] else None,
        "change": None,
    }
    if not isinstance(lines, str) and entry is not None:
        value["summary"], value["chunks"] = _rows(entry, map(parse_line, lines()), share, chunks)
        value["embedded"] = share
    value["quarantined"] = _quarantined(found, entry, chunks)
    if change is not None:
        value["change"] = _change(change)
    return value


def _rows(entry: Entry, rows: Iterable[Row], share: int, chunks: dict[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Counts all rows, and packs the first `share` of them."""
    counts = Counts(entry.definition.get("labels", ()))

    def passing() -> Iterator[list[Any]]:
        for number, row in enumerate(rows):
            counts.add(row)
            if number < share:
                yield row_value(row)

    ids = _keep(chunks, pack(passing()))
    return counts.value(), ids


def _keep(chunks: dict[str, str], packed: Iterator[str]) -> list[str]:
    ids = []
    for text in packed:
        ids.append(f"c{len(chunks)}")
        chunks[ids[-1]] = text
    return ids


def _quarantined(found: ProjectState, entry: Entry | None, chunks: dict[str, str]) -> dict[str, Any]:
    """The quarantined rows or texts: counted by cause, and the first of them packed."""
    causes: Counter[str] = Counter()
    kept: list[list[Any]] = []
    lost = None
    for value in _quarantined_items(found, entry) if entry is not None else ():
        if isinstance(value, str):
            lost = value
            continue
        causes[value[0]] += 1
        if len(kept) < MOST_QUARANTINED:
            kept.append(value)
    return {
        "total": causes.total(),
        "causes": sorted(causes.items(), key=lambda pair: (-pair[1], pair[0])),
        "chunks": _keep(chunks, pack(kept)),
        "unseen": lost,
    }


def _quarantined_items(found: ProjectState, entry: Entry) -> Iterator[list[Any] | str]:
    if entry.labelling is not None:
        yield from _quarantined_texts(found, entry)
    for job in entry.current():
        if job.quarantined is None:
            continue
        try:
            for bad in found.store.rows(job.quarantined, parse_quarantined):
                yield quarantined_value(bad, f"job {job.job_id or job.version}")
        except StoreError as error:
            yield error.message


def _quarantined_texts(found: ProjectState, entry: Entry) -> Iterator[list[Any] | str]:
    if entry.labelling is None or not entry.labelling.quarantined:
        return
    try:
        with found.store.annotations(found.backend, entry.labelling.fingerprint) as store:
            refused = store.quarantined()
    except StoreError as error:
        yield error.message
        return
    for digest, reason in _named_texts(found, entry.dataset_name, refused):
        cause, colon, message = reason.partition(": ")
        yield [cause if colon else "refused", message or reason, *digest]


def _named_texts(found: ProjectState, name: str, refused: dict[bytes, Any]) -> Iterator[tuple[list[str | None], str]]:
    """The quarantined texts of this dataset, with their places; fewer or none if the inputs can't be read."""
    item = found.declared.get(name)
    if item is None or item.spec.inputs is None:
        return
    left = dict(refused)
    try:
        inputs = read(
            item.spec.inputs, project_root=found.project.root, spec_path=item.spec.path, at=item.spec.place("inputs")
        )
        for one in inputs:
            quarantined = left.pop(text_digest(one.text), None)
            if quarantined is not None:
                yield [f"{one.path}:{one.line}", one.text], quarantined.reason
            if not left:
                return
    except PioneerError:
        return


# -- changes -------------------------------------------------------------------------------------------------------


def _changes(found: ProjectState, names: Collection[str], since: State | None) -> dict[str, DatasetDiff]:
    if since is None:
        return {}
    now = Lock({key: entry for key, entry in found.named_lock.entries.items() if key[0] in names})
    gone = {key for key in since.lock.entries if key not in found.named_lock.entries}
    before = {key: entry for key, entry in since.lock.entries.items() if key[0] in names or key in gone}
    diff = diff_locks(Lock(before), now, kept_rows(found.store), backend=found.backend, samples=SAMPLES)
    return {change.dataset_name: change for change in diff.datasets}


def _change(change: DatasetDiff) -> dict[str, Any]:
    value = change_value(change)
    samples: Sequence[Any] = change.rows.samples if change.rows is not None else ()
    value["samples"] = [
        [
            sample_kind(sample),
            row_value(sample.old) if sample.old is not None else None,
            row_value(sample.new) if sample.new is not None else None,
        ]
        for sample in samples
    ]
    if value["rows"] is not None:
        del value["rows"]["samples"]
    return value

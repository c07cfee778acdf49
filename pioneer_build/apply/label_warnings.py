"""Warns of bounds that the rows of a label spec violate. Its texts are the author's own, so nothing is rejected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.checks.bounds import explicit_checks
from pioneer_build.checks.label_bounds import label_warnings
from pioneer_build.errors import StoreError
from pioneer_build.rows import parser_for

if TYPE_CHECKING:
    from pioneer_build.apply.work import Work


def warn_of_bounds(work: Work) -> None:
    """Emits a note for each bound, set by the spec or by the project, that the dataset's rows violate."""
    run, entry, spec = work.run, work.entry, work.item.spec
    store = run.ports.store
    if entry is None or entry.labelling is None or not store.has(entry.labelling.content):
        return
    checks = explicit_checks(run.basis.checks, spec.checks, work.name)
    rows = store.rows(entry.labelling.content, parser_for(entry.task_type))
    try:
        others = run.others.texts(checks)
        warnings = label_warnings(rows, checks, spec.labels, others)
    except StoreError as error:  # rows of this dataset or another one are damaged: an error only for what needs them
        work.emit("note", error.message)
        return
    for found in warnings:
        work.emit("note", found.message, check=found.check, measured=found.measured, bound=found.bound)

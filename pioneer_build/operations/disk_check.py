"""Before the first paid request: can what it brings be kept? Store, journal and lock are written to, and room is taken.

Docs: "Before anything is paid for" in docs/store.md has the sizes.
"""

from __future__ import annotations

import errno
import json
import os
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pioneer_build.errors import JournalError, LockError, StoreError
from pioneer_build.spec.model import InlineTexts

if TYPE_CHECKING:
    from pathlib import Path

    from pioneer_build.errors import PioneerError
    from pioneer_build.inputs import InputsSurvey
    from pioneer_build.operations.project_state import ProjectState
    from pioneer_build.plan import Plan, Step
    from pioneer_build.spec.declared import Declared

#: Bytes of a generated row; most are half as long.
ROW_BYTES: Final = {"ner": 800, "classification": 500, "decoder": 4000}
#: Bytes of an annotation, and of a row without its text.
ANNOTATION_BYTES: Final = 400
#: Bytes of a text whose file isn't known, and how much larger than its file a compressed one can be.
TEXT_BYTES: Final = 400
EXPANSION: Final = 6
_COMPRESSED: Final = (".gz", ".gzip", ".zst", ".zstd", ".parquet")
#: Bytes of a submission's lines in the journal, and of its job in the lock, beside its definition.
JOB_BYTES: Final = 4096
#: How often the local engine has its rows, beside its journal: in its database, and in the log of that.
ENGINE_COPIES: Final = 2
#: How often as large as its rows and annotations the answers of a language model are: some are refused.
ANSWER_COPIES: Final = 2
#: The least room, in bytes. Estimates are rough, and other programs write too.
FLOOR: Final = {"store": 1 << 20, "journal": 128 << 10, "lock": 128 << 10}


@dataclass(frozen=True, slots=True)
class Room:
    """How many bytes the results of a plan need in the store, the journal and the lock."""

    store: int
    journal: int
    lock: int


#: What a plan needs that pays for nothing.
LEAST_ROOM: Final = Room(**FLOOR)


def check_disks(found: ProjectState, plan: Plan) -> None:
    """Refuses a plan that pays for something that can't be kept: checks that store, journal and lock can be written.

    Args:
        found: what the plan was made from; the project must be held.
        plan: what will be done. If nothing can be paid for, nothing is checked and nothing is written.

    Raises:
        StoreError, JournalError, LockError: one of them can't be written, or its disk has not enough room. Says the
            path, the reason, and what helps.
    """
    if not any(_may_pay(step, found.declared.get(step.dataset_name)) for step in plan.steps):
        return
    room = room_for(found, plan)
    paying = {step.dataset_name for step in plan.steps if step.submits}
    labelled = [item for name, item in found.declared.items() if name in paying and item.spec.is_label]
    scopes = {(plan.backend, item.fingerprint) for item in labelled}
    with ExitStack() as held:  # all at the same time: they may be on one disk
        try:
            held.callback(os.close, found.journal.reserve(room.journal))
            held.callback(os.close, found.store.reserve(room.store, sorted(scopes)))
            held.callback(os.close, found.project.lockfile.reserve(room.lock))
        except (JournalError, StoreError, LockError) as error:
            raise type(error)(f"{error.message}; nothing was sent{_needed(error, room)}", error.hint) from None


def _needed(error: PioneerError, room: Room) -> str:
    """How much room would have been enough, if that is what was missing."""
    cause = error.__cause__ or error.__context__
    if not isinstance(cause, OSError) or cause.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return ""
    size = {JournalError: room.journal, LockError: room.lock}.get(type(error), room.store)
    return f": this plan needs {size / 1e6:,.1f} MB there"


def _may_pay(step: Step, item: Declared | None) -> bool:
    """Whether a step may send a paid request: as planned, or to replace rows that an open job leaves missing."""
    tops_up = item is not None and item.spec.top_up is not None and step.action in ("resume", "reconcile")
    return step.submits or (tops_up and step.refused is None)


def room_for(found: ProjectState, plan: Plan) -> Room:
    """The room that the results of `plan` need, estimated generously, and at least `FLOOR`.

    Args:
        found: what the plan was made from.
        plan: what will be done.
    """
    store = jobs = generated = annotations = 0
    for step in plan.steps:
        item = found.declared.get(step.dataset_name)
        if item is None or not _may_pay(step, item):
            continue
        jobs += JOB_BYTES + 3 * len(json.dumps(item.definition))
        if item.spec.is_label:
            texts = _text_bytes(item, found.surveys.get(step.dataset_name), found.project.root, step.total)
            store += texts + (step.examples + step.total) * ANNOTATION_BYTES
            annotations += step.examples * ANNOTATION_BYTES
        else:
            generated += max(step.examples, item.spec.num_examples or 0) * ROW_BYTES[item.spec.task_type]
    stamp = found.project.lockfile.stamp()
    lock = jobs + (stamp[0] if stamp is not None else 0)  # it is written beside the old one
    engine = ENGINE_COPIES * generated if found.project.config.in_process else 0
    if found.project.config.model is not None:
        store += ANSWER_COPIES * (generated + annotations)
    return Room(store + generated + FLOOR["store"], jobs + engine + FLOOR["journal"], lock + FLOOR["lock"])


def _text_bytes(item: Declared, survey: InputsSurvey | None, root: Path, rows: int) -> int:
    """About how many bytes the texts of a label spec have."""
    if isinstance(item.spec.inputs, InlineTexts):
        return sum(len(text.encode("utf-8", "surrogatepass")) for text in item.spec.inputs.texts)
    if survey is None:
        return rows * TEXT_BYTES
    size = 0
    for name, _ in survey.files:
        try:
            size += (root / name).stat().st_size * (EXPANSION if name.endswith(_COMPRESSED) else 1)
        except OSError:  # the run will say that it is gone
            continue
    return size

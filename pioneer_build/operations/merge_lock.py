"""Git's merge driver for pioneer.lock."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from pioneer_build.disk.whole_files import write_whole
from pioneer_build.errors import LockError
from pioneer_build.lock.conflict import with_markers
from pioneer_build.lock.file_text import lock_text
from pioneer_build.lock.lineages import replaced_on
from pioneer_build.lock.merge_sides import read_side
from pioneer_build.lock.source import LOCK_PATH
from pioneer_build.lock.split import SPLIT_MARK, dataset_at
from pioneer_build.lock.three_way import MergeChoice, merge3
from pioneer_build.project.key_check import refuse_keys_in_lock
from pioneer_build.project.lock_texts import lock_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from pioneer_build.lock.model import Lock


def merge_files(base: Path, ours: Path, theirs: Path, path: str = LOCK_PATH) -> tuple[MergeChoice, ...]:
    """Git's merge driver: writes the merged lock to `ours`. Returns the choices that were made.

    If a side can't be read, `ours` gets both sides with conflict markers, as in any conflict in git.

    Args:
        base: the file with the common ancestor.
        ours: the file with our side, which gets the result.
        theirs: the file with their side.
        path: where the result will be in the work tree. The file of a dataset in a split lock can't have another one.

    Raises:
        LockError: what is wrong with a side, after `ours` was written; or a side contains a key, is too large or no
            regular file, and `ours` is as it was: git takes it for a conflict.
        OSError: a file can't be read or written; `ours` is as it was.
    """
    texts = [_text_of(side) for side in (base, ours, theirs)]
    refuse_keys_in_lock(
        dict(
            zip((f"{path} of the common ancestor", f"{path} of our side", f"{path} of their side"), texts, strict=True)
        )
    )
    try:
        common, a, b = (
            read_side(text, which, path)
            for text, which in zip(texts, ("the common ancestor", "our side", "their side"), strict=True)
        )
    except LockError as error:
        both = with_markers(texts[1], texts[2])
        write_whole(ours, [both.encode("utf-8", "surrogateescape")], keep_mode=True)
        hint = "fix that side, or take the other side completely"
        if path.rpartition("/")[2] == LOCK_PATH and SPLIT_MARK in texts[1:]:
            hint = "`pioneer-build lock split` merges both into one file per dataset, `lock join` into one file"
        raise LockError(error.message, hint=hint) from None
    name = dataset_at(path)
    if name is not None and _is_another(common, a, b):
        write_whole(ours, [with_markers(texts[1], texts[2]).encode("utf-8")], keep_mode=True)
        message = (
            f"one side renamed the dataset in {path} and gave its old name to another dataset, while the other side"
            " changed the first one"
        )
        raise LockError(message, hint="`pioneer-build apply` merges that change into the renamed dataset")
    merged = merge3(common, a, b)
    if name is not None and {dataset for dataset, _ in merged.lock.entries} != {name}:
        write_whole(ours, [with_markers(texts[1], texts[2]).encode("utf-8")], keep_mode=True)
        message = f"{path} may have only '{name}', but git merged the files of different datasets into it"
        raise LockError(message, hint="`pioneer-build apply` writes each dataset to its own file")
    write_whole(ours, [lock_text(merged.lock).encode("utf-8")], keep_mode=True)
    return merged.choices


def _text_of(side: Path) -> str:
    try:
        data = lock_bytes(side, str(side), "take one side completely")
    except OSError as error:
        if error.errno == errno.EINVAL:
            raise LockError(f"can't read {side}: {error.strerror}", hint="pass three files, as git does") from None
        raise
    return data.decode("utf-8", "surrogateescape")


def _is_another(base: Lock, ours: Lock, theirs: Lock) -> bool:
    """Whether one side has given the name to another dataset, and the other side changed the dataset that had it.

    The dataset that had the name is in another file, which git doesn't show.
    """
    return any(
        there.entries.get(key) not in (None, base.entries[key]) and key not in replaced_on(base, there)
        for here, there in ((ours, theirs), (theirs, ours))
        for key in replaced_on(base, here)
    )

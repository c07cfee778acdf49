"""What `gc` would remove, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.wording import count

if TYPE_CHECKING:
    from pioneer_build.results.gc import GcResult


def gc_text(result: GcResult) -> str:
    """How much would be removed, and that it was paid for."""
    if not result.files:
        return "Nothing to remove: everything in the store is needed."
    size = result.bytes
    much = f"{size / 1e6:,.1f} MB" if size >= 100_000 else f"{size / 1e3:,.1f} kB"
    held = f"{count(result.rows, 'row')} and {count(result.annotations, 'annotation')}"
    if result.answers:
        held = f"{count(result.rows, 'row')}, {count(result.annotations, 'annotation')}"
        held += f" and {count(result.answers, 'answer')} of a model"
    are = "is" if result.files == 1 else "are"
    return f"{count(result.files, 'file')} ({much}) in the store {are} needed by no lock: {held} that were paid for."

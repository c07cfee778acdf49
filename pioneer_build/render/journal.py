"""The result of `journal repair` as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.escaping import Lines, lines_text, visible
from pioneer_build.wording import count

if TYPE_CHECKING:
    from pioneer_build.results.journal import JournalRepairResult


def journal_damage_text(result: JournalRepairResult) -> Lines:
    """What is damaged, what is still known, and what a repair means."""
    if result.damage is None:
        return lines_text([visible(f"{result.path} is not damaged; nothing was written.")])
    lines = [visible(f"{result.damage}.")]
    if not result.lost:
        return lines_text([*lines, f"Nothing is lost: {count(result.known, 'submission')}."])
    known = f"{count(result.known, 'submission')} {'is' if result.known == 1 else 'are'} known"
    lines += [
        f"{known}, and at least one line is lost.",
        "If that was the only record of a job, the next apply buys its rows again.",
    ]
    if result.orphans:
        lines.append("Jobs of which only the id is known, and which this pioneer.lock doesn't have:")
        lines += [visible(f"  {one}") for one in result.orphans]
    lines += [
        "After the repair, and before the next apply: if the service has a job that `pioneer-build status` doesn't",
        "show, record it with `pioneer-build adopt NAME JOB_ID`, in the project that it belongs to.",
    ]
    return lines_text(lines)


def journal_repaired_text(result: JournalRepairResult) -> Lines:
    """That it was repaired, and where the damaged files are."""
    kept = f" The damaged file is kept: {', '.join(result.kept)}." if result.kept else ""
    return lines_text([visible(f"{result.path} is repaired: {count(result.known, 'submission')}.{kept}")])

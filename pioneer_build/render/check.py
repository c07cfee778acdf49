"""The findings of `check` as text."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from pioneer_build.escaping import Lines, lines_text, visible
from pioneer_build.render.plan import skipped_texts
from pioneer_build.wording import count

if TYPE_CHECKING:
    from pioneer_build.results.check import CheckResult, FindingKind

#: What a number of findings of a kind is called, for one and for several.
_KINDS: Final[dict[FindingKind, tuple[str, str]]] = {
    "pending": ("dataset out of date", "datasets out of date"),
    "owed": (
        "dataset with owed rows (bought but not downloaded yet)",
        "datasets with owed rows (bought but not downloaded yet)",
    ),
    "content": ("digest mismatch", "digest mismatches"),
    "missing": ("dataset with rows missing on this machine", "datasets with rows missing on this machine"),
    "unverified": ("dataset not verified", "datasets not verified"),
    "skipped": ("dataset not checked", "datasets not checked"),
    "checks": ("dataset whose rows fail its checks", "datasets whose rows fail their checks"),
}


def up_to_date_text(datasets: int, digests: int) -> str:
    """The sentence if there are no findings."""
    matching = f"; {count(digests, 'digest')} {'matches' if digests == 1 else 'match'}" if digests else ""
    return f"{count(datasets, 'dataset')} up to date with the specs{matching}."


def check_text(result: CheckResult) -> Lines:
    """A line for each finding with the command that fixes it, and their number; or that all is up to date."""
    said = [visible(text) for text in skipped_texts(result.skipped, (*result.ignored, *result.remarks))]
    if not result.findings:
        return lines_text([up_to_date_text(result.datasets, result.digests), *said])
    lines = []
    for finding in result.findings:
        place = f"{finding.path}:{finding.line}: " if finding.path else ""
        lines.append(visible(f"{place}{finding.dataset_name}: {finding.text}"))
        if finding.help:
            lines.append(f"  help: {finding.help}")
    # two files of one dataset may be missing or damaged; only the damaged ones are counted one by one
    by_kind = {(one.kind, one.dataset_name, n if one.kind == "content" else 0) for n, one in enumerate(result.findings)}
    found = Counter(kind for kind, _, _ in by_kind)
    counts = [count(found[kind], *words) for kind, words in _KINDS.items() if found[kind]]
    return lines_text([*lines, "", f"{', '.join(counts)}.", *said])

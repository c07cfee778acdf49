"""What `check` found, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.wording import count, visible

if TYPE_CHECKING:
    from pioneer_build.results.check import CheckResult


def in_step_text(datasets: int, digests: int) -> str:
    """The sentence where nothing was found."""
    contents = f", {digests:,} contents as digested" if digests else ""
    return f"{count(datasets, 'dataset')} in step with the specs{contents}."


def check_text(result: CheckResult) -> str:
    """A line a finding and the command that mends it; else what was found right."""
    if not result.findings:
        return in_step_text(result.datasets, result.digests)
    lines = []
    for finding in result.findings:
        place = f"{finding.path}:{finding.line}: " if finding.path else ""
        lines.append(visible(f"{place}{finding.dataset_name}: {finding.text}"))
        if finding.help:
            lines.append(f"  help: {finding.help}")
    lines += ["", f"{count(len(result.findings), 'thing')} not in step."]
    return "\n".join(lines)

"""The one command that helps with a dataset, which `status` and `show` name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.escaping import shell_word

if TYPE_CHECKING:
    from pioneer_build.plan import Step


def command_for(step: Step) -> str | None:
    """The command that helps; `None` if there is nothing to do."""
    if step.action == "reconcile" and step.refused is None:
        # this looks for the job of the submission and never resubmits it, so it is always safe
        return f"pioneer-build apply --select {shell_word(step.dataset_name)}"
    if step.command is not None:
        return step.command
    if step.action == "none":
        return None
    if step.refused is not None:
        return f"edit the spec ({step.refused})"
    return f"pioneer-build apply --select {shell_word(step.dataset_name)}"

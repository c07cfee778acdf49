"""The result of `init` as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.escaping import Lines, lines_text, shell_word

if TYPE_CHECKING:
    from pioneer_build.results.init import InitResult


def init_text(result: InitResult) -> Lines:
    """A line for each file, and the next steps."""
    files, drafts = result.files, result.drafts
    if not files.new and not files.extended:
        lines = [f"{result.root} is already a project; nothing was written."]
    else:
        lines = [f"In {result.root}:"]
        lines += [f"  new      {path}" for path in files.new]
        lines += [f"  extended {path}" for path in files.extended]
        lines += [f"  exists   {path}   (not changed)" for path in files.kept if not drafts]
    if files.merge_driver and not drafts:
        lines.append("Merge driver set up: git merges pioneer.lock dataset by dataset in this clone.")
    lines += ["", "Next:"]
    if drafts:
        adopt = f"pioneer-build adopt {shell_word(drafts[0].dataset_name)} JOB_ID"
        lines += [f"  {'pioneer-build plan':<{len(adopt)}}   what would be submitted, and why"]
        lines += [f"  {adopt}   if the request was already sent"]
    else:
        lines += [
            "  pioneer-build plan          what would be submitted, and why",
            "  pioneer-build apply         submit it, and write pioneer.lock",
            "  git add -A && git commit    specs and pioneer.lock belong together",
        ]
    return lines_text(lines)


def left_out_text(result: InitResult) -> Lines:
    """The unknown keys of requests, which are left out, a line for each dataset; empty if there are none."""
    return lines_text(
        f"{draft.dataset_name}: left out the unknown keys of the request: {', '.join(map(repr, draft.left_out))}"
        for draft in result.drafts
        if draft.left_out
    )

"""What `init` wrote, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pioneer_build.results.init import InitResult


def init_text(result: InitResult) -> str:
    """The files, a line each, and what to do next."""
    files, drafts = result.files, result.drafts
    if not files.new and not files.extended:
        lines = [f"{result.root} is a project already: nothing was written."]
    else:
        lines = [f"In {result.root}:"]
        lines += [f"  new      {path}" for path in files.new]
        lines += [f"  extended {path}" for path in files.extended]
        lines += [f"  kept     {path}" for path in files.kept if not drafts]
    if files.merge_driver and not drafts:
        lines.append("git merges pioneer.lock dataset by dataset in this clone.")
    lines += ["", "Next:"]
    if drafts:
        adopt = f"pioneer-build adopt {drafts[0].dataset_name} JOB_ID"
        lines += [f"  {'pioneer-build plan':<{len(adopt)}}   what would be submitted, and why"]
        lines += [f"  {adopt}   instead, if the request was sent already"]
    else:
        lines += [
            "  pioneer-build plan          what would be submitted, and why",
            "  pioneer-build apply         submit it, and write pioneer.lock",
            "  git add -A && git commit    specs and pioneer.lock belong together",
        ]
    return "\n".join(lines)


def left_out_text(result: InitResult) -> str:
    """The keys of requests that a spec doesn't have, a line a dataset; empty where there are none."""
    return "\n".join(
        f"{draft.dataset_name}: left out, because a spec has no such key: {', '.join(map(repr, draft.left_out))}"
        for draft in result.drafts
        if draft.left_out
    )

"""The progress of an apply on stderr: bars on a terminal, otherwise lines, or JSON lines for tools."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pioneer_build.cli.progress_lines import ProgressLines, say_as_json, say_what_costs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pioneer_build.apply.events import Sink
    from pioneer_build.cli.options import Globals
    from pioneer_build.plan import Plan


@contextmanager
def progress(options: Globals, plan: Plan) -> Iterator[Sink]:
    """A sink for the events of one apply."""
    verbose = options.verbosity > 0
    if options.log_format == "json":
        yield say_as_json
    elif options.verbosity < 0:
        yield say_what_costs
    elif can_draw() and any(step.action != "none" for step in plan.steps):
        from pioneer_build.cli.progress_bars import bars

        with bars(plan, verbose=verbose) as sink:
            yield sink
    else:
        yield ProgressLines(plan, verbose=verbose)


def can_draw() -> bool:
    """Whether stderr is a terminal that can move its cursor."""
    return sys.stderr.isatty() and os.environ.get("TERM") not in (None, "", "dumb")

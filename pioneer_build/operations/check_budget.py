"""The limits of a run, judged before it starts: a plan that needs more requests or examples is refused as a whole.

`apply/budget.py` keeps the same limits while the run goes on, for what no plan can know, such as a `top_up`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.errors import PioneerError
from pioneer_build.wording import count

if TYPE_CHECKING:
    from pioneer_build.operations.running import RunOptions
    from pioneer_build.plan import Plan


def check_budget(plan: Plan, options: RunOptions) -> None:
    """Refuses a plan that would exceed a limit, before the first request.

    Raises:
        PioneerError: it would.
    """
    for noun, wanted, most in (
        ("request", plan.requests, options.max_requests),
        ("example", plan.examples, options.max_examples),
    ):
        if most is not None and wanted > most:
            raise PioneerError(
                f"the plan needs {count(wanted, noun)}, but the budget is {most:,}; nothing was sent",
                hint=f"raise --max-{noun}s (or `limits:` in pioneer.yaml), or apply part of the plan with --select",
            )

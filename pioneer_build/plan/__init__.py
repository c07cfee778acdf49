"""What would have to be submitted to make the datasets what the specs say, and why. docs/plan.md.

`make_plan` takes values and returns values: it reads nothing, and the same facts give the same plan. A step has one
action and its reasons; a reason explains and never decides.

model         the plan, and what it is made of
make          all specs and the lock: the plan
generate      what one generate spec needs
label         what one label spec needs
candidates    the actions that fit one spec, and which of them decides
reasons       what changed, in words
remote_names  where a submission goes
select        --select and --exclude
json          the plan as JSON
"""

from pioneer_build.plan.make import entry_for, make_plan, remembered, state_of
from pioneer_build.plan.model import (
    PRECEDENCE,
    SETTLED,
    Action,
    Choices,
    Facts,
    InputFacts,
    Plan,
    Reason,
    Step,
)

__all__ = [
    "PRECEDENCE",
    "SETTLED",
    "Action",
    "Choices",
    "Facts",
    "InputFacts",
    "Plan",
    "Reason",
    "Step",
    "entry_for",
    "make_plan",
    "remembered",
    "state_of",
]

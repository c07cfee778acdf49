"""What has to be submitted so that the datasets match the specs, and why. docs/plan.md.

`make_plan` takes values and returns values: it reads nothing, and the same facts give the same plan. A step has one
action and its reasons; reasons only explain the action, they never determine it.

model             the plan, and the facts that it is made from
make              makes the plan from all specs and the lock
generate          the actions for a generate spec
label             the actions for a label spec
lost_rows         jobs whose rows are out of reach
precedence        the actions that apply to one spec, and which of them takes precedence
renames           finds renames that were undone, and hints at those that nobody said
others_first      steps that need the rows of other datasets
removed_specs     datasets whose spec was removed, or is only left out of this checkout
saved_plan_basis  what a step was decided on, of which saved plans have a digest
reasons           describes changes of definitions and settings
cost              what the requests will take of a language model, and what that costs
merge_choices     says what a merge of the lock has chosen
remote_names      the name that a submission gets on the service
select            --select and --exclude
json              the plan as JSON
"""

from pioneer_build.plan.lost_rows import lost_text, owed_text, ways_to_rows
from pioneer_build.plan.make import lock_with, make_plan, remembered, state_of, staying, would_buy
from pioneer_build.plan.model import (
    SETTLED,
    Action,
    Choices,
    Facts,
    InputFacts,
    KeptRows,
    Plan,
    Reason,
    Recipient,
    Skipped,
    Step,
)
from pioneer_build.plan.precedence import PRECEDENCE
from pioneer_build.plan.remote_names import names_in_use
from pioneer_build.plan.renames import undo_renames

__all__ = [
    "PRECEDENCE",
    "SETTLED",
    "Action",
    "Choices",
    "Facts",
    "InputFacts",
    "KeptRows",
    "Plan",
    "Reason",
    "Recipient",
    "Skipped",
    "Step",
    "lock_with",
    "lost_text",
    "make_plan",
    "names_in_use",
    "owed_text",
    "remembered",
    "state_of",
    "staying",
    "undo_renames",
    "ways_to_rows",
    "would_buy",
]

"""Does what a plan says, through the ports that it is handed, and records it as it happens.

executor        walks a plan, step by step
results         how steps and runs end
stopped         what ends a step early, and which errors end the whole run
events          what happens, as values
run             the state of one apply, and what it is handed
work            one step of it, with the dataset's entry
lock_writer     the lock while a run goes
run_journal     the journal as a run uses it
budget          what a run may spend
submit          one submission, never lost and never made twice
strangers       versions on the service that nobody here made
generate        the steps of a generate spec
polling         watches a job until it is over
poll_schedule   when to poll
job_rows        what a job brought
judge_rows      whether that is right
label           the steps of a label spec
label_batches   texts sent, and answers kept
label_progress  how far that is
label_rows      the rows that come of them
label_warnings  bounds that those rows miss
fetch           rows that the lock names and this machine lacks
rebuild         the local engine's work, done again where its jobs are not
reconcile       submissions whose fate is unknown
adopt           what the user says they made
remove          datasets whose spec was removed
"""

from pioneer_build.apply.events import Event, EventKind, Sink
from pioneer_build.apply.executor import adopt_into, apply_plan
from pioneer_build.apply.results import Outcome, Report, Result
from pioneer_build.apply.run import Basis, Options, Ports, Run

__all__ = [
    "Basis",
    "Event",
    "EventKind",
    "Options",
    "Outcome",
    "Ports",
    "Report",
    "Result",
    "Run",
    "Sink",
    "adopt_into",
    "apply_plan",
]

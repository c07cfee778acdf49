"""Does what a plan says, through the ports that it is handed, and records it as it happens.

executor       walks a plan, step by step;  results: how steps and runs end;  stopped: what ends them early
run            the state of one apply, and what it is handed;  work: one of its steps, with the dataset's entry
lock_writer    the lock while a run goes;  budget: what it may spend;  run_journal: the journal as it uses it
submit         one submission, never lost and never made twice;  strangers: what is there and not ours
generate       the steps of a generate spec
polling        watches a job;  poll_schedule: when to poll;  job_rows: what it brought;  judge_rows: is that right?
label          the steps of a label spec;  label_batches: texts sent and answers kept;  label_rows: the rows of those
label_warnings bounds that those rows don't keep
fetch          rows that the lock names and this machine lacks;  rebuild: the local engine's work, done again
reconcile      submissions whose fate is unknown;  adopt: what the user says they made
remove         datasets whose spec was removed
events         what happens, as values
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

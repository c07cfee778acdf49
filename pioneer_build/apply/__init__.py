"""Does what a plan says, using the ports that it is given, and records each step as it happens.

executor             runs a plan, step by step
results              how steps and runs end
stopped              what ends a step early, and which errors end the whole run
events               what happens, as values
run                  the state of one apply, and its inputs
plan_sources         what its plan was made from
work                 one step, with the dataset's entry
lock_writer          the lock during a run
run_journal          the journal as a run uses it
budget               what a run may spend
spending             the same in money, for a language model
busy_wait            pauses before a busy service is sent the same paid request again
submit               one submission, never lost and never sent twice
gone_names           names that somebody deleted on the service
unrecorded_versions  versions on the service that are in neither lock nor journal
generate             the steps of a generate spec
finish_job           polls an open job to its end, and judges its rows, or records that they are owed
top_up               requests missing rows again
polling              polls a job until it has ended
poll_schedule        when to poll
job_rows             the rows of a job, as the service gives them
stored_rows          the rows of a job in the store
judge_rows           whether the rows pass the checks
other_rows           the texts of datasets that rows must not repeat
judge_kept_rows      whether the rows of earlier jobs pass changed checks
label                the steps of a label spec
label_sending        sends texts in batches, next to other runs that label over the same store
label_waiting        waits for texts that another run is labelling
label_halving        one batch, and the texts that make it fail
label_in_flight      label requests without a response: what they are worth waiting for
label_progress       counts and reports the progress of a label step
label_rows           makes the rows of a label spec
label_warnings       warns of bounds that those rows violate
step_order           which steps come first, and wait for others
fetch                rows that the lock names and this machine doesn't have, or that were never received
recorded_judgement   by which checks, and compared with what, the rows in the lock were accepted
search_effort        how much of that is tried
others_before        what other datasets had when rows were compared with them
rows_again           has the rows of a job that has ended once more
lost_rows            ready jobs whose rows are out of reach, and which others replace
rows_first           has what can be had of a dataset's rows, before more are bought or judged
rebuild              repeats the local engine's work on a machine that doesn't have its jobs
matching_version     whether a version of the service can be the result of a job
reconcile_unknown    submissions with unknown outcome: finds and adopts the version that one made
adopt                jobs and versions that the user names
remove               datasets whose spec was removed
"""

from pioneer_build.apply.events import Event, EventKind, Sink
from pioneer_build.apply.executor import adopt_into, apply_plan
from pioneer_build.apply.plan_sources import PlanSources
from pioneer_build.apply.results import Outcome, Report, Result
from pioneer_build.apply.run import Options, Ports, Run

__all__ = [
    "Event",
    "EventKind",
    "Options",
    "Outcome",
    "PlanSources",
    "Ports",
    "Report",
    "Result",
    "Run",
    "Sink",
    "adopt_into",
    "apply_plan",
]

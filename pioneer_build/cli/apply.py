"""`apply`: does what the plan says, and records the results."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pioneer_build.cli import exit_codes as exits
from pioneer_build.cli.options import Globals, choice_options, choices_of, format_option, selection_options
from pioneer_build.cli.output import as_json, ask, out, room, say, say_waiting, wants_colour, width
from pioneer_build.disk.presence import is_there
from pioneer_build.errors import UsageError
from pioneer_build.escaping import lines_text, shell_word, visible
from pioneer_build.wording import count

if TYPE_CHECKING:
    from pioneer_build.apply import Report
    from pioneer_build.plan import Plan
    from pioneer_build.project.open import Project


@click.command("apply")
@click.argument("planfile", required=False, type=click.Path(path_type=Path))
@click.option("--yes", "-y", is_flag=True, help="Don't ask for confirmation.")
@click.option(
    "--no-wait",
    is_flag=True,
    help="Submit, but don't wait for jobs; the next apply resumes them. Not for `local` and `model`.",
)
@click.option(
    "--max-requests",
    type=click.IntRange(0),
    metavar="N",
    help="Abort if the plan needs more than N paid requests, or more are needed because responses are missing.",
)
@click.option(
    "--max-examples",
    type=click.IntRange(0),
    metavar="N",
    help="Abort if the plan needs more than N examples; texts that are sent again count too.",
)
@click.option(
    "--max-cost", type=click.FloatRange(0), metavar="X",
    help="Abort if a language model costs more than X, by the plan or while it runs; needs prices in pioneer.yaml.",
)  # fmt: skip
@click.option(
    "--deadline", type=click.FloatRange(0), metavar="MINUTES", default=60.0, show_default=True,
    help="How long to wait for one job; after that it stays open, and the next apply resumes it.",
)  # fmt: skip
@choice_options
@selection_options
@format_option()
@click.pass_obj
def command(
    options: Globals,
    planfile: Path | None,
    yes: bool,  # noqa: FBT001
    no_wait: bool,  # noqa: FBT001
    max_requests: int | None,
    max_examples: int | None,
    max_cost: float | None,
    deadline: float,
    resubmit: tuple[str, ...],
    retry: tuple[str, ...],
    relabel: tuple[str, ...],
    delete_remote: bool,  # noqa: FBT001
    select: tuple[str, ...],
    exclude: tuple[str, ...],
    form: str,
) -> int:
    """Submit what changed, wait for the jobs, verify their rows, and write pioneer.lock.

    Nothing unchanged is ever submitted. `apply` asks for confirmation; in CI, pass --yes. An interrupted or killed run
    loses nothing: jobs continue on the service (those of a model or the local engine end with the process), and the
    next apply resumes them. Before the first paid request, the disks are checked: what is paid for must be kept.

    \b
    Examples:
      pioneer-build apply
      pioneer-build apply --yes --max-examples 1000
      pioneer-build apply plan.json                 exactly what was reviewed
    \b
    Exit codes:
      0    done, or nothing to do
      1    an error that you can fix, with nothing left half done; or a disk failed (the message says what was paid for)
      3    a dataset failed, was rejected, blocked or refused, has an unknown outcome, or passed its deadline
      130  interrupted
    """
    from pioneer_build.cli.progress import progress
    from pioneer_build.cli.signals import interruptible
    from pioneer_build.operations.apply import apply, planned
    from pioneer_build.operations.plan_within_budget import check_budget
    from pioneer_build.operations.running import RunOptions

    choices = choices_of(resubmit, retry, relabel, delete_remote=delete_remote)
    project = _opened(options, leaves_jobs=no_wait)
    if planfile is not None:
        _check_planfile(planfile, alone=not (select or exclude) and choices == type(choices)())
    limits = RunOptions(max_requests, max_examples, not no_wait, deadline * 60, max_cost).or_limits_of(project.config)
    with planned(project, choices, select, exclude, planfile, waiting=say_waiting) as (found, plan):
        check_budget(plan, limits)
        _announce(plan, options, as_text=form == "text")
        if _needs_consent(plan) and not yes and planfile is None:
            _ask(plan)
        with progress(options, plan) as sink, interruptible(sink, here=project.config.in_process) as interrupt:
            report = apply(found, plan, sink, limits, interrupt)
    if form == "json":
        out(_as_json(report, plan))
    elif options.verbosity >= 0 or not report.good:
        out(_shown(report, len(plan.steps), project))
        _note_lock(project, written=report.lock_changed)
    return exits.code_of_run(report)


def _as_json(report: Report, plan: Plan) -> str:
    from pioneer_build.render.apply import outcome_value

    return as_json(outcome_value(report, plan))


def _opened(options: Globals, *, leaves_jobs: bool) -> Project:
    """The project. Refuses not to wait for jobs that end with this process."""
    project = options.project()
    if leaves_jobs and project.config.in_process:
        message = f"--no-wait can't be used with the backend {project.config.backend}: its work ends with this process"
        raise UsageError(message, hint="run `pioneer-build apply` without it")
    return project


def _is_busy(plan: Plan) -> bool:
    """Whether there is something to do, or something that was left out."""
    return any(step.action != "none" for step in plan.steps) or bool(plan.skipped or plan.ignored or plan.remarks)


def _shown(report: Report, unchanged: int, project: Project) -> str:
    from pioneer_build.render.apply import outcome_text

    columns, colour = room(sys.stdout), wants_colour(sys.stdout)
    split, here = project.lockfile.is_split, project.config.in_process
    return outcome_text(report, unchanged=unchanged, width=columns, colour=colour, split=split, here=here)


def _note_lock(project: Project, *, written: bool) -> None:
    from pioneer_build.operations.lock import ignored_note, layout_note  # git: not for every plan

    for note in (ignored_note(project) if written else None, layout_note(project)):
        if note is not None:
            say(lines_text([f"note: {note[0]}", f"  help: {note[1]}"]))


def _check_planfile(planfile: Path, *, alone: bool) -> None:
    """Checks that PLANFILE exists, and that it is `alone`: without a selection or flags that change steps."""
    if not alone:
        raise UsageError(
            "a saved plan can't be combined with --select, --exclude, --resubmit, --retry, --relabel or --delete-remote"
        )
    if not is_there(planfile):
        hint = "pioneer-build plan --out FILE saves a plan"
        if planfile.name == str(planfile):
            hint += f"; for one dataset: pioneer-build apply --select {shell_word(str(planfile))}"
        raise UsageError(f"no saved plan '{planfile}'", hint=hint)


def _show(plan: Plan) -> None:
    from pioneer_build.render.plan import plan_text

    say(plan_text(plan, width=width(), colour=wants_colour(sys.stderr)))


def _announce(plan: Plan, options: Globals, *, as_text: bool) -> None:
    """Says what is about to be done, or at least who it is sent to."""
    if _is_busy(plan) and as_text and options.verbosity >= 0 and options.log_format == "text":
        _show(plan)
    elif plan.recipients:
        _say_recipients(plan, as_event=options.log_format == "json")


def _say_recipients(plan: Plan, *, as_event: bool) -> None:
    """Says where texts and a key are sent, before they are: whatever else isn't to be shown."""
    from pioneer_build.plan.json import recipients_value
    from pioneer_build.render.cost_text import recipients_sentence

    text = recipients_sentence(plan.recipients)
    if as_event:
        from pioneer_build.apply import Event
        from pioneer_build.cli.progress_lines import say_as_json

        say_as_json(Event("note", "", text, recipients_value(plan.recipients)))
    else:
        say(visible(text))


def _needs_consent(plan: Plan) -> bool:
    return bool(plan.deletes) or any(step.submits for step in plan.steps)


def _ask(plan: Plan) -> None:
    names = visible(", ".join(plan.deletes))
    requests = count(plan.requests, "request" if plan.backend == "local" else "paid request")
    would = [f"send {requests}"] if plan.requests else []
    would += [f"delete on the service: {names}"] if names else []
    question = "Submit" if plan.requests or not names else ""
    if names:
        question = f"{'Submit, and delete' if question else 'Delete'} on the service: {names}"
    ask(
        f"{question}?",
        would=f"this would {' and '.join(would)}",
        hint="pass --yes or a plan file; nothing was sent",
        otherwise="nothing was sent",
    )

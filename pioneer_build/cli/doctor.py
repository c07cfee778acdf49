"""`doctor`: problems of this setup, and how to fix them."""

from __future__ import annotations

import sys

import click

from pioneer_build.cli import exit_codes as exits
from pioneer_build.cli.options import Globals, format_option
from pioneer_build.cli.output import as_json, out, wants_colour, width


@click.command("doctor")
@format_option()
@click.pass_obj
def command(options: Globals, form: str) -> int:
    """Check this setup, and show the command that fixes each problem.

    It checks versions, extras, folders and disk, git, specs, lock and journal; for a backend on the network also the
    key (which is never shown), the base URL, which endpoints respond, and the clock. A server of a
    language model is asked for its models, and gets one small call. Nothing is written, and no other paid request is
    sent.

    \b
    Exit codes:
      0  no errors (there may be warnings)
      1  errors
    """
    from pioneer_build.operations.doctor.examine import examine

    result = examine(options.directory, options.backend)
    if form == "json":
        out(as_json(result.value()))
    else:
        from pioneer_build.render.doctor import doctor_text

        shown = result.findings if options.verbosity >= 0 else result.wrong
        out(doctor_text(shown, width=width(), colour=wants_colour(sys.stdout)) if shown else "")
    return exits.ERROR if result.wrong else exits.OK

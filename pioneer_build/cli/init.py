"""`init`: writes a small project, or turns existing requests into specs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from pioneer_build.cli.options import Globals, format_option
from pioneer_build.cli.output import as_json, out, say
from pioneer_build.cli.output_path import path_to_write


@click.command("init")
@click.argument("directory", required=False, metavar="[DIR]")
@click.option(
    "--from", "source", metavar="FILE", help="Convert API requests to specs: JSON, or curl commands; `-` is stdin."
)
@click.option(
    "--backend",
    type=click.Choice(["local", "model"]),
    help="What a new project builds with: the local engine, or a language model.",
)
@format_option()
@click.pass_obj
def command(options: Globals, directory: str | None, source: str | None, backend: str | None, form: str) -> None:
    """Write a commented project that `apply` can build, here or in DIR. It asks no questions.

    The project has settings, specs, and a few lines for git. Existing files are not overwritten, so you can run it
    again. Run it once in each new clone: git stores the merge driver for pioneer.lock in the clone's configuration.

    \b
    Examples:
      pioneer-build init
      pioneer-build init datasets                  in a new folder
      pioneer-build init --backend model           with the settings of a language model
      pioneer-build init --from request.json       the body of POST /generate
      pioneer-build init --from call.sh            curl … -d '{…}'; its key is dropped
    """
    from pioneer_build.operations.init.set_up_project import InitRequest, set_up_project
    from pioneer_build.render.init import init_text, left_out_text

    folder = None if directory is None else str(path_to_write(directory, options.directory, start=options.directory))
    chosen = backend or options.backend or os.environ.get("PIONEER_BACKEND") or None
    request = InitRequest(Path(options.directory), folder, source, chosen == "model")
    opened_with = "local" if chosen == "model" else chosen  # there may be no settings of a model yet
    result = set_up_project(request, opened_with, read_stdin=lambda: sys.stdin.buffer.read(), note=say)
    if form == "json":
        out(as_json(result.value()))
    elif options.verbosity >= 0:
        out(init_text(result))
    if options.verbosity >= 0 and (left_out := left_out_text(result)):
        say(left_out)

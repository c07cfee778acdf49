"""The command line: each command is a module that parses, calls one function, renders, and returns an exit code.

Only this package turns errors into messages and exit codes. Commands are imported when they are run, so that
`--version`, `--help` and a plan with nothing to do import almost nothing.
"""

from __future__ import annotations

import os
import sys
from gc import freeze, set_threshold  # `gc` is a command here
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

from pioneer_build._version import __version__
from pioneer_build.cli import exit_codes as exits
from pioneer_build.cli.options import Globals
from pioneer_build.cli.output import drop_output, open_closed_streams, output_lost

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Python looks for cycles after this many new objects. Almost nothing that a command reads is one,
#: and by default it looks after every 700, again and again through all there are.
_OBJECTS: Final = 50_000
#: Every command with its line in `--help`; the module of that name defines it.
COMMANDS = {
    "init": "Write a small project that `apply` can build.",
    "validate": "Check specs and report all errors.",
    "plan": "Show what `apply` would do, and why.",
    "apply": "Submit what changed, and record the results.",
    "check": "For CI: check that specs, lock and rows are up to date.",
    "status": "Show the state of every dataset.",
    "show": "Show one dataset, or a saved plan.",
    "export": "Write the rows of a dataset.",
    "adopt": "Record an existing job or version.",
    "diff": "Show what changed between two states of the lock.",
    "report": "Write an HTML page about the datasets.",
    "lock": "Store the lock as one file per dataset, or as one file.",
    "journal": "Repair a damaged journal of submissions.",
    "gc": "Remove stored rows, annotations and answers that no lock needs.",
    "schema": "Print the JSON Schema of a spec, for editors.",
    "serve": "Serve the local engine, or a language model, on a loopback port.",
    "doctor": "Check this setup, and show how to fix problems.",
    "completion": "Print shell code for tab completion.",
}
HIDDEN_COMMANDS = {"merge-lock": "Git's merge driver for pioneer.lock (set up by init)."}


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS and cmd_name not in HIDDEN_COMMANDS:
            return None
        from importlib import import_module

        module = import_module(f"pioneer_build.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            from pioneer_build.cli.usage_hints import unknown_command

            raise unknown_command(args[0], COMMANDS)
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """Completes commands from `COMMANDS`, because importing them all would be slow."""
        from click.shell_completion import CompletionItem

        options = click.Command.shell_complete(self, ctx, incomplete)
        return [
            *(CompletionItem(name, help=line) for name, line in COMMANDS.items() if name.startswith(incomplete)),
            *options,
        ]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("-C", "directory", metavar="DIR", default=".", help="Run as if started in DIR.")
@click.option(
    "--backend", metavar="BACKEND", help="`local`, `model`, `pioneer`, or a base URL; overrides pioneer.yaml."
)
@click.option("-v", "--verbose", is_flag=True, help="Verbose output.")
@click.option("-q", "--quiet", is_flag=True, help="Quiet: only results and errors.")
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text", help="Format of messages on stderr.")
@click.version_option(__version__, prog_name="pioneer-build")
@click.pass_context
def group(
    ctx: click.Context,
    directory: str,
    backend: str | None,
    verbose: bool,  # noqa: FBT001 - click passes flags by name
    quiet: bool,  # noqa: FBT001
    log_format: str,
) -> None:
    """Datasets as code: YAML specs declare datasets, `plan` shows what has to be submitted, `apply` submits it.

    \b
    First steps:
      pioneer-build init              write a small project
      pioneer-build plan              what would be submitted, and why
      pioneer-build apply             submit it, and write pioneer.lock
      git add specs pioneer.lock      commit both
    """
    if verbose and quiet:
        raise click.UsageError("-v and -q can't be combined")
    ctx.obj = Globals(directory, backend, 1 if verbose else -1 if quiet else 0, log_format)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The console script: runs one command and exits with its code."""
    open_closed_streams()
    set_threshold(_OBJECTS)
    for stream in (sys.stdout, sys.stderr):
        # what can't be encoded (half a surrogate, or anything in a C locale) is shown escaped
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    code = _flush(run(arguments))
    freeze()  # the process ends: nothing is gained by looking for cycles once more
    sys.exit(code)


def run(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; its exit code (the table in `exits`)."""
    try:
        result = group.main(args=arguments, prog_name="pioneer-build", standalone_mode=False)
    except BaseException as error:  # noqa: BLE001 - the one boundary
        return exits.code_of(error, arguments if arguments is not None else sys.argv[1:])
    return result if isinstance(result, int) else exits.OK


def _flush(code: int) -> int:
    """Flushes stdout; the exit code. It is not an error if the reader is gone (`| head`)."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        drop_output()
    except OSError as error:
        code = exits.code_of(output_lost(error), ())
    except ValueError:  # closed by the caller
        code = exits.ERROR
    try:
        sys.stderr.flush()
    except (OSError, ValueError):
        # the terminal is gone; output that is still buffered would make the interpreter exit with 120
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    return code

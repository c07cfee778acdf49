"""The command line: each command is a module that parses, calls one function, renders, and returns a code.

This is the one place that turns errors into messages and exit codes. Commands are imported when they are run, so that
`--version`, `--help` and a plan with nothing to do import next to nothing.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import click

from pioneer_build._version import __version__
from pioneer_build.cli import exit_codes as exits
from pioneer_build.cli.options import Globals

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Every command with the line that `--help` lists it with; the module of that name holds it.
COMMANDS = {
    "init": "Write a small project that `apply` can build.",
    "validate": "Check specs, and say what is wrong with them.",
    "plan": "Show what apply would do, and why.",
    "apply": "Submit what changed, and record what comes of it.",
    "check": "For CI: are specs, lock and content in step?",
    "status": "Show where every dataset stands.",
    "show": "Show one dataset, or a saved plan.",
    "export": "Write the rows of a dataset.",
    "adopt": "Record a job or version that exists.",
    "diff": "Show what changed between two states of the lock.",
    "report": "Write an HTML page about the datasets.",
    "gc": "Remove from the store what no lock needs.",
    "schema": "Print the JSON Schema of a spec, for editors.",
    "serve": "Serve the local engine on a loopback port.",
    "doctor": "Look for what is wrong with this set-up.",
    "completion": "Print the shell code that completes commands.",
}
HIDDEN = {"merge-lock": "Git's merge driver for pioneer.lock (set up by init)."}


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS and cmd_name not in HIDDEN:
            return None
        from importlib import import_module

        module = import_module(f"pioneer_build.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            from pioneer_build.cli.usage_errors import unknown_command

            raise unknown_command(args[0], COMMANDS)
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """Commands by their names and lines alone: importing them all would be slow."""
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
@click.option("--backend", metavar="BACKEND", help="`local`, `pioneer`, or a base URL (before pioneer.yaml).")
@click.option("-v", "--verbose", is_flag=True, help="Say more about what happens.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but results and errors.")
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text", help="Form of messages on stderr.")
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
    """Datasets as code: YAML specs say what a dataset should be, `plan` says what that takes, `apply` does it.

    \b
    A first look:
      pioneer-build init              write a small project
      pioneer-build plan              what would be submitted, and why
      pioneer-build apply             submit it, and write pioneer.lock
      git add specs pioneer.lock      commit both
    """
    if verbose and quiet:
        raise click.UsageError("-v and -q contradict each other")
    ctx.obj = Globals(directory, backend, 1 if verbose else -1 if quiet else 0, log_format)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The console script: runs one command and exits with its code."""
    code = run(arguments)
    _flush()
    sys.exit(code)


def run(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; its exit code (the table in `exits`)."""
    try:
        result = group.main(args=arguments, prog_name="pioneer-build", standalone_mode=False)
    except BaseException as error:  # noqa: BLE001 - the one boundary
        return exits.code_of(error, arguments if arguments is not None else sys.argv[1:])
    return result if isinstance(result, int) else exits.OK


def _flush() -> None:
    """Flushes stdout; a reader that went away (`| head`) is no error."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"error: can't write the output: {error}\n")
        sys.exit(exits.ERROR)
    finally:
        try:
            sys.stderr.flush()
        except (
            OSError,
            ValueError,
        ):  # a terminal that went away; what is left would make the interpreter exit with 120
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)

"""`completion`: shell code that completes commands, options and dataset names; and the names that it completes."""

from __future__ import annotations

import os
from typing import Final

import click

from pioneer_build.cli.output import need_stdout, out
from pioneer_build.escaping import Lines

SHELLS: Final = ("bash", "zsh", "fish")


@click.command("completion")
# with a metavar, because the one that click makes depends on its version
@click.argument("shell", required=False, type=click.Choice(SHELLS), metavar=f"[{'|'.join(SHELLS)}]")
def command(shell: str | None) -> None:
    """Print the code for tab completion of commands, options and dataset names (by default for $SHELL).

    \b
    Add one of these lines to your shell's start-up file:
      bash  (4.4 or later, ~/.bashrc)              eval "$(pioneer-build completion bash)"
      zsh   (~/.zshrc, after compinit)             eval "$(pioneer-build completion zsh)"
      fish  (~/.config/fish/config.fish)           pioneer-build completion fish | source
    """
    from click.shell_completion import get_completion_class

    from pioneer_build.errors import UsageError  # start-up: every command imports this module

    chosen = shell or os.path.basename(os.environ.get("SHELL", ""))  # noqa: PTH119 - no pathlib here
    if chosen not in SHELLS:
        raise UsageError(
            "pass the name of a shell", hint=" | ".join(f"pioneer-build completion {one}" for one in SHELLS)
        )
    need_stdout("run it in $(…), or redirect it to a file")
    kind = get_completion_class(chosen)
    assert kind is not None
    group = click.get_current_context().find_root().command
    code = kind(group, {}, "pioneer-build", "_PIONEER_BUILD_COMPLETE")
    out(Lines(code.source_template % code.source_vars()))


def complete_dataset_name(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Completes the name of a dataset in a shell.

    Args:
        ctx: the context of the command line, which has `-C`.
        param: not used; click passes it.
        incomplete: what was typed so far.
    """
    del param
    from pioneer_build.operations.dataset_names import dataset_names

    return [
        name for name in dataset_names(ctx.find_root().params.get("directory") or ".") if name.startswith(incomplete)
    ]

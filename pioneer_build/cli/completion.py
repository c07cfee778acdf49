"""`completion`: shell code that completes commands, options and dataset names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import click

from pioneer_build.cli.output import out
from pioneer_build.errors import UsageError

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

    from pioneer_build.cli import group

    chosen = shell or Path(os.environ.get("SHELL", "")).name
    if chosen not in SHELLS:
        raise UsageError(
            "pass the name of a shell", hint=" | ".join(f"pioneer-build completion {one}" for one in SHELLS)
        )
    kind = get_completion_class(chosen)
    assert kind is not None
    code = kind(group, {}, "pioneer-build", "_PIONEER_BUILD_COMPLETE")
    out(code.source_template % code.source_vars())

"""`completion`: the shell code that completes commands, options and names of datasets."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import click

from pioneer_build.cli.output import out
from pioneer_build.errors import UsageError

SHELLS: Final = ("bash", "zsh", "fish")


@click.command("completion")
@click.argument("shell", required=False, type=click.Choice(SHELLS))
def command(shell: str | None) -> None:
    """Print the code that completes commands, options and names of datasets in a shell (by default in $SHELL).

    \b
    Put one of these into your shell's start-up file:
      bash  (4.4 or later, ~/.bashrc)              eval "$(pioneer-build completion bash)"
      zsh   (~/.zshrc, after compinit)             eval "$(pioneer-build completion zsh)"
      fish  (~/.config/fish/config.fish)           pioneer-build completion fish | source
    """
    from click.shell_completion import get_completion_class

    from pioneer_build.cli import group

    chosen = shell or Path(os.environ.get("SHELL", "")).name
    if chosen not in SHELLS:
        raise UsageError("say for which shell", hint=" | ".join(f"pioneer-build completion {one}" for one in SHELLS))
    kind = get_completion_class(chosen)
    assert kind is not None
    code = kind(group, {}, "pioneer-build", "_PIONEER_BUILD_COMPLETE")
    out(code.source_template % code.source_vars())

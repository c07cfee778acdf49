"""`merge-lock`: git's merge driver for pioneer.lock. Hidden: `init` sets it up, and git runs it.

git config merge.pioneer-lock.driver "pioneer-build merge-lock %O %A %B %P"
echo "pioneer.lock merge=pioneer-lock" >> .gitattributes
echo "pioneer.lock.d/*.json merge=pioneer-lock" >> .gitattributes
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import click

from pioneer_build.cli import exit_codes as exits
from pioneer_build.cli.output import say
from pioneer_build.disk.advice import advice
from pioneer_build.errors import PioneerError
from pioneer_build.escaping import shell_word

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command("merge-lock", hidden=True)
@click.argument("base", type=_FILE)
@click.argument("ours", type=_FILE)
@click.argument("theirs", type=_FILE)
@click.argument("path", default="pioneer.lock")
def command(base: Path, ours: Path, theirs: Path, path: str) -> int:
    """Merge two sides of a lock: BASE is their common ancestor, and the result is written to OURS.

    PATH is the file's place in the repository: pioneer.lock, or the file of a dataset in pioneer.lock.d.
    """
    from pioneer_build.operations.merge_lock import merge_files
    from pioneer_build.plan.merge_choices import choice_texts

    try:
        choices = merge_files(base, ours, theirs, path)
    except OSError as error:
        raise PioneerError(
            f"can't merge {path}: {error.strerror}; your side was not changed",
            hint=f"{advice(error, ours) or 'check the disk'}; then"
            f" `git checkout -m {shell_word(path)}` merges it again",
        ) from None
    for (name, backend), made in groupby(choices, key=lambda choice: (choice.dataset_name, choice.backend)):
        for text in choice_texts(made, {"ours": "our side", "theirs": "their side"}):
            say(f"{path}: '{name}' ({backend}): {text}")
    return exits.OK

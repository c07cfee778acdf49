"""Files and folders to write to, as options such as `--to` and `--out` name them."""

from __future__ import annotations

import os
from pathlib import Path

from pioneer_build.errors import UsageError
from pioneer_build.spec.written_path import is_in_home, path_fault, what_is_wrong


def path_to_write(written: str | Path) -> Path:
    """The file or folder that an option names.

    `~/` is the user's home: shells don't replace it in `--to=~/x`, or inside of quotes. A URL would be a folder with a
    colon in its name, and `~other` a folder too; both are refused. `$` is left alone: where a shell leaves it, it is
    part of a name.

    Raises:
        UsageError: it is not a path.
    """
    text = os.fspath(written)
    fault = path_fault(text)
    if fault in ("remote", "url", "user"):
        wrong, hint = what_is_wrong(fault, text)
        raise UsageError(f"can't write to '{text}': {wrong}", hint=hint)
    if not is_in_home(text):
        return Path(text)
    home = os.environ.get("HOME", "")
    if not home.startswith("/"):
        raise UsageError(f"can't write to '{text}': HOME is not set to an absolute path", hint="write the whole path")
    return Path(home) / text[2:]

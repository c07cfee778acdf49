"""Files and folders to write to, as options such as `--to` and `--out` name them."""

from __future__ import annotations

import os
from pathlib import Path

from pioneer_build.disk.whole_files import is_stream
from pioneer_build.errors import PioneerError, UsageError
from pioneer_build.escaping import shell_word
from pioneer_build.keys.search import KeySearch
from pioneer_build.paths import checkout_of, find_root, is_git_s, link_that_leaves, place_without_links
from pioneer_build.project.key_check import refuse_long_key
from pioneer_build.spec.written_path import is_in_home, path_fault, what_is_wrong


def path_to_write(written: str | Path, directory: str, *, start: str = ".") -> Path:
    """The file or folder that an option names.

    `~/` is the user's home: shells don't replace it in `--to=~/x`, or inside of quotes. A URL would be a folder with a
    colon in its name, and `~other` a folder too; both are refused. `$` is left alone: where a shell leaves it, it is
    part of a name. What is returned has no links but those that lead to a stream.

    Args:
        written: the path as written.
        directory: a folder in the project.
        start: the folder that a relative path starts from.

    Raises:
        UsageError: it is not a path, or contains a key, which would be shown.
        PioneerError: a key is too long, a symbolic link in the checkout of the project leads out of it, which may come
            from anybody, or it is a place of git's.
    """
    refuse_long_key()
    if (keys := KeySearch()) and keys.occurs_in(os.fsencode(written)):
        raise UsageError("the path to write to contains the API key", hint="write to a file with another name")
    path = _path(written)
    whole = path if path.is_absolute() else Path.cwd() / start / path
    checkout = checkout_of(find_root(os.path.realpath(directory)))
    link = link_that_leaves(checkout, str(whole))
    if link is not None:
        real = shell_word(os.path.realpath(whole))
        raise PioneerError(
            f"can't write {path}: {link} is a symbolic link that leaves the project",
            hint=f"if you want to write there, pass the path that it leads to: {real}",
        )
    # whoever writes it follows no link: none that is put there between now and then
    place = str(whole) if is_stream(whole) else place_without_links(checkout, str(whole))
    if is_git_s(place, checkout):
        raise PioneerError(f"can't write {path}: {place} is in a folder of git", hint="write to another place")
    return path if place == str(whole) else Path(place)


def _path(written: str | Path) -> Path:
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

"""The folders that this tool uses outside a project, by the XDG Base Directory Specification."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pioneer_build.errors import PioneerError

APP = "pioneer-build"
#: The folder in a project for what this tool keeps there. It may have come with a repository.
PROJECT_FOLDER = ".pioneer"
#: The settings of a project.
SETTINGS_NAME = "pioneer.yaml"
#: What makes a folder a project.
PROJECT_FILES = (SETTINGS_NAME, "pioneer.lock")
#: Another program made a link of what was no link just now, or the other way.
_AGAIN = "try again: it was changed meanwhile"
#: How a `.git` file of a linked work tree or a submodule begins; the path of the real folder follows.
_ELSEWHERE = "gitdir:"
#: A `.git` file is not longer.
_MOST = 1 << 16


def state_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of the journal, locks, rate-limit files, solved conflicts and the jobs of the local engine."""
    return _path(state_path(environ))


def data_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of the store, unless the setting `store` names another one."""
    return _path(_folder(environ, "XDG_DATA_HOME", ".local/share"))


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of caches, which may be deleted."""
    return _path(cache_path(environ))


def state_path(environ: Mapping[str, str]) -> str:
    """`state_folder` as text, for a plan with nothing to do, which doesn't import pathlib."""
    return _folder(environ, "XDG_STATE_HOME", ".local/state")


def cache_path(environ: Mapping[str, str]) -> str:
    """`cache_folder` as text, for the same purpose."""
    return _folder(environ, "XDG_CACHE_HOME", ".cache")


def local_folder(root: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of the local engine for the project at `root`: its jobs and datasets, and the journal of its requests.

    Each project has its own, so that datasets with the same name don't collide and a build has the same result
    everywhere.
    """
    return _path(local_path(os.fspath(root), environ))


def local_path(root: str, environ: Mapping[str, str] = os.environ) -> str:
    """`local_folder` as text. Its name is cheap to compute; it is a checksum that only separates a user's projects."""
    name = os.fsencode(root)
    return f"{state_path(environ)}/local/{crc32(name):08x}{crc32(name[::-1]):08x}"


def journal_copies(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of the copies of journals: in the data folder, so that they aren't lost together with the journals."""
    return data_folder(environ) / "journal"


def journal_copy(folder: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """The copy of the journal in `folder`."""
    name = os.fsencode(folder)
    return journal_copies(environ) / f"{crc32(name):08x}{crc32(name[::-1]):08x}.jsonl"


def spare_folders(root: Path, environ: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """Where something that was paid for is kept if its place can't take it, in the order in which they are tried.

    They are likely to be on different disks.
    """
    mine = f"{APP}-{os.geteuid()}"
    temporary = environ.get("TMPDIR", "")
    return (
        state_folder(environ),
        cache_folder(environ),
        root / PROJECT_FOLDER,
        _path(f"/var/tmp/{mine}"),  # noqa: S108 - is used only if no other user can write there
        _path(f"{temporary if temporary.startswith('/') else '/tmp'}/{mine}"),  # noqa: S108
    )


def ignored_variables(environ: Mapping[str, str] = os.environ) -> list[str]:
    """The XDG variables that are set to a relative path, which is ignored: the default is used instead."""
    names = ("XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")
    return [name for name in names if (value := environ.get(name, "")) and not value.startswith("/")]


def real_folder(start: str | Path) -> str:
    """The real path of a folder that was named, which may start from the current one.

    Raises:
        PioneerError: the current folder was removed.
    """
    try:
        return os.path.realpath(start)
    except FileNotFoundError:
        raise _error("the current folder doesn't exist any more", "change to another one: cd ~") from None


def find_root(start: str) -> str:
    """The nearest folder from `start` upwards that has `pioneer.yaml` or `pioneer.lock`; else `start`.

    As git's, the search goes no further than the top of a repository, the file system, and the folders of the user, of
    root and of the owner of `start`: in /tmp, anybody may put a file above the folder of somebody else.

    Args:
        start: an absolute path without symbolic links.

    Raises:
        PioneerError: what would be used is another user's.
    """
    folder = start
    while True:
        if any(os.path.isfile(f"{folder}/{name}") for name in PROJECT_FILES):  # noqa: PTH113
            _refuse_others(folder, start)
            return folder
        parent = os.path.dirname(folder)  # noqa: PTH120
        if parent == folder or os.path.lexists(f"{folder}/.git") or _search_ends(folder, parent, start):
            return start
        folder = parent


def _search_ends(folder: str, parent: str, start: str) -> bool:
    """Whether `folder`, in which nothing was found, is another user's, or on another file system than its parent."""
    try:
        here = os.stat(folder)  # noqa: PTH116
    except OSError:  # `init` makes it
        return False
    return here.st_uid not in _trusted(start) or here.st_dev != os.stat(parent).st_dev  # noqa: PTH116


def _trusted(start: str) -> set[int]:
    """The users whose files may be a project's: who starts in a folder trusts its owner (often that of a volume)."""
    try:
        return {os.geteuid(), 0, os.stat(start).st_uid}  # noqa: PTH116
    except OSError:
        return {os.geteuid(), 0}


def _refuse_others(folder: str, start: str) -> None:
    """Raises a `PioneerError` if a project is another user's. In `start`, that takes a folder open to everybody."""
    trusted = _trusted(start)
    if folder == start and not os.stat(folder).st_mode & 0o002:  # noqa: PTH116
        return
    for name in (*PROJECT_FILES, "pioneer.lock.d", PROJECT_FOLDER, ""):
        path = f"{folder}/{name}" if name else folder
        owners = {look(path).st_uid for look in (os.lstat, os.stat) if os.path.exists(path)}  # noqa: PTH110
        if others := owners - trusted:
            wrong = f"{path} belongs to another user (uid {min(others)})"
            if folder == start:
                wrong = f"{wrong}, and anybody can write to its folder"
                raise _error(wrong, "copy the project into a folder of your own, and start there")
            hint = "if you trust that user, start in the folder of that file; if not: echo 'version: 1' > pioneer.yaml"
            raise _error(f"{wrong}, and would be used in {start}", hint)


def checkout_of(root: str) -> str:
    """The checkout that a project is in: the nearest folder from `root` upwards that has `.git`; else `root`.

    Args:
        root: the project's folder, real and absolute.
    """
    folder = root
    while not os.path.lexists(f"{folder}/.git"):
        parent = os.path.dirname(folder)  # noqa: PTH120
        if parent == folder:
            return root
        folder = parent
    return folder


def git_folders(folder: str, environ: Mapping[str, str] = os.environ) -> list[str]:
    """Where git may keep what it knows of the checkout that a folder is in: its index, merges and patterns.

    The nearest `.git`, or what it leads to; and `GIT_DIR`, for a work tree that is elsewhere.

    Args:
        folder: an absolute path; it needn't exist.
        environ: the environment variables.

    Raises:
        OSError: a `.git` file can't be read.
    """
    named = environ.get("GIT_DIR")
    found = [named] if named and environ.get("GIT_WORK_TREE") else []
    while not os.path.lexists(place := f"{folder}/.git"):
        folder, below = os.path.dirname(folder), folder  # noqa: PTH120
        if folder == below:
            return found
    if not os.path.isfile(place):  # noqa: PTH113
        return [*found, place]
    with open(place, encoding="utf-8", errors="surrogateescape") as file:  # noqa: PTH123
        said = file.read(_MOST).strip()
    if said.startswith(_ELSEWHERE):
        found.append(os.path.join(folder, said.removeprefix(_ELSEWHERE).strip()))  # noqa: PTH118
    return found


def is_inside(real: str, folder: str, private: Iterable[str] | None = None) -> bool:
    """Whether a path is below a folder, and a file of the author: not one that git or this program keeps there.

    Git's may hold credentials.

    Args:
        real: the path, real and absolute.
        folder: the folder, real and absolute.
        private: `private_folders(folder)`, if it is known.
    """
    start = folder.rstrip("/") + "/"
    if not f"{real}/".startswith(start) or ".git" in real[len(start) :].casefold().split("/"):
        return False
    return not any(f"{real}/".startswith(f"{one}/") for one in private or private_folders(folder))


def private_folders(folder: str) -> tuple[str, ...]:
    """Where this program and git keep what is theirs, for a project or checkout: real paths, besides any `.git`.

    A git folder may have any name (`git init --separate-git-dir`, bare repositories with work trees).

    Args:
        folder: real and absolute.
    """
    return (f"{folder.rstrip('/')}/{PROJECT_FOLDER}", *_gits(folder))


def _gits(folder: str) -> tuple[str, ...]:
    """The real paths of git's folders for a checkout, besides any `.git`."""
    try:
        gits = git_folders(folder)
    except (OSError, ValueError):  # a `.git` file that can't be read leads nowhere
        gits = []
    # that of a linked work tree is in `worktrees` of the one that has the settings
    gits += [above for above, mark, _ in (one.rpartition("/worktrees/") for one in gits) if mark]
    return tuple(map(os.path.realpath, gits))


def is_git_s(path: str, checkout: str) -> bool:
    """Whether writing to a path would write what git keeps: below a folder `.git`, or another one of the checkout's.

    A link that a repository brought may lead there, and git runs programs that its settings name.

    Args:
        path: absolute; it needn't exist.
        checkout: `checkout_of` the project, real and absolute.
    """
    real = os.path.realpath(path)
    within = real[len(os.path.commonpath((real, checkout))) :]  # a checkout may be below a folder of this name itself
    if ".git" in within.casefold().split("/"):
        return True
    return any(f"{real}/".startswith(f"{one}/") for one in _gits(checkout))


def link_that_leaves(folder: str, path: str) -> str | None:
    """The symbolic link in `folder` by which `path` leaves it; `None` if there is none.

    Whoever wrote a repository chose where its links lead. A link outside of it is the user's own.

    Args:
        folder: of a project or a checkout, real and absolute.
        path: of a file or folder, absolute; it needn't exist.

    Raises:
        PioneerError: a link was changed meanwhile.
    """
    return _walk(folder, path)[0]


def place_without_links(folder: str, path: str) -> str:
    """Where a path leads, without links: what is checked here is what is written later, if no link is followed then.

    Args:
        folder: as for `link_that_leaves`.
        path: as for `link_that_leaves`.

    Returns:
        `path` itself if there is no link on the way.

    Raises:
        PioneerError: a link leaves the folder, or was changed meanwhile.
    """
    link, linked, place = _walk(folder, path)
    if link is not None:
        raise _error(f"{link} is a symbolic link that leaves the project", _AGAIN)
    return place if linked else path


def _walk(folder: str, path: str) -> tuple[str | None, bool, str]:
    """The link that leaves `folder`, whether there is any link, and where the path leads: all as of one look."""
    inside, here, linked = folder.rstrip("/") + "/", "/", False
    for part in path.split("/"):
        if part in ("", "."):
            continue
        if part == "..":
            here = os.path.dirname(here)  # noqa: PTH120
            continue
        there = os.path.join(here, part)  # noqa: PTH118
        if not os.path.islink(there):  # noqa: PTH114
            here = there
            continue
        try:
            here, linked = os.path.realpath(there), True
        except OSError as error:
            raise _error(f"can't follow the symbolic link {there}: {error.strerror}", _AGAIN) from None
        if there.startswith(inside) and not f"{here}/".startswith(inside):
            return there, linked, here
    return None, linked, here


def _folder(environ: Mapping[str, str], variable: str, default: str) -> str:
    """A folder of this tool, absolute.

    Raises:
        PioneerError: neither the variable nor HOME names a folder. The user database may name one, but another command
            would have HOME, and not find there what was written here.
    """
    base = environ.get(variable, "")
    if not base.startswith("/"):  # by the specification, a relative path is invalid and must be ignored
        home = environ.get("HOME", "")
        if not home.startswith("/"):
            wrong = f"HOME is not an absolute path ('{home}')" if home else "HOME is not set"
            hint = "export HOME=/your/home  (or XDG_STATE_HOME, XDG_DATA_HOME and XDG_CACHE_HOME, with absolute paths)"
            raise _error(f"{wrong}, so there is no place for what this tool keeps", hint)
        base = f"{home.rstrip('/')}/{default}"
    return f"{base.rstrip('/')}/{APP}"


def _error(message: str, hint: str) -> PioneerError:
    from pioneer_build.errors import PioneerError  # only if there is an error

    return PioneerError(message, hint=hint)


def _path(text: str) -> Path:
    from pathlib import Path  # a plan with nothing to do only needs text

    return Path(text)

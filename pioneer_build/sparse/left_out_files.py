"""Which files and submodules git tracks and the work tree lacks on purpose, and the command that brings them here."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from pioneer_build.errors import PioneerError
from pioneer_build.escaping import shell_word
from pioneer_build.git.objects import contents
from pioneer_build.git.repository import repository_problem
from pioneer_build.git.work_tree import absent_files, is_by_folders, is_sparse
from pioneer_build.sparse.signs import has_entries, is_top, may_be_sparse, may_lack, top_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

#: What is said of a file that a sparse checkout left out.
NOT_IN_CHECKOUT: Final = "not in this sparse checkout"
#: A command names at most this many folders, and then the folder that has all of them.
_MOST_NAMED: Final = 5
#: Characters of patterns.
_PATTERN: Final = re.compile(r"[*?\[\]\\]")


class LeftOutFile(NamedTuple):
    """A file, link or submodule that git tracks, and that is not in the work tree.

    `path` is absolute. `blob` is the id of its content; `None` for a submodule. `top` is the top of the work tree in
    which it belongs.
    """

    path: Path
    kind: Literal["file", "link", "submodule"]
    blob: str | None
    top: Path


@dataclass(frozen=True, slots=True)
class Tracked:
    """What git says of one repository: what is left out, and the folders of submodules that are checked out."""

    left_out: tuple[LeftOutFile, ...]
    submodules: tuple[Path, ...]


def tracked(place: Path) -> Tracked:
    """What git tracks in or below a place and is not there, or what the place itself may be in; runs git.

    Only of the repository that the place is in, and not of those below it.

    Args:
        place: a file or folder, absolute; it needn't exist.

    Raises:
        PioneerError: git doesn't say.
    """
    # what isn't there may be in a submodule or behind a link that isn't there: git knows only that one
    way = [*reversed(place.parents), place]
    here = next((above for above, one in pairwise(way) if not has_entries(one)), place)
    first = place if here == place else way[len(here.parts)]
    real = Path(os.path.realpath(here))
    top = Path(top_of(real) or real)
    below = (real / first.relative_to(here)).relative_to(top).as_posix()
    left_out, submodules = [], []
    for one in absent_files(top, below):
        path = here / os.path.relpath(top / one.path, real)
        if not path.is_relative_to(place) and not place.is_relative_to(path):
            continue
        if one.blob is None:
            if has_entries(path):
                submodules.append(path)
            else:
                left_out.append(LeftOutFile(path, "submodule", None, top))
        elif not os.path.lexists(path):
            left_out.append(LeftOutFile(path, "link" if one.is_link else "file", one.blob, top))
    return Tracked(tuple(left_out), tuple(submodules))


def left_out_in(place: Path, reaches: Callable[[Path], bool]) -> Iterator[LeftOutFile]:
    """What git tracks in or below a place and is not there, also in submodules; runs git where there may be any.

    Args:
        place: a file or folder, absolute; it needn't exist.
        reaches: whether files in or below a folder matter.

    Raises:
        PioneerError: git doesn't say.
    """
    if not may_lack(place, lambda folder: reaches(Path(folder))):
        return
    found = tracked(place)
    yield from found.left_out
    for folder in found.submodules:
        if reaches(folder) and is_top(folder):
            yield from left_out_in(folder, reaches)


def left_out_of(folder: Path, names: Iterable[str]) -> list[LeftOutFile]:
    """Those of some files that a sparse checkout left out; runs git if one isn't there.

    Args:
        folder: an absolute path.
        names: relative to it, with `/`.

    Raises:
        PioneerError: git can't say.
    """
    absent = [name for name in names if not os.path.lexists(folder / name)]
    if not absent or not may_be_sparse(folder):
        return []
    found = []
    for name in absent:
        try:
            found += [one for one in tracked(folder / name).left_out if (folder / name).is_relative_to(one.path)]
        except PioneerError as error:
            message = f"git can't say whether {name} is in this sparse checkout: {error.message}"
            raise PioneerError(message, hint=command_for_git(folder)) from None
    return found


def refusal(files: Sequence[LeftOutFile], folder: Path, so: str) -> PioneerError:
    """The error that says which files are not here, and what helps; runs git.

    Args:
        files: of one repository, at least one.
        folder: the folder to which their names are relative in the message.
        so: what that means: "so …".
    """
    said = " and ".join(os.path.relpath(one.path, folder) for one in files)
    message = f"{said} {'is' if len(files) == 1 else 'are'} {NOT_IN_CHECKOUT}, {so}"
    return PioneerError(message, hint=command_for(files))


def leads_to_file(link: LeftOutFile) -> Path | None:
    """The file that a link leads to, if it is here; `None` if not, or if that isn't known. Runs git."""
    (target,) = contents(link.top, [link.blob or ""])
    found = Path(os.path.realpath(link.path.parent / os.fsdecode(target or b"")))  # its folder may be left out, too
    return found if target and found.is_file() else None


def command_for(files: Sequence[LeftOutFile]) -> str:
    """The command that brings some of what is left out into the work tree; runs git.

    Args:
        files: of one repository, at least one.
    """
    top = files[0].top
    git = "git" if Path.cwd() == top else f"git -C {shell_word(os.fspath(top))}"
    if modules := [one for one in files if one.kind == "submodule"]:
        words = " ".join(shell_word(_relative(one.path, top)) for one in modules)
        return f"{git} submodule update --init -- {words}"
    if not is_sparse(top):  # the bits of single files were set
        words = " ".join(shell_word(_relative(one.path, top)) for one in files)
        return f"{git} update-index --no-skip-worktree -- {words} && {git} checkout -- {words}"
    cone = is_by_folders(top)  # all files of a folder on the way to another one are here, then
    places = {_relative(one.path.parent if cone else one.path, top) for one in files}
    if len(places) > _MOST_NAMED:
        places = {os.path.commonpath([os.path.dirname(place) for place in places] if not cone else places)}  # noqa: PTH120
    if not all(places):
        return f"{git} sparse-checkout disable"
    if cone:
        checks = "--skip-checks " if any(_PATTERN.search(place) for place in places) else ""  # these are no patterns
    else:
        checks, places = "", {"/" + _PATTERN.sub(r"\\\g<0>", place) for place in places}
    return f"{git} sparse-checkout add {checks}{' '.join(shell_word(place) for place in sorted(places))}"


def command_for_git(folder: Path) -> str:
    """The command that helps where git doesn't say what it left out of the work tree that a folder is in; runs git."""
    while not folder.is_dir():
        folder = folder.parent
    problem = repository_problem(folder)
    if problem is not None:
        return problem.hint or "git status"
    git = "git" if Path.cwd() == folder else f"git -C {shell_word(os.fspath(folder))}"
    return f'rm -f "$({git} rev-parse --absolute-git-dir)/index" && {git} reset'


def _relative(path: Path, top: Path) -> str:
    return (Path(os.path.realpath(path.parent)) / path.name).relative_to(top).as_posix()

"""Files of inputs that git tracks, and that are not in the work tree: a sparse checkout left them out, or they are in a
submodule that isn't checked out.

Without them, texts would be missing. Runs git; not for globs in an ordinary checkout (`sparse.signs.may_lack`).
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pioneer_build import sparse
from pioneer_build.errors import PioneerError
from pioneer_build.inputs.glob import Glob
from pioneer_build.sparse.signs import may_lack
from pioneer_build.wording import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pioneer_build.inputs.complaints import Complaints
    from pioneer_build.sparse import LeftOutFile

#: At most this many files are named.
_SHOWN = 3


def complain_of_left_out(glob: Glob, pattern: str, root: Path, complaints: Complaints) -> None:
    """Complains of the files that a glob would match in a full checkout.

    Args:
        glob: where it begins, and its parts.
        pattern: the same as the spec has it.
        root: the project's folder, real.
        complaints: receives the mistakes.
    """
    glob = Glob(Path(os.path.realpath(glob.base)), glob.parts)
    if not glob.base.is_relative_to(root) or not may_lack(glob.base, lambda folder: glob.reaches(Path(folder))):
        return
    literal = glob.base.joinpath(*glob.parts)
    by_repository: dict[Path, list[LeftOutFile]] = {}
    try:
        for one in sparse.left_out_in(glob.base, glob.reaches):
            if one.path == literal or _would_match(glob, one):
                by_repository.setdefault(one.top, []).append(one)
    except PioneerError as error:
        message = f"git can't say which files of {pattern} this checkout leaves out: {error.message}"
        complaints.add_to_spec(message, code="left-out", hint=sparse.command_for_git(glob.base))
    for files in by_repository.values():
        modules = [one for one in files if one.kind == "submodule"]
        if others := [one for one in files if one.kind != "submodule"]:
            names = [one.path.relative_to(root).as_posix() for one in others]
            verb, them = ("is", "it") if len(names) == 1 else ("are", "them")
            message = f"{_listed(names)} {verb} {sparse.NOT_IN_CHECKOUT}; {pattern} matches {them}"
            complaints.add_to_spec(message, code="left-out", hint=sparse.command_for(others))
        for one in modules:
            name = one.path.relative_to(root).as_posix()
            message = f"{name} is a submodule that is not checked out: it may have files that match {pattern}"
            complaints.add_to_spec(message, code="left-out", hint=sparse.command_for([one]))


def why_not_there(path: Path, name: str, root: Path) -> tuple[str, str] | None:
    """What is wrong and what to do, if git tracks a file that isn't there.

    Args:
        path: the file, or a link to it.
        name: the same for messages.
        root: the project's folder, real.
    """
    real = Path(os.path.realpath(path))
    if not real.is_relative_to(root):
        return None
    is_link = name != real.relative_to(root).as_posix()
    with suppress(PioneerError):
        for place in (real, real.with_name(f"{real.name}.dvc")):  # the pointer of a file that DVC has
            for one in sparse.tracked(place).left_out:
                if place.is_relative_to(one.path):
                    return _why(name, one, root, is_itself=place == one.path and not is_link), sparse.command_for([one])
    return None


def _why(name: str, one: LeftOutFile, root: Path, *, is_itself: bool) -> str:
    """Why a file can't be read.

    Args:
        name: the file.
        one: what is left out: the file, or what leads to it.
        root: the project's folder, real.
        is_itself: whether it is the file, or what DVC has in its place.
    """
    left_out = one.path.relative_to(root).as_posix()
    if one.kind == "submodule":
        return f"{name} is in {left_out}, a submodule that is not checked out"
    if is_itself:
        return f"{left_out} is {sparse.NOT_IN_CHECKOUT}"
    return f"{name} leads to {left_out}, which is {sparse.NOT_IN_CHECKOUT}"


def _would_match(glob: Glob, one: LeftOutFile) -> bool:
    if one.kind == "submodule":
        return glob.reaches(one.path)
    if glob.base.is_relative_to(one.path):
        return one.kind == "link"
    pointer = one.path.with_suffix("") if one.path.suffix == ".dvc" else one.path  # of a file that DVC has
    if glob.matches(one.path) or glob.matches(pointer):
        return True
    return one.kind == "link" and glob.reaches(one.path, link=True) and sparse.leads_to_file(one) is None


def _listed(names: Sequence[str]) -> str:
    more = f" and {count(len(names) - _SHOWN, 'more file')}" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more

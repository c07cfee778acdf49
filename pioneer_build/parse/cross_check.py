"""Many files at once, and the rules between specs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pioneer_build.errors import Problem
from pioneer_build.parse.specs import Broken, ParsedFile, parse_text
from pioneer_build.parse.yaml_nodes import MAX_BYTES
from pioneer_build.wording import MAX_GUESSES, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from pioneer_build.spec.model import Spec


def parse_files(paths: Iterable[Path | str], root: Path) -> ParsedFile:
    """Reads and parses files; one that can't be read is a problem of its own.

    Args:
        paths: the files; text is relative to `root` and has `/`, a path may be absolute too.
        root: the project's folder, which shown paths are relative to.

    The rules between specs are `cross_check`'s, which must see all specs of a project.
    """
    specs: list[Spec] = []
    problems: list[Problem] = []
    broken: list[Broken] = []
    for path in paths:
        shown = path if isinstance(path, str) else _shown(path, root)
        try:
            with open(os.path.join(root, path), "rb") as stream:  # noqa: PTH118, PTH123 - for each of thousands
                data = stream.read(MAX_BYTES + 1)
        except OSError as error:
            reason = error.strerror or str(error)
            problems.append(Problem(shown, 0, 0, f"can't be read: {reason}", code="unreadable"))
            continue
        parsed = parse_text(data, shown)
        specs += parsed.specs
        problems += parsed.problems
        broken += parsed.broken
    return ParsedFile(tuple(specs), tuple(problems), tuple(broken))


def _shown(path: Path, root: Path) -> str:
    file = root / path
    return file.relative_to(root).as_posix() if file.is_relative_to(root) else str(file)


def cross_check(
    specs: Sequence[Spec], broken: Sequence[Broken] = (), read: Callable[[str], bytes] | None = None
) -> tuple[Problem, ...]:
    """What is wrong between the specs of a project.

    Names are unique, also on file systems and in URLs that ignore letter case; `renamed_from` names a
    dataset that no spec declares any more, and only one spec takes it over; `no_overlap_with` names others.

    Args:
        specs: all that are right.
        broken: the others that say their name, so that their mistakes cause no further ones here.
        read: gives a file's content by its path, to show lines; asked only where something is wrong.
    """
    found: list[Problem] = []
    by_name: dict[str, Spec | Broken] = {}
    taken: dict[str, Spec] = {}
    # a broken spec can hold a name, and be the second of two; the order is that of the places
    both: list[Spec | Broken] = sorted([*specs, *broken], key=lambda one: (one.path, _name_place(one)))
    for one in both:
        first = by_name.setdefault(one.dataset_name.casefold(), one)
        if first is not one:
            found.append(_same_name(first, one))
    names = sorted({one.dataset_name for one in both})
    living = set(names)
    asked = 0
    for spec in specs:
        if (old := spec.renamed_from) is not None:
            if old in living:
                found.append(
                    _at(
                        spec,
                        "renamed_from",
                        f"the dataset {old!r} still has a spec",
                        len(old),
                        "rename",
                        f"remove 'renamed_from', or the spec at {_shown_place(by_name[old.casefold()])}",
                    )
                )
            elif (earlier := taken.setdefault(old, spec)) is not spec:
                place = ":".join(map(str, (earlier.path, *earlier.place("renamed_from"))))
                found.append(
                    _at(
                        spec,
                        "renamed_from",
                        f"two specs are renamed from {old!r}",
                        len(old),
                        "rename",
                        f"the other is at {place}",
                    )
                )
        for index, other in enumerate(spec.checks.no_overlap_with):
            key = f"checks.no_overlap_with.{index}"
            if other == spec.dataset_name:
                found.append(
                    _at(
                        spec,
                        key,
                        "a dataset always overlaps with itself",
                        len(other),
                        "overlap",
                        f"remove {other!r}",
                    )
                )
            elif other not in living:
                asked += 1
                others = [name for name in names if name != spec.dataset_name] if asked <= MAX_GUESSES else []
                meant = nearest(other, others)
                hint = f"did you mean {meant!r}?" if meant else "name a dataset of this project"
                found.append(
                    _at(
                        spec,
                        key,
                        f"there is no dataset {other!r}",
                        len(other),
                        "unknown-dataset",
                        hint,
                    )
                )
    return tuple(_with_lines(found, read) if read is not None else found)


def _name_place(one: Spec | Broken) -> tuple[int, int]:
    return (one.line, one.column) if isinstance(one, Broken) else one.place("dataset_name")


def _shown_place(one: Spec | Broken) -> str:
    line, column = _name_place(one)
    return f"{one.path}:{line}:{column}"


def _same_name(first: Spec | Broken, second: Spec | Broken) -> Problem:
    name, other = second.dataset_name, first.dataset_name
    message = f"the dataset name {name!r} is taken"
    if name != other:
        message = f"the dataset names {name!r} and {other!r} differ only in letter case"
    hint = f"it is first at {_shown_place(first)}"
    return Problem(second.path, *_name_place(second), message, hint=hint, width=len(name), code="duplicate-name")


def _at(spec: Spec, key: str, message: str, width: int, code: str, hint: str) -> Problem:
    line, column = spec.place(key)
    return Problem(spec.path, line, column, message, hint=hint, width=width, code=code)


def _with_lines(problems: Sequence[Problem], read: Callable[[str], bytes]) -> list[Problem]:
    from dataclasses import replace

    lines: dict[str, list[str]] = {}
    shown: list[Problem] = []
    for problem in problems:
        if problem.path not in lines:
            try:
                lines[problem.path] = read(problem.path).decode(errors="replace").replace("\r\n", "\n").split("\n")
            except OSError:
                lines[problem.path] = []
        text = lines[problem.path]
        source = text[problem.line - 1] if 0 < problem.line <= len(text) else None
        shown.append(replace(problem, source=source.lstrip("\ufeff") if source is not None else None))
    return shown

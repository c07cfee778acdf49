"""The rules between the specs of a project: names, renames, and datasets that must not overlap."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pioneer_build.errors import Problem
from pioneer_build.parse.specs import Broken
from pioneer_build.spec.guidance import unusable
from pioneer_build.wording import MAX_GUESSES, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence

    from pioneer_build.spec.model import Spec


def cross_check(
    specs: Sequence[Spec],
    broken: Sequence[Broken] = (),
    read: Callable[[str], bytes] | None = None,
    absent: Container[str] = (),
) -> tuple[Problem, ...]:
    """The errors between the specs of a project.

    Names are unique, also on file systems and in URLs that ignore letter case; `renamed_from` names a dataset that no
    longer has a spec, and only one spec can take over a name; `no_overlap_with` names other datasets.

    Args:
        specs: all valid specs.
        broken: the invalid ones with a known name, so that their errors cause no further errors here.
        read: returns the content of a file by its path, to show lines; only called if there is an error.
        absent: the paths of files that a sparse checkout left out. What they declare comes first, so that the error is
            in a file that is here.
    """
    names = _Names(specs, broken, absent)
    found = [*names.problems]
    for spec in specs:
        found += names.renamed_from(spec)
        found += names.no_overlap_with(spec)
    return tuple(_with_lines(found, read) if read is not None else found)


def guidance_problems(specs: Sequence[Spec], read: Callable[[str], bytes]) -> tuple[Problem, ...]:
    """The keys of specs that a service can't be told, as errors.

    Args:
        specs: the specs.
        read: returns the content of a file by its path, to show lines.
    """
    found = [_problem(spec, one.key, one.message, 1, "backend", one.hint) for spec in specs for one in unusable(spec)]
    return tuple(_with_lines(found, read))


class _Names:
    """The names that the specs of a project declare and take over, and the rules for them.

    A broken spec also uses up a name, and can be the second of two; the first one is determined by place.
    """

    def __init__(self, specs: Sequence[Spec], broken: Sequence[Broken], absent: Container[str]) -> None:
        self._absent = absent
        self._first: dict[str, Spec | Broken] = {}
        self._taken_over: dict[str, Spec] = {}
        self._guesses = 0
        #: Errors in the names themselves.
        self.problems: list[Problem] = []
        declared: list[Spec | Broken] = sorted([*specs, *broken], key=self._order)
        for one in declared:
            first = self._first.setdefault(one.dataset_name.casefold(), one)
            if first is not one:
                self.problems.append(_same_name(first, one, self._shown_place(first)))
        self._living = {one.dataset_name for one in declared}
        self._in_order = sorted(self._living)

    def _order(self, one: Spec | Broken) -> tuple[bool, str, tuple[int, int]]:
        return one.path not in self._absent, one.path, _name_place(one)

    def _shown_place(self, one: Spec | Broken, key: str = "dataset_name") -> str:
        line, column = _name_place(one) if isinstance(one, Broken) else one.place(key)
        where = ", which is not in this sparse checkout" if one.path in self._absent else ""
        return f"{one.path}:{line}:{column}{where}"

    def renamed_from(self, spec: Spec) -> Iterator[Problem]:
        old = spec.renamed_from
        if old is None:
            return
        if old in self._living:
            hint = f"remove 'renamed_from', or the spec at {self._shown_place(self._first[old.casefold()])}"
            yield _problem(spec, "renamed_from", f"the dataset {old!r} still has a spec", len(old), "rename", hint)
        elif (earlier := self._taken_over.setdefault(old, spec)) is not spec:
            hint = f"the other is at {self._shown_place(earlier, 'renamed_from')}"
            yield _problem(spec, "renamed_from", f"two specs have `renamed_from: {old}`", len(old), "rename", hint)

    def no_overlap_with(self, spec: Spec) -> Iterator[Problem]:
        for index, other in enumerate(spec.checks.no_overlap_with):
            key = f"checks.no_overlap_with.{index}"
            if other == spec.dataset_name:
                message, hint = "this is the dataset's own name", f"remove {other!r}"
                yield _problem(spec, key, message, len(other), "overlap", hint)
            elif other not in self._living:
                hint = unknown_hint(self._meant(other, spec))
                yield _problem(spec, key, f"there is no dataset {other!r}", len(other), "unknown-dataset", hint)

    def _meant(self, word: str, spec: Spec) -> str | None:
        self._guesses += 1
        if self._guesses > MAX_GUESSES:
            return None
        return nearest(word, [name for name in self._in_order if name != spec.dataset_name])


def unknown_hint(meant: str | None) -> str:
    """What to do about a name that no dataset has; `meant` is the nearest one."""
    return f"did you mean {meant!r}?" if meant else "use the name of a dataset of this project"


def _name_place(one: Spec | Broken) -> tuple[int, int]:
    return (one.line, one.column) if isinstance(one, Broken) else one.place("dataset_name")


def _same_name(first: Spec | Broken, second: Spec | Broken, place: str) -> Problem:
    name, other = second.dataset_name, first.dataset_name
    message = f"the dataset name {name!r} is already used"
    if name != other:
        message = f"the dataset names {name!r} and {other!r} differ only in letter case"
    hint = f"first used at {place}"
    return Problem(second.path, *_name_place(second), message, hint=hint, width=len(name), code="duplicate-name")


def _problem(spec: Spec, key: str, message: str, width: int, code: str, hint: str) -> Problem:
    """A problem at the value of `key`; `width` is in code points."""
    line, column = spec.place(key)
    return Problem(spec.path, line, column, message, hint=hint, width=width, code=code)


def _with_lines(problems: Sequence[Problem], read: Callable[[str], bytes]) -> list[Problem]:
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

"""A project's specs: found, read where they changed, and judged one by one and against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.cache.spec_files import spec_stamps
from pioneer_build.errors import Problem, Problems
from pioneer_build.spec.declared import Declared
from pioneer_build.spec.fingerprint import definition_of, fingerprint_of
from pioneer_build.spec.model import Checks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pioneer_build.cache.spec_cache import Parsed
    from pioneer_build.disk import Stamp
    from pioneer_build.parse.specs import Broken
    from pioneer_build.project.open import Project
    from pioneer_build.spec.model import Spec


def spec_files(root: Path, folder: str) -> tuple[dict[str, Stamp], list[Problem]]:
    """The spec files below `folder`, by path relative to `root` with `/`, in order, with their stamps.

    Hidden files and folders are passed over. A symbolic link that leaves the project is a problem.
    """
    problems: list[Problem] = []

    def complain(path: str, message: str) -> None:
        code = "unreadable" if message.startswith("can't") else "outside"
        problems.append(Problem(path, 0, 0, message, code=code))

    return spec_stamps(str(root), folder, complain), problems


def load_specs(project: Project, *, only: Iterable[str] | None = None) -> list[Declared]:
    """All specs of the project, by name, judged one by one and against each other.

    Args:
        project: the project.
        only: paths of files, relative to the root, for `validate PATH…`; the rules between specs see all files.

    Raises:
        Problems: every mistake of every file.
    """
    files, problems = spec_files(project.root, project.config.specs)
    project.files = files
    seen = project.seen
    parsed: dict[str, list[Parsed]] = {}
    news = []
    for path, stamp in files.items():
        known = seen.specs(path, stamp)
        if known is None:
            news.append(path)
        else:
            parsed[path] = known
    whole = [[path, list(stamp)] for path, stamp in files.items()]
    fresh = bool(news) or seen.noted("cross") != _key(whole)
    if fresh or problems:
        problems += _parse_news(project, files, news, parsed)
        if only is not None:
            shown = set(only)
            problems = [problem for problem in problems if problem.path in shown]
        if problems:
            seen.save(files)  # the others are right, and needn't be read again
            raise Problems(problems)
        seen.note("cross", _key(whole))
    return declared_of(project, [one for path in files for one in parsed.get(path, ())])


def declared_of(project: Project, parsed: Iterable[Parsed]) -> list[Declared]:
    """Parsed specs as the planner takes them, by name."""
    remembered = _Remembered(project.config.checks)
    return [
        Declared(spec, definition, fingerprint, remembered.of(spec.checks))
        for spec, definition, fingerprint in sorted(parsed, key=lambda one: one[0].dataset_name)
    ]


def _key(whole: object) -> str:
    from hashlib import sha256

    return sha256(repr(whole).encode()).hexdigest()


def _parse_news(
    project: Project, files: Mapping[str, Stamp], news: list[str], parsed: dict[str, list[Parsed]]
) -> list[Problem]:
    from pioneer_build.parse import cross_check, parse_files  # pydantic and yaml: only where there is news

    problems: list[Problem] = []
    broken: list[Broken] = []
    result = parse_files(news, project.root)
    broken += result.broken
    problems += result.problems
    for path in news:
        parsed[path] = []
    for spec in result.specs:
        definition = definition_of(spec)
        parsed[spec.path].append((spec, definition, fingerprint_of(definition)))
    wrong = {problem.path for problem in problems}
    for path in news:
        if path not in wrong:
            project.seen.keep(path, files[path], parsed[path])
    specs: list[Spec] = [one[0] for path in files for one in parsed.get(path, ())]
    problems += cross_check(specs, tuple(broken), lambda path: (project.root / path).read_bytes())
    return problems


class _Remembered:
    """The bounds that project and spec set, as the lock remembers them; the defaults are not among them."""

    def __init__(self, project: Checks) -> None:
        self._project = project
        # most specs of a project set none, or the same
        self._known: dict[Checks, Mapping[str, object]] = {Checks(): {}} if project == Checks() else {}

    def of(self, spec: Checks) -> Mapping[str, object]:
        known = self._known.get(spec)
        if known is None:
            from pioneer_build.checks.bounds import checks_key, explicit_checks

            known = self._known[spec] = checks_key(explicit_checks(self._project, spec))
        return known

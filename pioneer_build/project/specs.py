"""A project's specs: reads those that changed, and checks them one by one and against each other.

Which files are specs, and which only look like one (`x.YAML`), is decided by `spec.file_names`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from pioneer_build.cache.spec_files import spec_stamps
from pioneer_build.disk.regular_files import read_regular
from pioneer_build.errors import Problem, Problems
from pioneer_build.paths import SETTINGS_NAME
from pioneer_build.project.key_check import keys_in_files, keys_in_names
from pioneer_build.spec.declared import Declared
from pioneer_build.spec.fingerprint import definition_of, fingerprint_of
from pioneer_build.spec.guidance import reads_guidance
from pioneer_build.spec.guidance import unusable as unusable_keys
from pioneer_build.spec.model import Checks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pioneer_build.cache.parsed_specs import Parsed
    from pioneer_build.disk.stamps import Stamp
    from pioneer_build.parse.specs import Broken
    from pioneer_build.project.open import Project
    from pioneer_build.spec.model import Spec


@dataclass(frozen=True, slots=True)
class ProjectSpecs:
    """The specs of a project, by name, and the stamps of all spec files, by path.

    `passed_over` is what was probably meant to be a spec, and wasn't read.
    """

    declared: tuple[Declared, ...]
    files: Mapping[str, Stamp]
    passed_over: tuple[PassedOver, ...] = ()


class PassedOver(NamedTuple):
    """A path that is not read as specs, relative to the project, and why."""

    path: str
    why: str

    @property
    def text(self) -> str:
        """The same in words."""
        return f"{self.path} is ignored: {self.why}"


@dataclass(slots=True)
class SpecReading:
    """The result of reading some spec files, one by one.

    `parsed` has the valid specs, by path. `problems` are the errors, and `broken` the datasets that have them. `anew`
    says whether a file had to be parsed.
    """

    parsed: dict[str, list[Parsed]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)
    anew: bool = False

    def all(self) -> list[Parsed]:
        """The specs of all files, in the order of the files."""
        return [one for parsed in self.parsed.values() for one in parsed]


def spec_files(root: Path, folder: str) -> tuple[dict[str, Stamp], list[Problem], list[PassedOver]]:
    """The spec files below `folder`, by path relative to `root` with `/`, in order, with their stamps.

    Hidden files and folders are skipped. A symbolic link that leads out of the project is a problem; what is probably
    meant to be a spec, and isn't read, is passed over.
    """
    problems: list[Problem] = []
    passed_over: list[PassedOver] = []

    def pass_over(path: str, why: str) -> None:
        passed_over.append(PassedOver(path, why))

    def complain(path: str, message: str) -> None:
        code, hint = (
            ("unreadable", None) if message.startswith("can't") else ("outside", "replace it by what it leads to")
        )
        problems.append(Problem(path, 0, 0, message, hint, code=code))

    return spec_stamps(str(root), folder, complain, pass_over), problems, sorted(passed_over)


def load_specs(project: Project, *, only: Iterable[str] | None = None) -> ProjectSpecs:
    """All specs of the project, checked one by one and against each other.

    Args:
        project: the project.
        only: paths of files, relative to the root, for `validate PATH…`; rules between specs are checked for all files,
            and errors in the settings are reported in any case.

    Raises:
        Problems: all errors in all files, and names in the settings that no dataset has.
    """
    files, problems, passed_over = spec_files(project.root, project.config.specs)
    if named := keys_in_names(files):
        raise Problems(named)
    reading = read_specs(project, files)
    missing = _missing_names(project, reading, passed_over)
    unusable = _unusable(project, reading)
    if reading.anew or problems or missing or unusable or not project.cache.has_cross_checked(files):
        problems += reading.problems
        problems += _cross_check(project, reading, missing, unusable)
        if not problems:
            project.cache.put_cross_checked(files)
        if only is not None:
            shown = {*only, SETTINGS_NAME}  # errors in the settings are everybody's
            problems = [problem for problem in problems if problem.path in shown]
        if problems:
            project.cache.save(files)  # the others are valid, and needn't be read again
            raise Problems(problems)
    return ProjectSpecs(tuple(declared_of(project, reading.all())), files, tuple(passed_over))


def read_specs(project: Project, files: Mapping[str, Stamp]) -> SpecReading:
    """Reads spec files one by one; a file that is in the cache isn't parsed.

    Args:
        project: the project.
        files: stamps by path relative to the root.
    """
    reading = SpecReading()
    changed = []
    for path, stamp in files.items():
        known = project.cache.specs.get(path, stamp)
        reading.parsed[path] = known or []
        if known is None:
            changed.append(path)
    if not changed:
        return reading
    from pioneer_build.parse import parse_files  # pydantic and yaml: only if a file changed

    reading.anew = True
    found = parse_files(changed, project.root)
    reading.problems += found.problems
    reading.broken += found.broken
    for spec in found.specs:
        definition = definition_of(spec)
        reading.parsed[spec.path].append((spec, definition, fingerprint_of(definition)))
    reading.problems += keys_in_files(project.root, changed)
    wrong = {problem.path for problem in reading.problems}
    for path in changed:
        if path not in wrong:
            project.cache.specs.put(path, files[path], reading.parsed[path])
    return reading


def readable_specs(project: Project) -> tuple[list[Declared], list[Problem]]:
    """The specs that can be read, sorted by name, whatever is wrong with others; and the errors of these."""
    files, problems, _ = spec_files(project.root, project.config.specs)
    reading = read_specs(project, files)
    return declared_of(project, reading.all()), [*problems, *reading.problems]


def _cross_check(
    project: Project, reading: SpecReading, missing: Collection[str], unusable: Sequence[Spec]
) -> Iterator[Problem]:
    """The errors between specs, and of names in the settings.

    Args:
        project: the project.
        reading: all specs.
        missing: the names in the settings that no dataset has.
        unusable: the specs with keys that the backend can't be told.
    """
    # pydantic and yaml: only if a file changed
    from pioneer_build.parse import cross_check, guidance_problems, unknown_in_settings

    specs = [spec for spec, _, _ in reading.all()]
    if missing:
        settings = read_regular(project.root / SETTINGS_NAME)
        yield from unknown_in_settings(settings, SETTINGS_NAME, missing, _names(reading))
    yield from guidance_problems(unusable, lambda path: read_regular(project.root / path))
    yield from cross_check(specs, tuple(reading.broken), lambda path: read_regular(project.root / path))


def _unusable(project: Project, reading: SpecReading) -> list[Spec]:
    """The specs with keys that the backend can't be told. That depends on the settings: no cache knows of it."""
    if reads_guidance(project.config.backend):
        return []
    return [spec for spec, _, _ in reading.all() if next(unusable_keys(spec), None) is not None]


def _missing_names(project: Project, reading: SpecReading, passed_over: Sequence[PassedOver]) -> set[str]:
    """The names in the settings' `no_overlap_with` that no dataset has, nor a spec that isn't read here.

    Args:
        project: the project.
        reading: all specs that are here.
        passed_over: what wasn't read as specs.
    """
    named = project.config.checks.no_overlap_with
    missing = set(named).difference(_names(reading)) if named else set()
    if missing:
        from pioneer_build.project.left_out_specs import LeftOutSpecs  # runs git, and parses YAML

        missing -= LeftOutSpecs(project.root, project.config.specs, passed_over).datasets(missing).keys()
    return missing


def _names(reading: SpecReading) -> set[str]:
    return {spec.dataset_name for spec, _, _ in reading.all()} | {one.dataset_name for one in reading.broken}


def declared_of(project: Project, parsed: Iterable[Parsed]) -> list[Declared]:
    """Parsed specs in the form for the planner, sorted by name."""
    recorded = _RecordedChecks(project.config.checks)
    return [
        Declared(spec, definition, fingerprint, recorded.of(spec))
        for spec, definition, fingerprint in sorted(parsed, key=lambda one: one[0].dataset_name)
    ]


class _RecordedChecks:
    """The checks of specs as the lock records them: those set in settings or spec, without defaults."""

    def __init__(self, project: Checks) -> None:
        self._project = project
        self._named = frozenset(project.no_overlap_with)
        # most specs of a project set none, or the same ones; those that the settings name differ by their own name
        self._known: dict[tuple[Checks, str], Mapping[str, object]] = {}
        if project == Checks():
            self._known[Checks(), ""] = {}

    def of(self, spec: Spec) -> Mapping[str, object]:
        name = spec.dataset_name
        key = spec.checks, name if name in self._named else ""
        known = self._known.get(key)
        if known is None:
            from pioneer_build.checks.bounds import checks_key, explicit_checks  # only if checks are set

            known = self._known[key] = checks_key(explicit_checks(self._project, spec.checks, name))
        return known

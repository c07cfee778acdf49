"""A project on disk: its folder, its settings, its specs, its lock. What didn't change isn't read again."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pioneer_build.config import Config, resolve
from pioneer_build.errors import PioneerError, Problem, Problems
from pioneer_build.fingerprint import definition_of, fingerprint_of
from pioneer_build.folders import cache_folder
from pioneer_build.lockfile import LockFile
from pioneer_build.plan import Declared
from pioneer_build.seen import Parsed, Seen, Stamp, stamp_of
from pioneer_build.settings import Settings
from pioneer_build.spec import Checks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pioneer_build.parse.specs import Broken
    from pioneer_build.spec import Spec

SETTINGS_NAME = "pioneer.yaml"
SPEC_ENDINGS = (".yaml", ".yml")


@dataclass(slots=True)
class Project:
    """An opened project. `root` is absolute; `seen` is saved by whoever ends the command."""

    root: Path
    settings: Settings
    config: Config
    lockfile: LockFile
    seen: Seen


def find_root(start: Path) -> Path:
    """The nearest folder from `start` upwards that has `pioneer.yaml` or `pioneer.lock`; else `start`."""
    for folder in (start, *start.parents):
        if (folder / SETTINGS_NAME).is_file() or (folder / "pioneer.lock").is_file():
            return folder
    return start


def open_project(start: Path, backend: str | None = None, environ: Mapping[str, str] = os.environ) -> Project:
    """Opens the project that `start` is in.

    Raises:
        Problems: `pioneer.yaml` has mistakes.
        PioneerError: a setting can't be used.
    """
    if not start.is_dir():
        raise PioneerError(f"no such folder: {start}")
    root = find_root(Path(os.path.realpath(start)))
    seen = Seen(cache_folder(environ) / "seen", root)
    settings = _settings(root, seen)
    return Project(root, settings, resolve(settings, root, backend, environ), LockFile(root), seen)


def _settings(root: Path, seen: Seen) -> Settings:
    path = root / SETTINGS_NAME
    try:
        stamp = stamp_of(os.stat(path))  # noqa: PTH116
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        raise PioneerError(f"can't read {SETTINGS_NAME}: {error.strerror}") from None
    if (known := seen.settings(stamp)) is not None:
        return known
    from pioneer_build.parse import parse_settings  # pydantic and yaml: only where there is news

    try:
        data = path.read_bytes()
    except OSError as error:
        raise PioneerError(f"can't read {SETTINGS_NAME}: {error.strerror}") from None
    settings, problems = parse_settings(data, SETTINGS_NAME)
    if problems or settings is None:
        raise Problems(problems)
    seen.keep_settings(stamp, settings)
    return settings


# -- specs ---------------------------------------------------------------------------------------------------------


def spec_files(root: Path, folder: str) -> tuple[dict[str, Stamp], list[Problem]]:
    """The spec files below `folder`, by path relative to `root` with `/`, in order, with their stamps.

    Hidden files and folders are passed over. A symbolic link that leaves the project is a problem.
    """
    found: dict[str, Stamp] = {}
    problems: list[Problem] = []
    _scan(root, folder.strip("/") or ".", found, problems)
    return dict(sorted(found.items())), problems


def _scan(root: Path, folder: str, found: dict[str, Stamp], problems: list[Problem]) -> None:
    try:
        with os.scandir(root / folder) as entries:
            for entry in entries:
                name = entry.name
                path = f"{folder}/{name}" if folder != "." else name
                if name.startswith("."):
                    continue
                if entry.is_symlink() and not _inside(root, path):
                    if name.endswith(SPEC_ENDINGS):
                        problems.append(Problem(path, 0, 0, "a symbolic link that leaves the project", code="outside"))
                elif entry.is_dir(follow_symlinks=False):
                    _scan(root, path, found, problems)
                elif name.endswith(SPEC_ENDINGS):
                    status = entry.stat()
                    if stat.S_ISREG(status.st_mode):
                        found[path] = stamp_of(status)
    except FileNotFoundError:
        return
    except OSError as error:
        problems.append(Problem(folder, 0, 0, f"can't be read: {error.strerror}", code="unreadable"))


def _inside(root: Path, path: str) -> bool:
    return Path(os.path.realpath(root / path)).is_relative_to(root)


def load_specs(project: Project, *, only: Iterable[str] | None = None) -> list[Declared]:
    """All specs of the project, by name, judged one by one and against each other.

    Args:
        project: the project.
        only: paths of files, relative to the root, for `validate PATH…`; the rules between specs see all files.

    Raises:
        Problems: every mistake of every file.
    """
    files, problems = spec_files(project.root, project.config.specs)
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
            raise Problems(problems)
        seen.note("cross", _key(whole))
    checks = project.config.checks
    plain = checks == Checks()
    specs = [one for path in files for one in parsed.get(path, ())]
    return [
        Declared(spec, definition, fingerprint, _remembered_checks(checks, spec, plain))
        for spec, definition, fingerprint in sorted(specs, key=lambda one: one[0].dataset_name)
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
    for path in news:
        result = parse_files([path], project.root)
        broken += result.broken
        problems += result.problems
        found = [(spec, definition := definition_of(spec), fingerprint_of(definition)) for spec in result.specs]
        parsed[path] = found
        if not result.problems:
            project.seen.keep(path, files[path], found)
    specs: list[Spec] = [one[0] for path in files for one in parsed.get(path, ())]
    problems += cross_check(specs, tuple(broken), lambda path: (project.root / path).read_bytes())
    return problems


_NO_CHECKS: dict[str, object] = {}


def _remembered_checks(project: Checks, spec: Spec, plain: bool) -> Mapping[str, object]:  # noqa: FBT001
    """The bounds that project and spec set, as the lock remembers them; the defaults are not among them."""
    if plain and spec.checks == Checks():
        return _NO_CHECKS
    from pioneer_build.checks import checks_key, explicit_checks

    return checks_key(explicit_checks(project, spec.checks))

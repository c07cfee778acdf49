"""What is wrong with a set-up, and how to mend it. Looks only: nothing is written, nothing that costs is sent.

here      versions, extras, folders, git
work      the project: settings, specs, lock, journal
remote    key, address, routes, clock
"""

from __future__ import annotations

from pioneer_build.results.doctor import Finding, Level

__all__ = ["Finding", "Level", "examine"]


def examine(directory: str, backend: str | None) -> list[Finding]:
    """Every finding about the project that `directory` is in.

    Args:
        directory: where the command runs.
        backend: the flag `--backend`.
    """
    from pathlib import Path

    from pioneer_build.errors import PioneerError, Problems
    from pioneer_build.operations.doctor import machine as here
    from pioneer_build.operations.doctor import project as work
    from pioneer_build.operations.doctor import service as remote
    from pioneer_build.project.open import open_project

    findings = [here.versions()]
    try:
        project = open_project(Path(directory), backend)
    except Problems as error:
        return [*findings, Finding("project", "wrong", f"pioneer.yaml: {error.message}", "pioneer-build validate")]
    except PioneerError as error:
        return [*findings, Finding("project", "wrong", error.message, error.hint)]
    findings += work.project(project)
    findings += here.extras(local=project.config.local)
    findings += here.folders(project.config.store)
    findings += here.in_git(project.root)
    findings += work.lock(project)
    findings += work.journal(project)
    findings += remote.examine(project.config)
    return findings

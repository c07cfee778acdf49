"""The project: settings, specs, the schemas for editors, and the lock."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from pioneer_build.disk.regular_files import read_regular
from pioneer_build.errors import LockError, PioneerError, Problems
from pioneer_build.lock.split import SPLIT_FOLDER
from pioneer_build.operations.disk_check import LEAST_ROOM
from pioneer_build.operations.init.starter_files import SETTINGS_SCHEMA, SPEC_SCHEMA
from pioneer_build.operations.lock import layout_note
from pioneer_build.parse.json_schema import settings_schema, spec_schema
from pioneer_build.paths import SETTINGS_NAME
from pioneer_build.project.specs import load_specs
from pioneer_build.results.doctor import DoctorFinding
from pioneer_build.wording import count

if TYPE_CHECKING:
    from pathlib import Path

    from pioneer_build.operations.disk_check import Room
    from pioneer_build.project.open import Project

_RENAME = "move or rename what is meant to be read"


def project(opened: Project) -> list[DoctorFinding]:
    """Settings and specs."""
    findings = []
    if not (opened.root / SETTINGS_NAME).is_file():
        text = f"no {SETTINGS_NAME} in {opened.root} or above it"
        findings.append(DoctorFinding("project", "note", text, "pioneer-build init"))
    try:
        found = load_specs(opened)
        specs = found.declared
    except Problems as error:
        findings.append(DoctorFinding("specs", "wrong", f"{error.message} in the specs", "pioneer-build validate"))
        return findings
    except PioneerError as error:
        return [*findings, DoctorFinding("specs", "wrong", error.message, error.hint)]
    opened.cache.save()
    findings += [DoctorFinding("specs", "note", one.text, _RENAME) for one in found.passed_over]
    if not specs:
        findings.append(DoctorFinding("specs", "note", f"no spec in {opened.config.specs}/", "pioneer-build init"))
    else:
        files = len({item.spec.path for item in specs})
        findings.append(
            DoctorFinding(
                "specs", "good", f"{opened.root}: {count(len(specs), 'dataset')} in {count(files, 'file')}, valid"
            )
        )
    return [*findings, *_schemas(opened.root)]


def _schemas(root: Path) -> list[DoctorFinding]:
    """Whether the schemas that `init` wrote for editors are those of this version."""
    findings = []
    for path, schema, flag in ((SPEC_SCHEMA, spec_schema, ""), (SETTINGS_SCHEMA, settings_schema, " --settings")):
        try:
            same = json.loads(read_regular(root / path)) == schema()
        except (OSError, ValueError):
            continue
        if not same:
            text = f"{path} (the schema for editors) is from another version of pioneer-build"
            findings.append(DoctorFinding("editor", "note", text, f"pioneer-build schema{flag} > {path}"))
    return findings


def lock(opened: Project, room: Room = LEAST_ROOM) -> list[DoctorFinding]:
    """Whether the lock can be read and written.

    Args:
        opened: the project.
        room: what the next apply will need.
    """
    return [*_can_be_written(opened, room.lock), *_read(opened)]


def _can_be_written(opened: Project, size: int) -> list[DoctorFinding]:
    """What `apply` would say before it sends something; here the lock itself is left alone."""
    try:
        os.close(opened.lockfile.reserve(size, rewrite=False))
    except LockError as error:
        return [DoctorFinding("lock", "wrong", error.message, error.hint)]
    return []


def _read(opened: Project) -> list[DoctorFinding]:
    try:
        found = opened.lockfile.read()
    except PioneerError as error:
        return [DoctorFinding("lock", "wrong", error.message, error.hint or "git checkout -- pioneer.lock")]
    if opened.lockfile.stamp() is None:
        return [DoctorFinding("lock", "note", "no pioneer.lock yet", "pioneer-build apply")]
    if conflicted := opened.lockfile.conflicted:
        alone = opened.lockfile.unmerged.issuperset(conflicted)
        which, one = conflicted[0], len(conflicted) == 1
        if not one:
            which = count(len(conflicted), "file of the lock", "files of the lock")
        text = f"{which} {'has' if one else 'have'} conflict markers; both sides were read"
        if alone:  # doctor checks the driver, too
            text = f"{which} {'is' if one else 'are'} unmerged in git, and {'has' if one else 'have'} one side alone:"
            text += " the merge driver couldn't be run; both sides were read"
        files = SPLIT_FOLDER if opened.lockfile.is_split else "pioneer.lock"
        fix = f"pioneer-build apply   # writes the merged lock; then: git add {files}"
        return [DoctorFinding("lock", "wrong", text, fix)]
    if astray := opened.lockfile.astray:
        path, name = next((path, name) for path, found in astray.items() for name, _ in found.entries)
        more = f" ({count(len(astray) - 1, 'other file')} of the lock too)" if len(astray) > 1 else ""
        text = f"{path} has an entry of '{name}'{more}: it is read, and the next write of the lock moves it"
        return [DoctorFinding("lock", "note", text, "pioneer-build lock split   # moves it now")]
    if note := layout_note(opened):
        return [DoctorFinding("lock", "note", *note)]
    on_backend = sum(1 for _ in found.on(opened.config.backend))
    others = len(found.entries) - on_backend
    more = f", {others:,} on other backends" if others else ""
    split = ", split" if opened.lockfile.is_split else ""
    return [DoctorFinding("lock", "good", f"{count(on_backend, 'dataset')} on {opened.config.backend}{more}{split}")]

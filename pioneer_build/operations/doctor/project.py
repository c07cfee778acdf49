"""The project: settings, specs, lock, and the journal of submissions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from zlib import crc32

from pioneer_build.errors import PioneerError, Problems
from pioneer_build.journal.log import Journal
from pioneer_build.operations.init.starter_files import SETTINGS_SCHEMA, SPEC_SCHEMA
from pioneer_build.parse.json_schema import settings_schema, spec_schema
from pioneer_build.project.open import SETTINGS_NAME
from pioneer_build.project.specs import load_specs
from pioneer_build.results.doctor import DoctorFinding
from pioneer_build.wording import count, noun_for

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pioneer_build.journal.model import Submission
    from pioneer_build.project.open import Project

_JOURNAL_HELP = "copy the file, then restore it from a backup; `pioneer-build status` shows what is known"


def project(opened: Project) -> list[DoctorFinding]:
    """Settings and specs."""
    findings = []
    if not (opened.root / SETTINGS_NAME).is_file():
        text = f"no {SETTINGS_NAME} in {opened.root} or above it"
        findings.append(DoctorFinding("project", "note", text, "pioneer-build init"))
    try:
        specs = load_specs(opened).declared
    except Problems as error:
        findings.append(DoctorFinding("specs", "wrong", f"{error.message} in the specs", "pioneer-build validate"))
        return findings
    except PioneerError as error:
        return [*findings, DoctorFinding("specs", "wrong", error.message, error.hint)]
    opened.cache.save()
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
            same = json.loads((root / path).read_bytes()) == schema()
        except (OSError, ValueError):
            continue
        if not same:
            text = f"{path} (the schema for editors) is from another version of pioneer-build"
            findings.append(DoctorFinding("editor", "note", text, f"pioneer-build schema{flag} > {path}"))
    return findings


def lock(opened: Project) -> list[DoctorFinding]:
    """Whether the lock can be read."""
    try:
        found = opened.lockfile.read()
    except PioneerError as error:
        return [DoctorFinding("lock", "wrong", error.message, error.hint or "git checkout -- pioneer.lock")]
    if opened.lockfile.stamp() is None:
        return [DoctorFinding("lock", "note", "no pioneer.lock yet", "pioneer-build apply")]
    if b"\n<<<<<<< " in b"\n" + opened.lockfile.path.read_bytes():
        text = "pioneer.lock has conflict markers; both sides were read"
        return [
            DoctorFinding(
                "lock", "wrong", text, "pioneer-build apply   # writes the merged lock; then: git add pioneer.lock"
            )
        ]
    on_backend = sum(1 for _ in found.on(opened.config.backend))
    others = len(found.entries) - on_backend
    more = f", {others:,} on other backends" if others else ""
    return [DoctorFinding("lock", "good", f"{count(on_backend, 'dataset')} on {opened.config.backend}{more}")]


def journal(opened: Project) -> list[DoctorFinding]:
    """Whether the backend's log of submissions is undamaged, and which submissions are unfinished."""
    log = Journal(opened.journal_folder)
    try:
        submissions = log.submissions(opened.config.backend)
        damaged = damaged_lines(log.path)
    except PioneerError as error:
        return [DoctorFinding("journal", "wrong", error.message, error.hint or _JOURNAL_HELP)]
    except OSError as error:
        return [DoctorFinding("journal", "wrong", f"the journal {log.path} can't be read: {error.strerror}")]
    if damaged:
        numbers = ", ".join(f"{number:,}" for number in damaged[:5])
        text = f"{count(len(damaged), 'damaged line')} in {log.path} ({noun_for(len(damaged), 'line')} {numbers})"
        return [DoctorFinding("journal", "wrong", text, _JOURNAL_HELP)]
    return [DoctorFinding("journal", "good", f"{count(len(submissions), 'submission')}{_unfinished(submissions)}")]


def _unfinished(submissions: Iterable[Submission]) -> str:
    states = [item.state for item in submissions]
    parts = [
        (states.count("open"), "open"),
        (states.count("unknown") + states.count("submitting"), "with unknown outcome"),
    ]
    said = ", ".join(f"{number:,} {what}" for number, what in parts if number)
    return f", {said}" if said else ""


def damaged_lines(path: Path) -> list[int]:
    """The numbers of damaged lines in the journal. An incomplete last line is not damage, but left by a crash."""
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    return [number for number, line in enumerate(lines[:-1], 1) if line and not _is_whole(line)]


def _is_whole(line: bytes) -> bool:
    text, _, checksum = line.rpartition(b"\t")
    return b"%08x" % crc32(text) == checksum

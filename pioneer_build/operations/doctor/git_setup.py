"""Git: it tracks the lock, and merges it with the merge driver."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from pioneer_build import git
from pioneer_build.lock.split import SPLIT_FOLDER, entry_path
from pioneer_build.project.lock_history import unread_versions
from pioneer_build.results.doctor import DoctorFinding


def in_git(root: Path) -> list[DoctorFinding]:
    """Whether git tracks the lock, and merges it with the merge driver."""
    if (problem := git.repository_problem(root)) is not None:
        text = f"{problem.message}: jobs that only earlier versions of pioneer.lock have would be bought again"
        return [DoctorFinding("git", "wrong", text, problem.hint)]
    repository = git.is_in_repository(root)
    if repository is None:
        return [
            DoctorFinding("git", "note", "git is not installed: your specs and your lock are not under version control")
        ]
    if not repository:
        text = f"{root} is not in a git repository: keep specs and lock under version control"
        return [DoctorFinding("git", "note", text, "git init")]
    findings = []
    files = {"pioneer.lock": "pioneer.lock"}
    if (root / SPLIT_FOLDER).is_dir():
        files[f"{SPLIT_FOLDER}/"] = entry_path("x")
    for what, path in files.items():
        if git.is_ignored(root, path):
            text = f"git ignores {what}: other people and CI would build everything again"
            fix = f"git check-ignore -v {path}   # shows the line to remove"
            findings.append(DoctorFinding("git", "wrong", text, fix))
        if not git.merges_with_driver(root, path):
            text = f".gitattributes doesn't set the merge driver for {what}"
            findings.append(DoctorFinding("git", "note", text, "pioneer-build init"))
    if "merge-lock" not in (git.driver_of(root) or ""):
        text = "the merge driver for pioneer.lock isn't set up in this clone"
        findings.append(DoctorFinding("git", "note", text, "pioneer-build init"))
    elif shutil.which("pioneer-build") is None:
        text = "pioneer-build isn't on the PATH: git merges would leave conflict markers in pioneer.lock"
        activate = Path(sys.prefix) / "bin" / "activate"
        findings.append(DoctorFinding("git", "note", text, f". '{activate}'" if activate.exists() else None))
    if git.is_shallow(root):
        text = "this clone is shallow: jobs that only earlier versions of pioneer.lock have would be bought again"
        findings.append(DoctorFinding("git", "note", text, "git fetch --unshallow   # in a workflow: fetch-depth: 0"))
    elif (unread := unread_versions(root)) is not None:
        text = f"jobs that only earlier versions of pioneer.lock have may be bought again: {unread}"
        findings.append(DoctorFinding("git", "note", text))
    return findings or [DoctorFinding("git", "good", "pioneer.lock is not ignored, and its merge driver is set up")]

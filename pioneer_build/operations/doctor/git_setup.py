"""Git: it tracks the lock, and merges it with the merge driver."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from pioneer_build.escaping import shell_word
from pioneer_build.git.driver import driver_of, merges_with_driver
from pioneer_build.git.repository import is_in_repository, is_shallow, repository_problem
from pioneer_build.git.work_tree import ignored_files, untracked_files
from pioneer_build.lock.split import SPLIT_FOLDER, entry_path
from pioneer_build.project.lock_history import unread_versions
from pioneer_build.results.doctor import DoctorFinding
from pioneer_build.wording import count


def in_git(root: Path) -> list[DoctorFinding]:
    """Whether git tracks the lock, and merges it with the merge driver."""
    if (problem := repository_problem(root)) is not None:
        text = f"{problem.message}: jobs that only earlier versions of pioneer.lock have would be bought again"
        return [DoctorFinding("git", "wrong", text, problem.hint)]
    repository = is_in_repository(root)
    if repository is None:
        return [
            DoctorFinding("git", "note", "git is not installed: your specs and your lock are not under version control")
        ]
    if not repository:
        text = f"{root} is not in a git repository: keep specs and lock under version control"
        return [DoctorFinding("git", "note", text, "git init")]
    findings = _in_index(root)
    files = {"pioneer.lock": "pioneer.lock"}
    if (root / SPLIT_FOLDER).is_dir():
        files[f"{SPLIT_FOLDER}/"] = entry_path("x")
    for what, path in files.items():
        if not merges_with_driver(root, path):
            text = f".gitattributes doesn't set the merge driver for {what}"
            findings.append(DoctorFinding("git", "note", text, "pioneer-build init"))
    if "merge-lock" not in (driver_of(root) or ""):
        text = "the merge driver for pioneer.lock isn't set up in this clone"
        findings.append(DoctorFinding("git", "note", text, "pioneer-build init"))
    elif shutil.which("pioneer-build") is None:
        text = "pioneer-build isn't on the PATH: git merges would leave conflict markers in pioneer.lock"
        activate = Path(sys.prefix) / "bin" / "activate"
        findings.append(DoctorFinding("git", "note", text, f". '{activate}'" if activate.exists() else None))
    if is_shallow(root):
        text = "this clone is shallow: jobs that only earlier versions of pioneer.lock have would be bought again"
        findings.append(DoctorFinding("git", "note", text, "git fetch --unshallow   # in a workflow: fetch-depth: 0"))
    elif (unread := unread_versions(root)) is not None:
        text = f"jobs that only earlier versions of pioneer.lock have may be bought again: {unread}"
        findings.append(DoctorFinding("git", "note", text))
    return findings or [DoctorFinding("git", "good", "pioneer.lock is not ignored, and its merge driver is set up")]


def _in_index(root: Path) -> list[DoctorFinding]:
    """Whether the files of the lock are committed with everything else."""
    paths = ["pioneer.lock"]
    if (root / SPLIT_FOLDER).is_dir():
        new = entry_path("x")  # of a dataset that is yet to come
        there = [entry_path(path.stem) for path in (root / SPLIT_FOLDER).glob("*.json")]
        paths += [new, *sorted({*there} - {new})]
    findings = []
    ignored = ignored_files(root, paths)
    for folder in (False, True):
        found = [path for path in ignored if (path != "pioneer.lock") == folder]
        if not found:
            continue
        what = f"{SPLIT_FOLDER}/" if folder and found[0] == entry_path("x") else found[0]
        more = f" and {count(len(found) - 1, 'other file')}" if len(found) > 1 and what == found[0] else ""
        text = f"git ignores {what}{more}: other people and CI would build everything again"
        fix = f"git check-ignore -v {shell_word(found[0])}   # shows the line to remove"
        findings.append(DoctorFinding("git", "wrong", text, fix))
    untracked = [path for path in untracked_files(root, "pioneer.lock", SPLIT_FOLDER) if path in paths]
    if untracked:
        more = f" and {count(len(untracked) - 1, 'other file')} of the lock" if len(untracked) > 1 else ""
        isnt, it = ("aren't", "them") if more else ("isn't", "it")
        text = f"{untracked[0]}{more} {isnt} in git: `git commit --all` leaves {it} out, and CI would build {it} again"
        fix = "git add pioneer.lock" + (f" {SPLIT_FOLDER}" if len(paths) > 1 else "")
        findings.append(DoctorFinding("git", "note", text, fix))
    return findings

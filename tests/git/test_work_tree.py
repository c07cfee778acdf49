"""The index and the work tree, with the real git."""

from __future__ import annotations

import subprocess
from pathlib import Path

from pioneer_build.git.work_tree import ignored_files, staged
from tests.runner import git


def test_the_sides_of_a_merge(repository: Path) -> None:
    assert staged(repository, "pioneer.lock", 2) is None, "no merge, no sides"
    lock = repository / "pioneer.lock"
    git(repository, "switch", "-qc", "theirs")
    lock.write_bytes(b"theirs\xff\n")
    git(repository, "commit", "-qam", "theirs")
    git(repository, "switch", "-q", "main")
    lock.write_bytes(b"ours\r\n")
    git(repository, "commit", "-qam", "ours")
    subprocess.run(["git", "merge", "-q", "theirs"], cwd=repository, check=False, capture_output=True)
    sides = (staged(repository, lock.name, 1), staged(repository, lock.name, 2), staged(repository, lock.name, 3))
    assert sides == (b"one\r\n\x00", b"ours\r\n", b"theirs\xff\n")
    assert staged(repository, "other", 2) is None
    git(repository, "add", "pioneer.lock")
    assert staged(repository, "pioneer.lock", 3) is None, "what is resolved has no sides"


def test_what_is_ignored(repository: Path) -> None:
    (repository / ".gitignore").write_text("plan.json\n")
    assert ignored_files(repository, ["pioneer.yaml", "plan.json"]) == ["plan.json"]

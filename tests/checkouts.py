"""Repositories for tests of what a sparse checkout leaves out. With the real git."""

from __future__ import annotations

from pathlib import Path

from tests.runner import git

#: A submodule is cloned from a folder, which git allows only if it is told to.
LOCAL = ("-c", "protocol.file.allow=always")


def put(folder: Path, *names: str) -> None:
    """Writes files, each of which has its own name in it."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"{name}\n")


def commit(folder: Path) -> None:
    """Commits everything that is there."""
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "x")


def repository_with_submodule(
    top: Path, names: tuple[str, ...], submodule: str, names_in_it: tuple[str, ...]
) -> Path:  # fmt: skip
    """A repository at `top` with these files, and with a submodule in the folder `submodule`."""
    other = top.parent / "other"
    for folder, files in ((other, names_in_it), (top, names)):
        folder.mkdir()
        git(folder, "init", "-q")
        put(folder, *files)
    commit(other)
    git(top, *LOCAL, "submodule", "--quiet", "add", str(other), submodule)
    commit(top)
    return top

"""A repository that comes from anywhere: its configuration runs nothing, and git doesn't have the key.

Each of these repositories would create a file with one of git's ordinary commands; the first test shows that it does.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pioneer_build.git import program
from pioneer_build.git.driver import driver_of, merges_with_driver
from pioneer_build.git.program import command_line, environment, run
from pioneer_build.git.repository import is_in_repository
from pioneer_build.git.revisions import commit_of, file_at, merged_commits
from pioneer_build.git.work_tree import ignored_files, staged
from tests.runner import git

if TYPE_CHECKING:
    from collections.abc import Callable

#: Settings of a hostile repository, `EVIL` being a program of its own, and a command that runs it.
SETTINGS = {
    "fsmonitor": ({"core.fsmonitor": "EVIL"}, ("ls-files", "-m")),
    "hooks": ({"core.hooksPath": "HOOKS"}, ("checkout", "-q", "HEAD")),
    "pager": ({"core.pager": "EVIL", "pager.log": "EVIL"}, None),
    "external diff": ({"diff.external": "EVIL"}, ("diff",)),
    "external diff of a kind": ({"diff.x.command": "EVIL"}, ("diff",)),
    "text conversion": ({"diff.x.textconv": "EVIL"}, ("diff",)),
    "clean filter": ({"filter.x.clean": "EVIL"}, ("status",)),
    "process filter": ({"filter.x.process": "EVIL"}, ("status",)),
    "smudge filter": ({"filter.x.smudge": "EVIL"}, ("checkout", "-q", "HEAD", "--", "other")),
    "alternate refs": ({"core.alternateRefsCommand": "EVIL"}, None),
    "pack objects": ({"uploadpack.packObjectsHook": "EVIL"}, None),
    "ssh": ({"core.sshCommand": "EVIL", "remote.origin.url": "ssh://h.invalid/x"}, ("fetch", "-q", "origin")),
    "signatures": ({"log.showSignature": "true", "gpg.program": "EVIL"}, ("log", "-1")),
    "alias": ({"alias.rev-parse": "!EVIL", "alias.x": "!EVIL"}, ("x",)),
    "editor": ({"core.editor": "EVIL"}, None),
}  # fmt: skip


def hostile(folder: Path, settings: dict[str, str]) -> tuple[Path, Path]:
    """A repository with these settings, and the file that is there if a program of it ran."""
    root, ran = folder / "repo", folder / "ran"
    hooks = folder / "hooks"
    hooks.mkdir(parents=True)
    evil = folder / "evil"
    evil.write_text(f"#!/bin/sh\nenv >{ran}\nexit 1\n")
    evil.chmod(0o755)
    for name in ("post-checkout", "pre-commit", "post-index-change", "reference-transaction"):
        (hooks / name).write_text(evil.read_text())
        (hooks / name).chmod(0o755)
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    for name in ("pioneer.lock", "other"):
        (root / name).write_text("one\n")
    (root / ".gitattributes").write_text("* diff=x filter=x merge=pioneer-lock\n")
    git(root, "add", ".")
    git(root, "commit", "-qm", "one")
    signed = git(root, "cat-file", "commit", "HEAD").replace(
        "\n\none", "\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\none"
    )
    made = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin"], cwd=root, input=signed + "\n", text=True,
        capture_output=True, check=True,
    )  # fmt: skip
    git(root, "update-ref", "HEAD", made.stdout.strip())
    for name, value in settings.items():
        git(root, "config", name, value.replace("EVIL", str(evil)).replace("HOOKS", str(hooks)))
    (root / "pioneer.lock").write_text("two\n")
    return root, ran


@pytest.mark.parametrize("name", [name for name, (_, command) in SETTINGS.items() if command])
def test_these_repositories_run_what_they_like(tmp_path: Path, name: str) -> None:
    settings, command = SETTINGS[name]
    root, ran = hostile(tmp_path, settings)
    assert command is not None
    (root / "other").write_text("two\n")
    subprocess.run(["git", *command], cwd=root, capture_output=True, stdin=subprocess.DEVNULL, timeout=20)
    assert ran.exists()


ASKS: dict[str, Callable[[Path], object]] = {
    "commit_of": lambda root: commit_of(root, "HEAD"),
    "file_at": lambda root: file_at(root, "pioneer.lock", commit_of(root, "main")),
    "staged": lambda root: staged(root, "pioneer.lock", 2),
    "merged_commits": merged_commits,
    "is_in_repository": is_in_repository,
    "driver_of": driver_of,
    "merges_with_driver": merges_with_driver,
    "ignored_files": lambda root: ignored_files(root, ["pioneer.lock"]),
    "log": lambda root: run(root, "log", "-p", "--format=%H"),
    "show": lambda root: run(root, "show", "HEAD"),
    "ls-files": lambda root: run(root, "ls-files", "-d", "-o", "-c"),
    "ls-files --eol": lambda root: run(root, "--literal-pathspecs", "ls-files", "--eol"),
    "rev-list": lambda root: run(root, "rev-list", "--all", "--objects"),
    "rev-list of other places": lambda root: run(root, "rev-list", "--alternate-refs"),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_hostile_repository_runs_nothing(tmp_path: Path, name: str) -> None:
    root, ran = hostile(tmp_path, SETTINGS[name][0])
    for what, ask in ASKS.items():
        ask(root)
        assert not ran.exists(), what
    assert commit_of(root, "HEAD") == git(root, "rev-parse", "HEAD")


def test_programs_of_the_environment_are_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, ran = hostile(tmp_path, {})
    for name in ("GIT_EXTERNAL_DIFF", "GIT_PAGER", "GIT_SSH_COMMAND", "GIT_EDITOR"):
        monkeypatch.setenv(name, str(tmp_path / "evil"))
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", f"'core.fsmonitor'='{tmp_path / 'evil'}'")
    for what, ask in ASKS.items():
        ask(root)
        assert not ran.exists(), what


def test_a_bare_repository_inside_of_another_is_none(tmp_path: Path) -> None:
    """A clone may contain a folder that looks like a repository, with a configuration of its own."""
    outer, ran = hostile(tmp_path, {})
    inner = outer / "data"
    git(outer, "clone", "-q", "--bare", ".", str(inner))
    git(inner, "config", "core.fsmonitor", str(tmp_path / "evil"))
    (inner / "pioneer.lock").write_text("one\n")
    assert not is_in_repository(inner)
    assert not ran.exists()


def test_git_does_not_have_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, _ = hostile(tmp_path, {})
    for name in ("PIONEER_API_KEY", "FASTINO_API_KEY", "PIONEER_SERVE_KEY"):
        monkeypatch.setenv(name, "pio_sk_never")
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nenv >{tmp_path}/environ\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    is_in_repository(root)
    assert "PATH=" in (tmp_path / "environ").read_text()
    assert "pio_sk_never" not in (tmp_path / "environ").read_text()


@pytest.mark.parametrize(
    "command",
    ["status", "diff", "checkout", "stash", "blame", "grep", "archive", "x", "ls-files -m", "cat-file --filters"],
)
def test_commands_that_run_filters_are_not_called(command: str) -> None:
    with pytest.raises(ValueError, match=f"git {command.split()[0]} may run"):
        command_line(*command.split(), "HEAD")


def test_every_call_of_git_goes_through_one_place() -> None:
    folder = Path(program.__file__).parent
    source = "".join(path.read_text() for path in folder.glob("*.py"))
    assert source.count('"git"') == source.count('return ["git",') == 1
    assert source.count("os.environ") == 1
    assert environment()["GIT_TERMINAL_PROMPT"] == "0"

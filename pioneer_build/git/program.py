"""Runs git so that it runs no other program, whatever a repository's configuration says, and asks nobody for anything.

Reading runs no hooks, filters or text conversion, and fetches nothing. What git prints is read by this program, so no
setting or variable changes its form.
"""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Final

from pioneer_build.errors import PioneerError
from pioneer_build.git.kept_files import fault_of, would_wait_for
from pioneer_build.git.places import explicit_places
from pioneer_build.keys import without_keys

if TYPE_CHECKING:
    from pathlib import Path

#: No prompts, no lock files for speed alone, no fetching of objects that a partial clone lacks (git before 2.45 doesn't
#: know that variable, but may use no protocol), messages in English.
_CALM: Final = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_PAGER": "cat",
    "LC_ALL": "C",
}
#: Variables that name programs for git to run. Nothing here needs one of them.
_PROGRAMS: Final = frozenset(
    {
        "GIT_ASKPASS", "GIT_EDITOR", "GIT_EXTERNAL_DIFF", "GIT_PROXY_COMMAND", "GIT_SEQUENCE_EDITOR", "GIT_SSH",
        "GIT_SSH_COMMAND", "SSH_ASKPASS",
    }
)  # fmt: skip
#: Variables that change what git prints, or what it takes a path for.
_FORMS: Final = frozenset(
    {
        "GIT_DIFF_OPTS", "GIT_GLOB_PATHSPECS", "GIT_ICASE_PATHSPECS", "GIT_LITERAL_PATHSPECS", "GIT_NOGLOB_PATHSPECS",
    }
)  # fmt: skip
#: Variables that begin like this make git print what it does.
_TRACES: Final = "GIT_TRACE"
#: Variables that name places. Git sets them for a hook, and with them a command in a folder of the work tree reads
#: other files than it says: the repository is found from the folder. `GIT_INDEX_FILE` is kept for `staged`.
_PLACES: Final = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_DIR", "GIT_GRAFT_FILE", "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE", "GIT_NAMESPACE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_QUARANTINE_PATH",
        "GIT_REPLACE_REF_BASE", "GIT_SHALLOW_FILE", "GIT_WORK_TREE",
    }
)  # fmt: skip
#: The configuration of a repository may name programs, and a repository may come from anywhere: for every kind of
#: program that the commands used here could run, a value that runs none.
_RUNS_NOTHING: Final = " ".join(
    f"'{setting}'"
    for setting in (
        "core.fsmonitor=false",
        "core.hooksPath=/dev/null",
        "core.pager=cat",
        "core.editor=false",
        "core.askPass=false",
        "core.sshCommand=false",
        "core.gitProxy=false",
        "core.alternateRefsCommand=true",
        "credential.helper=",
        "uploadpack.packObjectsHook=",
        "log.showSignature=false",
        "gpg.program=false",
        "gpg.ssh.program=false",
        "gpg.x509.program=false",
        "safe.bareRepository=explicit",
    )
)
#: A configuration may also change what is printed: in which encoding (of a format that has nothing but ids, too), how
#: names are quoted, colours, signatures, shortened ids, and the form of a comparison.
_PRINTS_PLAINLY: Final = " ".join(
    f"'{setting}'"
    for setting in (
        "i18n.logOutputEncoding=UTF-8",
        "i18n.commitEncoding=UTF-8",
        "core.quotePath=false",
        "core.abbrev=auto",
        "core.warnAmbiguousRefs=true",
        "color.ui=never",
        "color.diff=never",
        "column.ui=never",
        "log.abbrevCommit=false",
        "log.date=default",
        "log.decorate=no",
        "log.follow=false",
        "log.mailmap=false",
        "log.showRoot=true",
        "format.pretty=medium",
        "diff.colorMoved=no",
        "diff.context=3",
        "diff.interHunkContext=0",
        "diff.mnemonicPrefix=false",
        "diff.noprefix=false",
        "diff.relative=false",
        "diff.renames=true",
        "diff.submodule=short",
        "diff.suppressBlankEmpty=false",
        "diff.wsErrorHighlight=none",
    )
)
#: Commands that compare, and what keeps them from external programs.
_COMPARES: Final = frozenset({"diff-tree", "log", "show"})
_COMPARES_PLAINLY: Final = ("--no-ext-diff", "--no-textconv")
#: Commands that run no filter of a repository. Others (`status`, `diff`) would, for any file that changed.
_READS: Final = frozenset(
    {
        "--version", "cat-file", "check-attr", "check-ignore", "config", "for-each-ref", "ls-files", "ls-tree",
        "merge-base", "name-rev", "rev-list", "rev-parse", "symbolic-ref",
    }
)  # fmt: skip
#: Options with which they would.
_FILTERS: Final = frozenset({"-m", "--modified", "--filters", "--textconv", "--ext-diff", "--show-signature"})
#: Seconds after which a silent git is stopped: a network folder that hangs must not hang this tool.
TIMEOUT: Final = 60.0
#: Said of a git that doesn't know an option, and how git begins its own words about it.
NEWER_GIT: Final = "a newer git is needed"
_UNKNOWN: Final = ("unknown option", "unknown switch", "unrecognized argument", "usage:")


def version() -> str | None:
    """The version of git; `None` if git is not installed."""
    said = answer(None, "--version")
    return said.removeprefix("git version ") if said else None


def run(
    folder: Path | None, *arguments: str, typed: bytes = b"", index: bool = False
) -> subprocess.CompletedProcess[bytes]:
    """Runs git in `folder`, or in the current folder.

    Args:
        folder: the folder.
        arguments: git's.
        typed: its standard input.
        index: whether it reads the index that `GIT_INDEX_FILE` names, if any.

    Raises:
        PioneerError: git is not installed, can't be run, or would wait for a file without end.
    """
    with start(folder, *arguments, typed=subprocess.PIPE, errors=subprocess.PIPE, index=index) as process:
        try:
            output, errors = process.communicate(typed, timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            end(process)
            raise PioneerError(f"git {arguments[0]} didn't finish within {TIMEOUT:.0f} s") from None
        except BaseException:
            end(process)
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


def start(
    folder: Path | None, *arguments: str, typed: int | IO[bytes], errors: int | IO[bytes], index: bool = False
) -> subprocess.Popen[bytes]:
    """Starts git in a session of its own, in `folder` or the current folder. `end` must follow, unless it ends itself.

    Args:
        folder: the folder.
        arguments: git's.
        typed: its standard input: a file, or `subprocess.PIPE`. Its output is a pipe.
        errors: its standard error, likewise.
        index: whether it reads the index that `GIT_INDEX_FILE` names, if any.

    Raises:
        PioneerError: git is not installed, can't be run, or would wait for a file without end.
    """
    if folder is not None:
        _check_waits_for_nothing(folder)
    try:
        return subprocess.Popen(  # noqa: S603 - a list, no shell
            command_line(*arguments),
            cwd=folder,
            env=environment(folder, index=index),
            stdin=typed,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
    except FileNotFoundError:
        raise PioneerError("git is not installed", hint="install git: it is needed to read earlier states") from None
    except OSError as error:
        raise PioneerError(f"git can't be run: {error.strerror}") from None


def end(process: subprocess.Popen[bytes]) -> None:
    """Kills a git that has a session of its own, with all that it started, also if only those are left.

    It hasn't been waited for: until then, no other process gets its number.
    """
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def _check_waits_for_nothing(folder: Path) -> None:
    """Raises `PioneerError` if a file that git reads in `folder` is a pipe or a device, or may name one."""
    if (path := would_wait_for(folder)) is not None:
        hint = "replace it by a file, or clone the repository again"
        raise PioneerError(f"git is not run: {path} {fault_of(path)}", hint=hint)


def command_line(*arguments: str) -> list[str]:
    """The command line of git, if with `environment` it runs no other program, whatever a repository says.

    Raises:
        ValueError: of this command that can't be said (`git status` runs filters of the repository, for example).
    """
    place = next((i for i, word in enumerate(arguments) if not word.startswith("--") or word == "--version"), 0)
    command = arguments[place]
    if (command not in _READS and command not in _COMPARES) or _FILTERS & set(arguments):
        raise ValueError(f"git {command} may run what a repository's configuration says")
    plainly = _COMPARES_PLAINLY if command in _COMPARES else ()
    return ["git", *arguments[: place + 1], *plainly, *arguments[place + 1 :]]


def environment(folder: Path | None = None, *, index: bool = False) -> dict[str, str]:
    """The environment of git: without keys, prompts, programs, and places that aren't those of `folder`.

    Args:
        folder: the folder in which git runs.
        index: whether `GIT_INDEX_FILE` counts.
    """
    left_out = _PROGRAMS | _FORMS | (_PLACES - {"GIT_INDEX_FILE"} if index else _PLACES)
    environ = {
        name: value
        for name, value in without_keys(os.environ).items()
        if name not in left_out and not name.startswith(_TRACES)
    }
    if folder is not None:
        environ |= explicit_places(folder)
    # what `git -c` sets; the last value of a setting counts
    given = environ.get("GIT_CONFIG_PARAMETERS", "")
    environ["GIT_CONFIG_PARAMETERS"] = f"{given} {_RUNS_NOTHING} {_PRINTS_PLAINLY}".strip()
    return environ | _CALM


def answer(folder: Path | None, *arguments: str) -> str | None:
    """The output of git, stripped; "" if it fails, `None` if it can't be run."""
    try:
        done = run(folder, *arguments)
    except PioneerError:
        return None
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else ""


def complaint_of(done: subprocess.CompletedProcess[bytes]) -> str:
    return " ".join(done.stderr.decode("utf-8", "replace").split())[:200] or f"exit code {done.returncode}"


def last_words(errors: bytes) -> str:
    """The line that says why git ended: the last one, unless what follows are instructions for use."""
    lines = [" ".join(line.split())[:200] for line in errors.decode("utf-8", "replace").splitlines() if line.strip()]
    unknown = next((line for line in lines if any(word in line for word in _UNKNOWN)), None)
    return f"{unknown}: {NEWER_GIT}" if unknown is not None else "".join(lines[-1:])

"""Runs git: files at revisions, both sides of a merge, and the merge driver for `pioneer.lock`.

Reading runs no hooks, filters or text conversion, and fetches nothing. The name of a revision comes from a command line
or a CI variable, so it is never passed as an option: git gets the id of the commit, and the name itself only after
`--end-of-options`.

The configuration of a clone is never in the repository, so each clone sets up the driver once: `init` does it.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from pioneer_build.errors import PioneerError, UsageError
from pioneer_build.keys import without_keys
from pioneer_build.wording import shell_word

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

#: The name that `.gitattributes` gives the driver.
DRIVER_NAME: Final = "pioneer-lock"
#: If the program isn't on the PATH of the person who merges, git's own merge leaves conflict markers, which a plan
#: reads.
DRIVER: Final = (
    "if command -v pioneer-build >/dev/null; then pioneer-build merge-lock %O %A %B %P; "
    "else git merge-file -L ours -L base -L theirs %A %O %B; fi"
)
#: What earlier versions configured: without the path, the file of a dataset in a split lock could get another one's.
_EARLIER_DRIVERS: Final = (DRIVER.replace(" %P", ""), "pioneer-build merge-lock %O %A %B")
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
_TIMEOUT: Final = 60.0

#: What git's index calls the three sides of a merge (gitrevisions(7)).
Stage: TypeAlias = Literal[1, 2, 3]


# -- files at revisions --------------------------------------------------------------------------------------------


def commit_of(folder: Path, revision: str) -> str:
    """The id of the commit that `revision` names in the repository that `folder` is in.

    Args:
        folder: a folder of the work tree.
        revision: a branch, tag, id, `HEAD~3` or whatever gitrevisions(7) allows for one commit.

    Raises:
        UsageError: it can't be the name of a revision.
        PioneerError: git is not installed, or there is no repository, or no such commit.
    """
    if not revision or revision.startswith("-") or "\0" in revision or "\n" in revision:
        raise UsageError(f"{revision!r} is not a git revision", hint="pass a branch, a tag or a commit")
    done = _run(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    # old versions of git print the option itself, too
    commit = done.stdout.decode("ascii", "replace").split()[-1:] if done.returncode == 0 else []
    if commit and len(commit[0]) in (40, 64) and set(commit[0]) <= set("0123456789abcdef"):
        return commit[0]
    raise _no_commit(folder, revision)


def file_at(folder: Path, name: str, commit: str) -> bytes | None:
    """The bytes of the file `name` in `folder` at `commit`; `None` if the commit doesn't have it.

    Args:
        folder: a folder of the work tree.
        name: a file's name, without a folder.
        commit: an id, as returned by `commit_of`.

    Raises:
        PioneerError: git can't read it.
    """
    blob = _listed_at(folder, name, commit)
    if blob is None:
        return None
    read = _run(folder, "cat-file", "blob", blob)
    if read.returncode != 0:
        raise PioneerError(f"git can't read {name} at {commit[:12]}: {_complaint(read)}")
    return read.stdout


def files_at(folder: Path, below: str, commit: str) -> dict[str, bytes]:
    """The bytes of all files directly in the folder `below` at `commit`, by name; empty if there is no such folder.

    Links are passed over.

    Args:
        folder: a folder of the work tree.
        below: the name of a folder in it.
        commit: an id, as returned by `commit_of`.

    Raises:
        PioneerError: git can't read them.
    """
    tree = _listed_at(folder, below, commit, "tree")
    if tree is None:
        return {}
    listed = _run(folder, "ls-tree", "-z", "--full-tree", tree)
    if listed.returncode != 0:
        raise PioneerError(f"git can't read {below} at {commit[:12]}: {_complaint(listed)}")
    blobs: dict[str, str] = {}
    for line in os.fsdecode(listed.stdout).split("\0")[:-1]:
        about, _, name = line.partition("\t")
        mode, kind, blob = about.split(" ")
        if kind == "blob" and mode != "120000":
            blobs[name] = blob
    found: dict[str, bytes] = {}
    for name, data in zip(blobs, contents(folder, tuple(blobs.values())), strict=True):
        if data is None:
            raise PioneerError(f"git can't read {below}/{name} at {commit[:12]}: this clone doesn't have it")
        found[name] = data
    return found


def _listed_at(folder: Path, name: str, commit: str, kind: str | None = None) -> str | None:
    """The id of what has this name in `folder` at `commit`; `None` if the commit has nothing of this name and kind.

    Args:
        folder: a folder of the work tree.
        name: of the file or folder, without a folder.
        commit: an id.
        kind: `blob` or `tree`; by default, either.

    Raises:
        PioneerError: git can't read the folder, so it isn't known.
    """
    listed = _run(folder, "ls-tree", "-z", commit, "--", f"./{name}")
    if listed.returncode != 0:
        raise PioneerError(f"git can't read {name} at {commit[:12]}: {_complaint(listed)}", hint="git fsck")
    about = os.fsdecode(listed.stdout).partition("\t")[0].split(" ")
    return about[2] if len(about) == 3 and kind in (None, about[1]) else None


def staged(folder: Path, name: str, stage: Stage) -> bytes | None:
    """The bytes of a file in git's index during a merge; `None` if there are none, or no git.

    Args:
        folder: a folder of the work tree.
        name: a file's path in it, with `/`.
        stage: 1 for the common ancestor, 2 for our side, 3 for theirs.
    """
    try:
        read = _run(folder, "cat-file", "blob", f":{stage}:./{name}", index=True)
    except PioneerError:
        return None
    return read.stdout if read.returncode == 0 else None


def merged_commits(folder: Path) -> tuple[str, str, str] | None:
    """If the commit that is checked out merges two others: the ids of their common ancestor, and of both.

    Args:
        folder: a folder of the work tree.

    Raises:
        PioneerError: git can't be run.
    """
    read = _run(folder, "rev-parse", "HEAD^1", "HEAD^2")
    if read.returncode != 0:  # there is no second one
        return None
    base = _run(folder, "merge-base", "HEAD^1", "HEAD^2")
    ids = [*base.stdout.decode("ascii", "replace").split()[:1], *read.stdout.decode("ascii", "replace").split()]
    return (ids[0], ids[1], ids[2]) if len(ids) == 3 else None


def commits_before(folder: Path, most: int) -> tuple[str, ...]:
    """The ids of at most `most` commits, from the one that is checked out back: first those of its own branch.

    Args:
        folder: a folder of the work tree.
        most: how many of its branch, and of others that were merged.

    Raises:
        PioneerError: git can't be run.
    """
    found: dict[str, None] = {}
    for which in (("--first-parent",), ()):
        listed = _run(folder, "rev-list", *which, f"--max-count={most}", "HEAD", "--")
        found |= dict.fromkeys(listed.stdout.decode("ascii", "replace").split())
    return tuple(found)


class AbsentFile(NamedTuple):
    """A file or submodule that git tracks, but that is not in the work tree on purpose.

    `path` is relative to the folder that was asked about, with `/`. `blob` is the id of its content; `None` for a
    submodule. The content of a link is where it leads.
    """

    path: str
    blob: str | None
    is_link: bool = False


def absent_files(folder: Path, *below: str) -> list[AbsentFile]:
    """What a sparse checkout left out below some folders, and the submodules there.

    Args:
        folder: a folder of the work tree.
        below: folders or files in it, relative, with `/`; they needn't exist.

    Raises:
        PioneerError: git doesn't say: it is not installed, refuses to read the repository, or its index is damaged.
    """
    listed = _run(folder, "--literal-pathspecs", "ls-files", "-z", "-t", "--stage", "--", *below)
    if listed.returncode != 0:
        raise PioneerError(_complaint(listed))
    if not listed.stdout and _words(folder, "rev-parse", "--verify", "--quiet", "HEAD"):
        index = _words(folder, "rev-parse", "--git-path", "index")
        if not index or not (folder / index).exists():  # git takes it for an empty one
            raise PioneerError("this clone has no index")
    found = []
    for line in os.fsdecode(listed.stdout).split("\0")[:-1]:
        about, _, path = line.partition("\t")
        tag, mode, blob, _stage = about.split(" ")
        if mode == "160000":
            found.append(AbsentFile(path, None))
        elif tag == "S":  # skip-worktree
            found.append(AbsentFile(path, blob, is_link=mode == "120000"))
    return found


def is_sparse(folder: Path) -> bool:
    """Whether the checkout that `folder` is in is sparse now."""
    return _words(folder, "config", "--bool", "--get", "core.sparseCheckout") == "true"


def unmerged_files(folder: Path, *below: str) -> list[str]:
    """The files of which git's index has both sides of a merge: relative to `folder`. None without git.

    Args:
        folder: a folder of the work tree.
        below: folders or files in it, relative, with `/`; they needn't exist.
    """
    try:
        listed = _run(folder, "--literal-pathspecs", "ls-files", "-z", "--unmerged", "--", *below, index=True)
    except PioneerError:
        return []
    stages: dict[str, set[str]] = {}
    for line in os.fsdecode(listed.stdout).split("\0")[:-1]:
        about, _, path = line.partition("\t")
        stages.setdefault(path, set()).add(about.split(" ")[-1])
    return [path for path, found in stages.items() if {"2", "3"} <= found]


def is_by_folders(folder: Path) -> bool:
    """Whether the sparse checkout that `folder` is in is one of whole folders ("cone mode")."""
    return _words(folder, "config", "--bool", "--get", "core.sparseCheckoutCone") == "true"


def contents(folder: Path, blobs: Sequence[str]) -> list[bytes | None]:
    """The bytes of some blobs; `None` for each that this clone doesn't have. Nothing is fetched.

    Args:
        folder: a folder of the work tree.
        blobs: their ids.
    """
    found = objects(folder, blobs, contents=True)
    return [one.data if isinstance(one, GitObject) and one.kind == "blob" else None for one in found]


def _no_commit(folder: Path, revision: str) -> PioneerError:
    if _run(folder, "rev-parse", "--git-dir").returncode != 0:
        return PioneerError(
            f"{folder} is not in a git repository",
            hint="run `git init` and commit pioneer.lock: diff compares revisions in git",
        )
    if ".." in revision:
        return PioneerError(f"'{revision}' is a range, not a commit", hint="pass two revisions: pioneer-build diff A B")
    if revision == "HEAD":
        return PioneerError("this repository has no commit yet", hint="commit specs and pioneer.lock first")
    shallow = _run(folder, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true"
    hint = "this clone is shallow: `git fetch --unshallow` (in a workflow: `fetch-depth: 0`)" if shallow else None
    log = "`git log --oneline -- pioneer.lock` lists the commits of the lock"
    return PioneerError(f"git can't find the commit '{revision}'", hint=hint or log)


# -- everything that a clone can reach -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GitObject:
    """An object of a repository. `data` is empty if only its size was asked.

    `kind` is `blob`, `tree` or `commit`; or `nowhere` for a link that leads to nothing in its commit, without an `id`.
    """

    id: str
    kind: str
    size: int
    data: bytes = b""


class Unreadable(NamedTuple):
    """What stands for an object that git can't read: this clone doesn't have it, or it is damaged, or git itself fails.

    `why` is what git says; empty if it only says that the object is missing.
    """

    why: str


class ReachableCommit(NamedTuple):
    """A commit, and the tree at the top of its files: their ids."""

    id: str
    tree: str


#: What git is doing right now: the other side of a merge (of several, for an octopus), what is picked, reverted or
#: rebased. It needs to be on no branch: `git pull URL BRANCH`, which hosting services recommend for forks.
_UNDER_WAY: Final = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "REBASE_HEAD")
#: What it did before: nothing keeps their commits from being removed.
_BEFORE: Final = ("FETCH_HEAD", "ORIG_HEAD")
#: Said of a git that doesn't know an option, and how git begins its own words about it.
NEWER_GIT: Final = "a newer git is needed"
_UNKNOWN: Final = ("unknown option", "unknown switch", "unrecognized argument", "usage:")
#: A fetch of everything lists each branch of the remote.
_MOST_LISTED: Final = 4 * 1024 * 1024


class ReachableCommits(NamedTuple):
    """Commits, newest first. `problem` says why there may be more; `None` if these are all."""

    commits: tuple[ReachableCommit, ...]
    problem: PioneerError | None = None


def reachable_commits(folder: Path, most: int) -> ReachableCommits:
    """At most `most` commits, newest first: of all refs (branches, tags, what was fetched) and reflogs.

    Those that a merge, pick, revert or rebase is at, and that were fetched last, are among them. There are none if
    `folder` is not in a repository. Nothing is fetched: in a shallow clone they end where it ends.

    Raises:
        PioneerError: there is a repository, but git can't read it, or is not installed.
    """
    if (problem := repository_problem(folder)) is not None:
        raise problem
    if not _is_below_repository(folder):
        return ReachableCommits(())
    tips = _tips(folder)
    done = _list_commits(folder, most, [one for ids in tips.values() for one in ids])
    problem = None
    if done.returncode != 0:  # what was fetched once may be gone in part
        now = [one for name, ids in tips.items() if name not in _BEFORE for one in ids]
        done = _list_commits(folder, most, now)
        if done.returncode != 0:
            said = _last_words(done.stderr) or f"exit code {done.returncode}"
            problem = PioneerError(
                f"git can't list all commits: {said}", hint=None if NEWER_GIT in said else "git fsck"
            )
            done = _list_commits(folder, most, now, "--ignore-missing")  # but all others
        if done.returncode != 0 and problem is not None:
            raise problem
    words = [line.split() for line in done.stdout.decode("ascii", "replace").splitlines()]
    return ReachableCommits(
        tuple(ReachableCommit(*line) for line in words if len(line) == 2 and line[0] != "commit"), problem
    )


def _list_commits(folder: Path, most: int, tips: Sequence[str], *options: str) -> subprocess.CompletedProcess[bytes]:
    # no commit before one that was made from it, whatever the clocks of their authors said
    refs = ("--date-order", "--all", "--reflog", "--stdin")
    typed = "".join(f"{one}\n" for one in tips).encode()
    return _run(folder, "rev-list", f"--max-count={most}", "--format=%H %T", *options, *refs, typed=typed)


def _tips(folder: Path) -> dict[str, tuple[str, ...]]:
    """The commits that HEAD, and whatever git notes of its work outside of branches, name: those that are there."""
    named = {name: [name] for name in ("HEAD", *_UNDER_WAY, *_BEFORE)}
    for name in ("MERGE_HEAD", "FETCH_HEAD"):  # as a revision, only their first line counts
        said = _words(folder, "rev-parse", "--git-path", name)
        lines = _head_of(folder / said) if said else []
        named[name] += [
            word for word in (line[:64].split(b"\t")[0].decode("ascii", "replace") for line in lines) if word
        ]
    asked = [(name, one) for name, ones in named.items() for one in dict.fromkeys(ones)]
    found: dict[str, dict[str, None]] = {name: {} for name in named}
    items = objects(folder, [f"{one}^{{commit}}" for _, one in asked], contents=False)
    for (name, _), item in zip(asked, items, strict=True):
        if isinstance(item, GitObject):
            found[name][item.id] = None
    return {name: tuple(ids) for name, ids in found.items()}


def _head_of(file: Path) -> list[bytes]:
    try:
        with file.open("rb") as stream:
            return stream.read(_MOST_LISTED).splitlines()
    except OSError:
        return []


def folder_in_repository(folder: Path) -> tuple[str, ...]:
    """The names of the folders that lead to `folder` from the top of its work tree."""
    said = _run(folder, "rev-parse", "--show-prefix").stdout
    return tuple(os.fsdecode(said).rstrip("\n").split("/")[:-1])


def is_shallow(folder: Path) -> bool:
    """Whether the clone lacks commits (`git clone --depth`)."""
    return _words(folder, "rev-parse", "--is-shallow-repository") == "true"


def is_partial(folder: Path) -> bool:
    """Whether the clone may lack files of its commits (`git clone --filter`)."""
    return bool(_words(folder, "config", "--get-regexp", r"^remote\..*\.promisor$"))


def objects(
    folder: Path, names: Sequence[str], *, contents: bool, follow_links: bool = False
) -> Iterator[GitObject | Unreadable]:
    """The objects with these names: for each name one, in this order.

    All are read by one process, so thousands take a fraction of a second. After too many objects at which git gives up
    (damaged ones, or those that a partial clone lacks), all others count as unreadable.

    Args:
        folder: a folder of the work tree.
        names: ids, or places like `COMMIT:./pioneer.lock`; without line feeds.
        contents: whether to read the data, or only kind and size.
        follow_links: whether a place that is a symbolic link is what it leads to in the same commit; otherwise it is
            the text of the link. Only for places.
    """
    done, why = 0, ""
    how = ("--batch" if contents else "--batch-check", *(("--follow-symlinks",) if follow_links else ()))
    for _ in range(_MOST_RESTARTS):
        if done >= len(names):
            return
        complaint: list[str] = []
        for found in _read_objects(folder, names[done:], how, complaint):
            done += 1
            yield found
        why = "".join(complaint)
        if done >= len(names):
            return
        done += 1  # git gave up at this one
        yield Unreadable(why)
        if NEWER_GIT in why:
            break
    for _ in names[done:]:
        yield Unreadable(why)


def branch_with(folder: Path, commit: str) -> str | None:
    """A branch that has `commit`: a local one, else a remote-tracking one, else a tag; `None` if none of them has it.

    Args:
        folder: a folder of the work tree.
        commit: an id, as returned by `reachable_commits`.
    """
    for place in ("refs/heads/", "refs/remotes/", "refs/tags/"):
        said = _words(folder, "for-each-ref", "--count=2", f"--contains={commit}", "--format=%(refname)", place)
        names = [line.removeprefix(place) for line in (said or "").splitlines()]
        if named := [name for name in names if not name.endswith("/HEAD")]:
            return named[0]
    return None


def work_with(folder: Path, commit: str) -> str | None:
    """What git is doing, or did last, with `commit` or something that follows it: `MERGE_HEAD`, for example.

    Args:
        folder: a folder of the work tree.
        commit: an id, as returned by `reachable_commits`.
    """
    for name, ids in _tips(folder).items():
        if name not in ("HEAD", "ORIG_HEAD") and any(
            _run(folder, "merge-base", "--is-ancestor", commit, one).returncode == 0 for one in ids[:_MOST_ASKED]
        ):
            return name
    return None


#: So many of the branches that were fetched last are asked whether they have a commit.
_MOST_ASKED: Final = 20
#: How often reading goes on after an object that can't be read.
_MOST_RESTARTS: Final = 20
#: What `cat-file --follow-symlinks` says instead of the kind of an object, before a line with the path.
_NOWHERE: Final = frozenset({b"symlink", b"dangling", b"loop", b"notdir"})


def _read_objects(
    folder: Path, names: Sequence[str], how: Sequence[str], complaint: list[str]
) -> Iterator[GitObject | Unreadable]:
    """As `objects`, up to the first object at which git gives up.

    Args:
        folder: a folder of the work tree.
        names: of the objects.
        how: options of `cat-file`.
        complaint: gets what git says when it gives up.
    """
    import tempfile  # not for a command that reads a single file
    import threading

    with tempfile.TemporaryFile() as listed, tempfile.TemporaryFile() as errors:
        listed.write("".join(f"{name}\n" for name in names).encode("utf-8", "surrogateescape"))
        listed.seek(0)
        try:
            process = subprocess.Popen(  # noqa: S603 - a list, no shell
                command_line("cat-file", *how),
                cwd=folder,
                env=environment(folder),
                stdin=listed,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        except OSError as error:
            complaint.append(error.strerror or str(error))
            return
        assert process.stdout is not None
        watch = threading.Timer(_TIMEOUT, process.kill)
        watch.start()
        try:
            yield from _parse_objects(process.stdout, contents="--batch" in how)
        finally:
            watch.cancel()
            process.kill()
            process.stdout.close()
            process.wait()
            errors.seek(0)
            complaint.append(_last_words(errors.read(_MOST_LISTED)) or f"exit code {process.returncode}")


def _parse_objects(answers: IO[bytes], *, contents: bool) -> Iterator[GitObject | Unreadable]:
    while line := answers.readline():
        words = line.split()
        if len(words) == 2 and words[0] in _NOWHERE and words[1].isdigit():
            answers.read(int(words[1]) + 1)
            yield GitObject("", "nowhere", 0)
            continue
        if words[-1:] == [b"missing"] or len(words) != 3 or not words[2].isdigit():
            yield Unreadable("")
            continue
        size = int(words[2])
        data = answers.read(size + 1)[:-1] if contents else b""
        if contents and len(data) != size:
            return
        yield GitObject(words[0].decode("ascii"), words[1].decode("ascii"), size, data)


# -- the merge driver ----------------------------------------------------------------------------------------------


def is_in_repository(folder: Path) -> bool | None:
    """Whether `folder` is in the work tree of a git repository; `None` if git is not installed."""
    found = _words(folder, "rev-parse", "--is-inside-work-tree")
    return None if found is None else found == "true"


def repository_problem(folder: Path) -> PioneerError | None:
    """What keeps git from reading the repository that `folder` is in; `None` if nothing does, or there is none.

    The message says it in words, and the hint is a command.
    """
    if not _is_below_repository(folder):
        if not os.getenv("GIT_DIR"):
            return None
        message = "GIT_DIR is set, but not GIT_WORK_TREE to a folder that contains the project"
        return PioneerError(message, hint='export GIT_WORK_TREE="$PWD"   # at the top of the work tree')
    try:
        done = _run(folder, "rev-parse", "--git-dir")
    except PioneerError as error:
        missing = "not installed" in error.message
        return PioneerError(error.message, hint="install git" if missing else "git rev-parse --git-dir")
    if done.returncode == 0:
        return None
    if b"dubious ownership" in done.stderr or b"unsafe repository" in done.stderr:
        owned = next(one for one in _ancestors(folder) if os.path.lexists(one / ".git"))
        message = f"the repository {owned} belongs to another user, so git doesn't read it"
        return PioneerError(message, hint=f"git config --global --add safe.directory {shell_word(str(owned))}")
    if b"GIT_DISCOVERY_ACROSS_FILESYSTEM" in done.stderr:
        message = f"{folder} is a mount of its own, and git doesn't look for a repository above it"
        return PioneerError(message, hint="export GIT_DISCOVERY_ACROSS_FILESYSTEM=1")
    return PioneerError(f"git can't read the repository: {_complaint(done)}", hint="git rev-parse --git-dir")


def _is_below_repository(folder: Path) -> bool:
    """Whether there is a repository around `folder`, readable or not: git is not asked."""
    return bool(_explicit_places(folder)) or any(os.path.lexists(one / ".git") for one in _ancestors(folder))


def _ancestors(folder: Path) -> tuple[Path, ...]:
    resolved = folder.resolve()
    return resolved, *resolved.parents


def driver_of(folder: Path) -> str | None:
    """The merge driver that is configured in the clone; `None` if there is none."""
    return _words(folder, "config", "--get", f"merge.{DRIVER_NAME}.driver") or None


def set_driver(folder: Path) -> bool:
    """Configures the merge driver in this clone if none, or an earlier one of ours, is. Returns whether one is now."""
    if driver_of(folder) not in (None, *_EARLIER_DRIVERS):
        return True
    _words(folder, "config", f"merge.{DRIVER_NAME}.name", "pioneer.lock: per dataset, no job is lost")
    _words(folder, "config", f"merge.{DRIVER_NAME}.driver", DRIVER)
    return driver_of(folder) is not None


def merges_with_driver(folder: Path, path: str = "pioneer.lock") -> bool:
    """Whether git's attributes set the driver for the file at `path` in `folder`."""
    said = _words(folder, "check-attr", "merge", "--", path) or ""
    return said.endswith(f": {DRIVER_NAME}")


def is_ignored(folder: Path, name: str) -> bool:
    """Whether git ignores the file."""
    return _words(folder, "check-ignore", "--", name) == name


def ignored_files(folder: Path, paths: Sequence[str]) -> list[str]:
    """Those of some files that git ignores, and doesn't track. None without git or a repository.

    Args:
        folder: a folder of the work tree.
        paths: the files, relative to it; they needn't exist.
    """
    typed = b"".join(os.fsencode(path) + b"\0" for path in paths)
    try:
        said = _run(folder, "check-ignore", "-z", "--stdin", typed=typed)
    except PioneerError:
        return []
    return os.fsdecode(said.stdout).split("\0")[:-1]


def untracked_files(folder: Path, *below: str) -> list[str]:
    """The files that git neither tracks nor ignores, relative to `folder`. None without git or a repository.

    Args:
        folder: a folder of the work tree.
        below: folders or files in it, relative, with `/`; they needn't exist.
    """
    try:
        listed = _run(
            folder, "--literal-pathspecs", "ls-files", "-z", "--others", "--exclude-standard", "--", *below, index=True
        )
    except PioneerError:
        return []
    return os.fsdecode(listed.stdout).split("\0")[:-1]


def converts_line_ends(folder: Path, paths: Sequence[str]) -> list[str]:
    """Those of some files whose line ends git may convert, here or on a machine with `core.autocrlf`.

    Only files with the attribute `-text` (which `binary` sets) are never converted.

    Args:
        folder: a folder of the work tree.
        paths: the files, relative to it.
    """
    try:
        said = _run(
            folder, "check-attr", "-z", "--stdin", "text", typed=b"".join(os.fsencode(one) + b"\0" for one in paths)
        )
    except PioneerError:
        return []
    words = os.fsdecode(said.stdout).split("\0")
    return [path for path, value in zip(words[::3], words[2::3], strict=False) if value != "unset"]


def has_converted_line_ends(folder: Path, path: str) -> bool:
    """Whether the line ends of a file in the work tree are others than in the index, and git made them so.

    Args:
        folder: a folder of the work tree.
        path: the file, relative to it.
    """
    said = _words(folder, "--literal-pathspecs", "ls-files", "--eol", "--", path) or ""
    # "i/lf    w/crlf  attr/text=auto  \tpath"
    words = said.partition("\t")[0].split()
    return len(words) > 1 and words[0][:2] == "i/" and words[0][2:] != words[1][2:] and "attr/-text" not in words


def version() -> str | None:
    """The version of git; `None` if git is not installed."""
    said = _words(None, "--version")
    return said.removeprefix("git version ") if said else None


# -- the program ---------------------------------------------------------------------------------------------------


def _run(
    folder: Path | None, *arguments: str, typed: bytes = b"", index: bool = False
) -> subprocess.CompletedProcess[bytes]:
    """Runs git in `folder`, or in the current folder.

    Args:
        folder: the folder.
        arguments: git's.
        typed: its standard input.
        index: whether it reads the index that `GIT_INDEX_FILE` names, if any.

    Raises:
        PioneerError: git is not installed, or can't be run.
    """
    try:
        return subprocess.run(  # noqa: S603 - a list, no shell
            command_line(*arguments),
            cwd=folder,
            env=environment(folder, index=index),
            input=typed,
            capture_output=True,
            check=False,
            timeout=_TIMEOUT,
        )
    except FileNotFoundError:
        raise PioneerError("git is not installed", hint="install git: it is needed to read earlier states") from None
    except subprocess.TimeoutExpired:
        raise PioneerError(f"git {arguments[0]} didn't finish within {_TIMEOUT:.0f} s") from None
    except OSError as error:
        raise PioneerError(f"git can't be run: {error.strerror}") from None


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
    left_out = _PROGRAMS | (_PLACES - {"GIT_INDEX_FILE"} if index else _PLACES)
    environ = {name: value for name, value in without_keys(os.environ).items() if name not in left_out}
    if folder is not None:
        environ |= _explicit_places(folder)
    # what `git -c` sets; the last value of a setting counts
    environ["GIT_CONFIG_PARAMETERS"] = f"{environ.get('GIT_CONFIG_PARAMETERS', '')} {_RUNS_NOTHING}".strip()
    return environ | _CALM


def _explicit_places(folder: Path) -> dict[str, str]:
    """The variables of a repository whose work tree is elsewhere, if both are named and `folder` is in that work tree.

    They are relative to the current folder of this process, which isn't that of git.
    """
    named = {name: os.getenv(name, "") for name in ("GIT_DIR", "GIT_WORK_TREE")}
    if not all(named.values()):
        return {}
    places = {name: os.path.abspath(value) for name, value in named.items()}  # noqa: PTH100 - as git reads it
    return places if folder.resolve().is_relative_to(os.path.realpath(places["GIT_WORK_TREE"])) else {}


def _words(folder: Path | None, *arguments: str) -> str | None:
    """The output of git, stripped; "" if it fails, `None` if it can't be run."""
    try:
        done = _run(folder, *arguments)
    except PioneerError:
        return None
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else ""


def _complaint(done: subprocess.CompletedProcess[bytes]) -> str:
    return " ".join(done.stderr.decode("utf-8", "replace").split())[:200] or f"exit code {done.returncode}"


def _last_words(errors: bytes) -> str:
    """The line that says why git ended: the last one, unless what follows are instructions for use."""
    lines = [" ".join(line.split())[:200] for line in errors.decode("utf-8", "replace").splitlines() if line.strip()]
    unknown = next((line for line in lines if any(word in line for word in _UNKNOWN)), None)
    return f"{unknown}: {NEWER_GIT}" if unknown is not None else "".join(lines[-1:])

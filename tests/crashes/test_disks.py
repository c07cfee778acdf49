"""Disks that can't keep what is paid for: seen before the first request, or survived if they fail later."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.crashes.machine import Forked, Server, limit_files, write_spec
from tests.full_disk import NoMounts, filled_tmpfs, full_tmpfs, read_only_mount

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: What a process ends with that may not mount anything.
NO_MOUNTS = 77
NOBODY = 65534
TEXTS = 2500


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture
def machine(tmp_path: Path, server: Server) -> Forked:
    return Forked(tmp_path, server.url)


@pytest.fixture
def project(machine: Forked) -> Path:
    """A project with something to generate and something to label, and folders of the user that exist."""
    root = machine.checkout()
    write_spec(root, "made")
    lines = [json.dumps({"text": f"number {number} of some texts"}) for number in range(TEXTS)]
    (root / "specs" / "texts.jsonl").write_text("\n".join(lines) + "\n")
    write_spec(root, "labelled", more="inputs: {path: texts.jsonl, field: text}\n")
    for folder in PLACES.values():
        (machine.folder / folder).mkdir(parents=True, exist_ok=True)
    return root


PLACES = {
    "state": "home/.local/state/pioneer-build",
    "store": "home/.local/share/pioneer-build",
    "project": "project",
}


def paid(server: Server) -> list[tuple[str, Any]]:
    """The paid requests: their paths and bodies."""
    return [(target, json.loads(body)) for method, target, body in server.state()["seen"] if method == "POST"]


def billed(server: Server) -> list[str]:
    """All texts that were labelled, in order, as often as they were."""
    return [text for target, body in paid(server) if "label-existing" in target for text in body["inputs"]]


def mounting(mount: Callable[[], None]) -> Callable[[], None]:
    """Ends a process that may not mount."""

    def act() -> None:
        try:
            mount()
        except NoMounts:
            os._exit(NO_MOUNTS)

    return act


def ran(machine: Forked, root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = machine.run(root, *arguments)
    if done.returncode == NO_MOUNTS:
        pytest.skip("mounts aren't possible here")
    return done


def as_nobody() -> None:
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


# -- before anything is sent ---------------------------------------------------------------------------------------


def full(path: Path) -> None:
    full_tmpfs(path)
    if path.name == "project":  # what it had is below the mount
        (path / "specs").mkdir()
        write_spec(path, "made")


@pytest.mark.parametrize("place", PLACES)
def test_a_full_disk(machine: Forked, server: Server, project: Path, place: str) -> None:
    machine.prepare = mounting(partial(full, machine.folder / PLACES[place]))
    done = ran(machine, project, "apply", "--yes")
    assert (done.returncode, paid(server)) == (1, [])
    assert f"{machine.folder / PLACES[place]}" in done.stderr
    assert "No space left on device" in done.stderr
    assert "nothing was sent: this plan needs " in done.stderr
    assert "help: the disk is full: free some space" in done.stderr


@pytest.mark.parametrize("place", PLACES)
def test_a_read_only_disk(machine: Forked, server: Server, project: Path, place: str) -> None:
    machine.prepare = mounting(partial(read_only_mount, machine.folder / PLACES[place]))
    done = ran(machine, project, "apply", "--yes")
    assert (done.returncode, paid(server)) == (1, [])
    assert f"{machine.folder / PLACES[place]}" in done.stderr
    assert "help: the file system is read-only" in done.stderr


def test_no_file_may_become_large(machine: Forked, server: Server, project: Path) -> None:
    """As under a quota, the free space that the system reports is wrong."""
    machine.prepare = partial(limit_files, 100_000)
    done = machine.run(project, "apply", "--yes")
    assert (done.returncode, paid(server)) == (1, [])
    assert "File too large; nothing was sent" in done.stderr
    assert list(machine.folder.rglob("*.tmp")) == []


@pytest.mark.parametrize("place", PLACES)
def test_a_folder_of_another_user(machine: Forked, server: Server, project: Path, place: str) -> None:
    """As root: all but one place belong to the user of the process. Otherwise: a folder without write permission."""
    theirs = machine.folder / PLACES[place]
    if os.geteuid() == 0:
        reachable(machine.folder)
        for path in [machine.folder, *machine.folder.rglob("*")]:
            if path != theirs and theirs not in path.parents:
                os.chown(path, NOBODY, NOBODY)
        os.chown(theirs, 0, 0)
        theirs.chmod(0o755)
        machine.prepare = as_nobody
    else:
        theirs.chmod(0o500)
    done = machine.run(project, "apply", "--yes")
    theirs.chmod(0o700)
    assert (done.returncode, paid(server)) == (1, []), done
    assert str(theirs) in done.stderr
    assert "help: check the owner and permissions" in done.stderr


def reachable(folder: Path) -> None:
    """Lets other users through to `folder`, which pytest made for this one."""
    for path in folder.parents:
        if path.stat().st_uid == os.geteuid() and path != Path("/") and not path.stat().st_mode & stat.S_IXOTH:
            path.chmod(path.stat().st_mode | stat.S_IXOTH)


@pytest.mark.parametrize("place", ["state", "store"])
def test_a_file_where_a_folder_should_be(machine: Forked, server: Server, project: Path, place: str) -> None:
    folder = machine.folder / PLACES[place]
    folder.rmdir()
    folder.write_text("")
    for command in ("plan", "status", "apply --yes", "check", "report", "adopt made job-1"):
        done = machine.run(project, *command.split())
        assert (command, done.returncode, paid(server)) == (command, 1, [])
        assert f"help: {folder} is a file, not a folder: " in done.stderr, done
        assert "move it away" in done.stderr, done


def test_a_lock_that_may_not_be_replaced(machine: Forked, server: Server, project: Path) -> None:
    """New files can be written beside it; that it can't be replaced is seen only by replacing it."""
    assert machine.run(project, "apply", "--yes").returncode == 0
    lock = project / "pioneer.lock"
    before, sent = lock.read_bytes(), len(paid(server))
    write_spec(project, "made", size=9)
    machine.prepare = mounting(partial(read_only_mount, lock))
    done = ran(machine, project, "apply", "--yes")
    assert (done.returncode, len(paid(server))) == (1, sent)
    assert f"can't write {lock}: " in done.stderr
    assert lock.read_bytes() == before
    machine.prepare = None
    assert machine.run(project, "apply", "--yes").returncode == 0


def test_nothing_is_left_by_a_look_at_the_disks(machine: Forked, server: Server, project: Path) -> None:
    server.always("POST /generate", {"status": 401})
    machine.run(project, "apply", "--yes")
    assert len(paid(server)) > 0
    assert list(machine.folder.rglob("*.tmp")) == []
    assert not (project / "pioneer.lock").exists()


# -- while it runs -------------------------------------------------------------------------------------------------


def test_what_is_paid_for_when_the_store_fails_is_kept_elsewhere(
    machine: Forked, server: Server, project: Path
) -> None:
    (project / "specs" / "made.yaml").unlink()
    store = machine.folder / PLACES["store"]
    machine.spoil = mounting(partial(full_tmpfs, store))
    done = ran(machine, project, "apply", "--yes")
    assert done.returncode == 1
    assert "No space left on device; what was paid for (1,000 annotations) is kept in " in done.stdout
    assert f"can't write {store}" in done.stdout or f"can't create the folder {store}" in done.stdout
    assert len(billed(server)) == 1000, "nothing was sent after the first write that failed"
    machine.spoil = None
    assert "1,500 of 2,500 texts" in machine.run(project, "plan").stdout
    assert machine.run(project, "apply", "--yes").returncode == 0
    assert sorted(billed(server)) == sorted(set(billed(server)))
    assert len(billed(server)) == TEXTS
    assert list(machine.folder.rglob("unstored")) == []


def test_what_is_kept_elsewhere_is_not_paid_for_again_while_the_disk_is_full(
    machine: Forked, server: Server, project: Path
) -> None:
    (project / "specs" / "made.yaml").unlink()
    store = machine.folder / PLACES["store"]
    machine.spoil = mounting(partial(full_tmpfs, store))
    ran(machine, project, "apply", "--yes")
    machine.spoil, machine.prepare = None, mounting(partial(full_tmpfs, store))
    for _ in range(2):
        assert ran(machine, project, "apply", "--yes").returncode == 1
    assert len(billed(server)) == 1000


def test_a_store_that_fails_when_rows_come_leaves_the_job_open(machine: Forked, server: Server, project: Path) -> None:
    (project / "specs" / "labelled.yaml").unlink()
    machine.spoil = mounting(partial(read_only_mount, machine.folder / PLACES["store"]))
    done = ran(machine, project, "apply", "--yes")
    assert done.returncode == 1
    assert "job job-1 is ready, but its rows could not be stored" in done.stdout
    machine.spoil = None
    assert machine.status(project)["made"]["state"] == "open"
    assert machine.run(project, "apply", "--yes").returncode == 0
    assert server.submissions() == 1


def test_a_project_that_fails_loses_nothing(machine: Forked, server: Server, project: Path) -> None:
    (project / "specs" / "labelled.yaml").unlink()
    write_spec(project, "other")
    machine.spoil = mounting(partial(read_only_mount, project))
    done = ran(machine, project, "apply", "--yes")
    assert done.returncode == 1
    assert f"can't write {project / 'pioneer.lock'}: Read-only file system" in done.stdout
    assert "job job-1" in done.stderr
    jobs = server.jobs()
    machine.spoil = None
    assert machine.run(project, "apply", "--yes").returncode == 0
    assert server.jobs().keys() >= jobs.keys()
    assert len(server.jobs()) == 2, "each was submitted once"


def test_a_state_disk_that_fails_names_the_job(machine: Forked, server: Server, project: Path) -> None:
    (project / "specs" / "labelled.yaml").unlink()
    machine.spoil = mounting(partial(read_only_mount, machine.folder / PLACES["state"]))
    done = ran(machine, project, "apply", "--yes")
    assert done.returncode == 1
    assert "the service accepted job job-1, but it could not be written to the journal" in done.stdout
    assert "help: pioneer-build adopt made job-1" in done.stdout
    machine.spoil = None
    assert machine.run(project, "apply", "--yes").returncode == 0, "the lock has the job"
    assert server.submissions() == 1


# -- every command -------------------------------------------------------------------------------------------------

COMMANDS = ("plan", "status", "check", "gc", "export made", "report", "show made", "diff", "adopt made job-9", "init",
            "validate", "doctor", "apply --yes", "apply --yes --retry made")  # fmt: skip


@pytest.mark.parametrize("mount", [filled_tmpfs, read_only_mount], ids=["full", "read-only"])
def test_no_command_ends_with_a_traceback(
    machine: Forked, server: Server, project: Path, mount: Callable[[Path], None]
) -> None:
    assert machine.run(project, "apply", "--yes").returncode == 0
    sent = len(paid(server))
    homes = machine.folder / "home"
    machine.prepare = mounting(lambda: mount(homes))
    for command in COMMANDS:
        done = ran(machine, project, *command.split())  # fails on a traceback
        assert done.returncode in (0, 1, 2), (command, done)
        if done.returncode == 1 and command != "doctor":
            assert "error: " in done.stderr, (command, done)
    assert len(paid(server)) == sent

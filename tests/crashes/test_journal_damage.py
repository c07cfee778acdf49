"""The real program and a damaged journal: either it is said, or nothing is bought twice."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.crashes.machine import Forked, Server, write_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FOLDER = "home/.local/state/pioneer-build/journal"
SAID = ("the journal is damaged", "not in the journal", "in another journal")


@dataclass
class Bought:
    """A machine whose journal has a job that is done, one that is open and one with unknown outcome."""

    machine: Forked
    server: Server
    project: Path
    lock: bytes
    log: bytes
    seal: bytes

    def __post_init__(self) -> None:
        self.path = self.machine.folder / FOLDER / "journal.jsonl"
        [self.copy] = (self.machine.folder / "home/.local/share/pioneer-build/journal").glob("*.jsonl")
        self.sent = self.server.submissions()

    def become(self, log: bytes | None, copy: bytes | None, seal: bytes | None, *, lock: bool) -> None:
        """Sets all that is known; `None` for no file."""
        for left in (*self.path.parent.glob("*.damaged*"), *self.copy.parent.glob("*.damaged*")):
            left.unlink()
        for path, data in (
            (self.path, log),
            (self.copy, copy),
            (self.path.with_name("journal.lock"), seal),
            (self.project / "pioneer.lock", self.lock if lock else None),
        ):
            path.unlink(missing_ok=True)
            if data is not None:
                path.write_bytes(data)

    def bought_again(self) -> int:
        before, self.sent = self.sent, self.server.submissions()
        return self.sent - before

    def is_safe(self) -> bool:
        """Whether `apply` buys nothing, and says that something is wrong if it doesn't know all."""
        done = self.machine.run(self.project, "apply", "--yes", "--no-wait")
        return self.bought_again() == 0 and done.returncode in (1, 3)

    def says(self, *arguments: str) -> str:
        done = self.machine.run(self.project, *arguments)
        return " ".join((done.stdout + done.stderr).split())


@pytest.fixture(scope="module")
def bought(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bought]:
    folder = tmp_path_factory.mktemp("machine")
    with Server("--job-seconds", "3600") as server:
        machine = Forked(folder, server.url)
        project = machine.checkout()
        write_spec(project, "a")
        assert machine.run(project, "apply", "--yes", "--no-wait").returncode == 0
        write_spec(project, "b", size=4)
        server.fail("POST /generate", {"then": "drop"})
        assert machine.run(project, "apply", "--yes", "--no-wait").returncode == 3
        path = folder / FOLDER / "journal.jsonl"
        whole = path.read_bytes()
        assert whole.count(b"\n") == 5  # the head, two lines for each submission
        seal = path.with_name("journal.lock").read_bytes()
        yield Bought(machine, server, project, (project / "pioneer.lock").read_bytes(), whole, seal)


def flipped(data: bytes, place: int, bit: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1 :]


def last_line(data: bytes) -> int:
    return data.rstrip(b"\n").rindex(b"\n") + 1


DAMAGES: dict[str, Callable[[bytes], bytes | None]] = {
    "the first byte": lambda data: flipped(data, 0, 0),
    "a byte of the first line": lambda data: flipped(data, 30, 2),
    "a byte in the middle": lambda data: flipped(data, len(data) // 2, 1),
    "a byte of the last line": lambda data: flipped(data, len(data) - 30, 3),
    "the last checksum": lambda data: flipped(data, len(data) - 2, 0),
    "the last line feed": lambda data: flipped(data, len(data) - 1, 0),
    "NULs": lambda data: bytes(len(data)),
    "a tail of NULs": lambda data: data[: last_line(data) - 40] + bytes(200),
    "NULs after the last line": lambda data: data + bytes(4096),
    "empty": lambda _: b"",
    "gone": lambda _: None,
    "without its last line": lambda data: data[: last_line(data)],
    "without half of its last line": lambda data: data[: (last_line(data) + len(data)) // 2],
    "without its first line": lambda data: data[data.index(b"\n") + 1 :],
    "only its first line": lambda data: data[: data.index(b"\n") + 1],
}


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_journal_is_said_and_repaired_from_its_copy(bought: Bought, how: str) -> None:
    bought.become(DAMAGES[how](bought.log), bought.log, bought.seal, lock=False)
    assert "the journal is damaged" in bought.says("plan")
    assert bought.path.exists() == (how != "gone")  # nothing is written by a plan
    assert bought.is_safe()
    assert bought.path.read_bytes() == bought.copy.read_bytes()
    assert bought.path.read_bytes().startswith(bought.log)
    kept = [path.read_bytes() for path in bought.path.parent.glob("*.damaged-1")]
    assert kept == ([] if how == "gone" else [DAMAGES[how](bought.log)])
    entries = json.loads((bought.project / "pioneer.lock").read_text())["datasets"].values()
    assert {job["state"] for backends in entries for entry in backends.values() for job in entry["jobs"]} == {
        "open",
        "unknown",
    }


@pytest.mark.parametrize(
    "how", [how for how in DAMAGES if how not in ("the last line feed", "NULs after the last line")]
)
def test_without_its_copy_nothing_is_bought_until_it_is_repaired(bought: Bought, how: str) -> None:
    bought.become(DAMAGES[how](bought.log), None, bought.seal, lock=False)
    assert bought.is_safe()
    assert (bought.path.read_bytes() if bought.path.exists() else None) == DAMAGES[how](bought.log)
    said = bought.says("plan")
    assert "the journal is damaged" in said
    assert "pioneer-build journal repair" in said


@pytest.mark.parametrize("how", ["a byte of the first line", "NULs", "gone"])
def test_what_other_commands_say(bought: Bought, how: str) -> None:
    bought.become(DAMAGES[how](bought.log), bought.log, bought.seal, lock=True)
    for command in ("plan", "check", "doctor", "status"):
        assert "the journal is damaged" in bought.says(command)
    bought.become(DAMAGES[how](bought.log), None, bought.seal, lock=True)
    for command in ("plan", "check", "doctor", "status"):
        assert "a submission may be missing from it" in bought.says(command)
    assert bought.is_safe()
    assert "help: pioneer-build journal repair --yes" in bought.says("journal", "repair")
    known = {one["dataset_name"] for one in json.loads(bought.says("status", "--format", "json"))["datasets"]}
    assert known == {"a", "b"}
    plan = json.loads(bought.machine.run(bought.project, "plan", "--format", "json").stdout)
    assert ["the journal is damaged" in text for text in plan["remarks"]] == [True]


def test_the_way_out_from_damage_to_the_next_job(bought: Bought) -> None:
    """What the message says: repair, look for what is lost, record it, and go on."""
    lines = bought.log.splitlines(keepends=True)
    bought.become(lines[0] + flipped(lines[1], 60, 1) + b"".join(lines[2:]), None, bought.seal, lock=False)
    job_id = next(iter(bought.server.jobs()))
    done = bought.machine.run(bought.project, "journal", "repair")
    assert done.returncode == 1
    assert f"\n  {job_id}\n" in done.stdout  # the line that began it is lost, but not the one with its id
    assert "1 submission is known, and at least one line is lost" in done.stdout
    done = bought.machine.run(bought.project, "journal", "repair", "--yes", "--format", "json")
    value = json.loads(done.stdout)
    assert (value["lost"], value["repaired"], value["orphans"], value["known"]) == (True, True, [job_id], 1)
    assert [Path(path).name for path in value["kept"]] == ["journal.jsonl.damaged-1"]
    assert "not damaged" in bought.says("journal", "repair")
    assert bought.machine.run(bought.project, "adopt", "a", job_id).returncode in (0, 3)
    assert bought.is_safe()
    write_spec(bought.project, "c", size=2)
    try:
        done = bought.machine.run(bought.project, "apply", "--yes", "--no-wait", "--select", "c")
        assert "damaged" not in done.stdout + done.stderr
        assert bought.bought_again() == 1
    finally:
        (bought.project / "specs" / "c.yaml").unlink()


def test_one_project_does_not_stop_another(bought: Bought) -> None:
    """With the copy, nobody is stopped. Without, what buys nothing goes on."""
    other = bought.machine.checkout("other")
    write_spec(other, "z", size=2)
    bought.become(DAMAGES["NULs"](bought.log), bought.log, bought.seal, lock=True)
    done = bought.machine.run(other, "apply", "--yes", "--no-wait")
    assert "it was repaired, and nothing is lost" in " ".join(done.stderr.split())
    assert bought.bought_again() == 1
    bought.become(DAMAGES["NULs"](bought.log), None, None, lock=True)
    done = bought.machine.run(other, "apply", "--yes", "--no-wait")
    assert (done.returncode, bought.bought_again()) == (0, 0)
    assert f"{list(bought.server.jobs())[-1]} is open" in " ".join((done.stdout + done.stderr).split())
    for command in ("status", "check", "plan"):
        assert bought.machine.run(other, command).returncode in (0, 2)
    (other / "pioneer.yaml").write_text("version: 1\nbackend: local\n")
    # not forked: the threads of a model that was loaded before don't survive that
    with bought.machine.start(other, "apply", "--yes") as process:
        process.communicate(timeout=300)
    assert process.returncode == 0
    shutil.rmtree(other)


@settings(
    max_examples=int(os.environ.get("JOURNAL_EXAMPLES", "25")), deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(data=st.data())
def test_any_byte_of_any_file(bought: Bought, data: st.DataObject) -> None:
    """Flip any one byte of the journal, its copy or its seal: either it is said, or nothing is bought twice."""
    flip = st.builds(flipped, st.just(bought.log), st.integers(0, len(bought.log) - 1), st.integers(0, 7))
    log = data.draw(st.one_of(flip, flip, st.just(bought.log)))
    copy = data.draw(st.one_of(st.just(bought.log), st.none(), flip))
    seal = data.draw(
        st.one_of(
            st.just(bought.seal),
            st.none(),
            st.builds(flipped, st.just(bought.seal), st.integers(0, len(bought.seal) - 1), st.integers(0, 7)),
        )
    )
    bought.become(log, copy, seal, lock=data.draw(st.booleans()))
    done = bought.machine.run(bought.project, "apply", "--yes", "--no-wait")
    assert bought.bought_again() == 0
    assert done.returncode in (1, 3)
    if log != bought.log:
        assert any(one in " ".join((done.stdout + done.stderr).split()) for one in SAID)


@pytest.mark.long
def test_every_byte_is_cut_off(bought: Bought) -> None:
    """Truncated at every byte, with its copy, or with its seal only."""
    for cut in range(len(bought.log)):
        for copy in (bought.log, None):
            bought.become(bought.log[:cut], copy, bought.seal, lock=False)
            assert bought.is_safe(), (cut, copy is None)


@pytest.mark.parametrize("kind", ["folder", "pipe"])
@pytest.mark.parametrize("name", ["journal.jsonl", "journal.lock"])
def test_what_is_no_file_is_said_and_nothing_is_bought(bought: Bought, name: str, kind: str) -> None:
    bought.become(bought.log, bought.log, bought.seal, lock=True)
    write_spec(bought.project, "c", size=2)
    path = bought.path.with_name(name)
    bought.says("plan")  # cached
    path.unlink()
    path.mkdir() if kind == "folder" else os.mkfifo(path)
    try:
        commands = ("status", "plan", "check", "doctor", "journal repair", "apply --yes --no-wait")
        for command in map(str.split, commands):
            assert f"journal {path}: it is a {kind}, not a file" in bought.says(*command), command
        assert bought.bought_again() == 0
    finally:
        path.rmdir() if kind == "folder" else path.unlink()
        (bought.project / "specs" / "c.yaml").unlink()


def test_an_empty_journal_beside_a_lock_that_knows_more(bought: Bought) -> None:
    """Without copy and seal, only the lock says that there were jobs; on a new machine there is no file at all."""
    for log, says_it in ((b"", True), (bought.log[:9], True), (None, False)):
        bought.become(log, None, None, lock=True)
        for command in ("status", "plan", "doctor"):
            said = f"the journal {bought.path} has no line, and pioneer.lock has 2 jobs"
            assert (said in bought.says(command)) is says_it, (command, log)
    bought.become(b"", None, None, lock=False)
    assert "has no line" not in bought.says("plan")


# -- another journal -----------------------------------------------------------------------------------------------


def test_a_job_of_another_state_folder_is_not_bought_again(bought: Bought, tmp_path: Path) -> None:
    bought.become(bought.log, bought.log, bought.seal, lock=False)
    bought.machine.extra = {"XDG_STATE_HOME": str(tmp_path / "state")}
    try:
        said = bought.says("plan")
        old = bought.machine.folder / "home/.local/state"
        text = "2 jobs that pioneer.lock doesn't have, and that would be bought again, are in another journal of yours"
        assert f"{text}, {old}/pioneer-build/journal, with another XDG_STATE_HOME: export XDG_STATE_HOME={old}" in said
        assert bought.is_safe()
        assert "2 jobs of pioneer.lock are in another journal of yours" in bought.says("plan")
        assert "in another journal of yours" in bought.says("doctor")
        bought.path.unlink()  # of the other one only the copy is left
        bought.become(None, bought.log, None, lock=False)
        assert bought.is_safe()
    finally:
        bought.machine.extra = {}


def test_the_journal_of_another_machine_in_its_place(bought: Bought) -> None:
    """A state folder that was restored from elsewhere: the copy has the jobs, and the journal has others."""
    other = bought.machine.checkout("other")
    write_spec(other, "z", size=2)
    bought.become(None, None, None, lock=False)
    assert bought.machine.run(other, "apply", "--yes", "--no-wait").returncode == 0
    assert bought.bought_again() == 1
    theirs, seal = bought.path.read_bytes(), bought.path.with_name("journal.lock").read_bytes()
    folder = bought.copy.parent
    try:
        bought.become(theirs, bought.log, seal, lock=False)
        assert "2 jobs that pioneer.lock doesn't have, and that would be bought again, are" in bought.says("plan")
        assert "is of another journal" in bought.says("doctor")
        assert bought.is_safe()
        (other / "pioneer.lock").unlink()
        write_spec(other, "y", size=2)
        bought.machine.run(other, "apply", "--yes", "--no-wait")
        assert bought.bought_again() == 1  # of `y` alone; it is the first line that is added here
        assert bought.log in [path.read_bytes() for path in folder.iterdir()]
        (bought.project / "pioneer.lock").unlink()
        assert bought.is_safe()
    finally:
        for path in set(folder.iterdir()) - {bought.copy}:
            path.unlink()
        shutil.rmtree(other)


def test_a_relative_state_home_that_was_used(bought: Bought) -> None:
    """As an earlier version, or a shell's alias with another folder, may have used it."""
    bought.become(None, None, None, lock=False)
    kept = bought.machine.folder / "state" / "pioneer-build" / "journal" / "journal.jsonl"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(bought.log)
    bought.machine.extra = {"XDG_STATE_HOME": "state"}
    try:
        assert f"there is a journal, {kept}: export XDG_STATE_HOME={bought.machine.folder / 'state'}" in bought.says(
            "plan"
        )
        assert bought.is_safe()
    finally:
        bought.machine.extra = {}
        shutil.rmtree(bought.machine.folder / "state")


def test_another_machine_is_no_alarm(bought: Bought) -> None:
    """A colleague, or CI: the lock has open jobs, and there never was a journal here."""
    bought.become(bought.log, bought.log, bought.seal, lock=True)
    bought.machine.home = "colleague"
    try:
        for command in ("plan", "check", "status"):
            said = bought.says(command)
            assert "journal" not in said.replace("pioneer-build journal", ""), said
        assert bought.is_safe()
    finally:
        bought.machine.home = "home"

"""Permissions of all that commands make, whatever the umask is; and what is durable before the first paid request."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.service.client import HttpService
from tests.crashes.machine import KEY, Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.conftest import Cli

#: Files that git has, as it makes them itself.
COMMITTED = {
    "pioneer.yaml", "pioneer.lock", ".gitignore", ".gitattributes", "spec.schema.json", "settings.schema.json",
    "support-intents.yaml", "support-mail.yaml", "reviews.yaml", "reviews.txt", "review-sentiment.json",
    "support-replies.json", "contact-details.json", "support-intents.json",
}  # fmt: skip
COMMANDS = (
    ("init", "new/project"),
    ("-C", "new/project", "apply", "--yes", "--select", "*s"),
    ("-C", "new/project", "apply", "--yes"),
    ("-C", "new/project", "plan", "--out", "plan.json"),
    ("-C", "new/project", "report", "--to", "report.html"),
    ("-C", "new/project", "export", "support-replies", "--to", "rows.jsonl"),
    ("-C", "new/project", "export", "review-sentiment", "--to", "new/parts", "--split", "a=0.5,b=0.5"),
    ("-C", "new/project", "lock", "split"),
    ("-C", "new/project", "gc", "--yes"),
    ("-C", "new/project", "doctor"),
)


@pytest.mark.parametrize("umask", [0, 0o077, 0o277])
def test_modes_of_all_that_is_made(
    tmp_path: Path, home: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, umask: int
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    before, theirs = os.umask(umask), set(home.rglob("*"))
    try:
        for command in COMMANDS:
            done = cli(*command)
            assert done.code in (0, 1 if "doctor" in command else 0), (command, done)
        large = (os.urandom(8).hex() + "\n") * 20_000
        descriptor = os.open("new/project/specs/data/reviews.txt", os.O_WRONLY | os.O_APPEND)
        os.write(descriptor, large.encode())
        os.close(descriptor)
        assert cli("-C", "new/project", "plan").code == 0  # the survey is large enough for a file of its own
    finally:
        os.umask(before)
    made = [path for path in (*Path.cwd().rglob("*"), *home.rglob("*")) if path not in theirs]
    assert {path.name for path in made} >= {"specs", ".pioneer", "pioneer.lock.d", "parts", "journal.jsonl", "store"}
    wrong = {}
    for path in made:
        mode = stat.S_IMODE(path.stat().st_mode)
        if path.is_dir():
            good = mode == 0o700
        elif path.name in COMMITTED:
            good = mode & 0o600 == 0o600 - (umask & 0o200) and mode & 0o133 == 0
            good = good or (mode == 0o644)
        else:
            good = mode == 0o600
        if not good:
            wrong[str(path)] = oct(mode)
    assert not wrong


# -- order ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture
def happened(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What was made and synced, and when a paid request was sent, in order."""
    found: list[tuple[str, str]] = []
    real: dict[str, Any] = {name: getattr(os, name) for name in ("mkdir", "open", "fsync", "replace")}

    def mkdir(path: Any, *arguments: Any, **more: Any) -> None:
        real["mkdir"](path, *arguments, **more)
        found.append(("made", os.path.abspath(path)))

    def open_(path: Any, flags: int, *arguments: Any, **more: Any) -> int:
        new = flags & os.O_CREAT and not os.path.lexists(path)
        descriptor: int = real["open"](path, flags, *arguments, **more)
        if new:
            found.append(("made", os.path.abspath(path)))
        return descriptor

    def replace(source: Any, target: Any) -> None:
        real["replace"](source, target)
        found.append(("made", os.path.abspath(target)))

    def fsync(descriptor: int) -> None:
        real["fsync"](descriptor)
        found.append(("synced", os.readlink(f"/proc/self/fd/{descriptor}")))

    for name, stand_in in (("mkdir", mkdir), ("open", open_), ("fsync", fsync), ("replace", replace)):
        monkeypatch.setattr(os, name, stand_in)
    for name in ("submit", "label"):
        method = getattr(HttpService, name)

        async def sending(self: Any, *arguments: Any, method: Any = method) -> Any:
            found.append(("sent", ""))
            return await method(self, *arguments)

        monkeypatch.setattr(HttpService, name, sending)
    return found


@pytest.mark.parametrize("died", [False, True])
def test_the_way_to_the_journal_is_durable_before_the_first_paid_request(
    tmp_path: Path,
    server: Server,
    cli: Cli,
    happened: list[tuple[str, str]],
    monkeypatch: pytest.MonkeyPatch,
    died: bool,
) -> None:
    """Also if an earlier process made all of it, and died before it synced anything."""
    root, state = tmp_path / "project", tmp_path / "deep" / "er" / "state"
    (root / "specs").mkdir(parents=True)
    (root / "specs" / "a.yaml").write_text("dataset_name: a\ntask_type: ner\nlabels: [x]\nnum_examples: 2\n")
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
    monkeypatch.setenv("PIONEER_API_KEY", KEY)
    journal = state / "pioneer-build" / "journal" / "journal.jsonl"
    if died:
        journal.parent.mkdir(parents=True)
        journal.touch()
    monkeypatch.chdir(root)
    del happened[:]
    assert cli("--backend", server.url, "apply", "--yes").code == 0
    before = happened[: happened.index(("sent", ""))]
    way = [journal.parent, *journal.parent.parents]
    way = way[: way.index(tmp_path) + 1]
    line = before.index(("synced", str(journal)))
    assert {str(folder) for folder in way} <= {path for what, path in before[line:] if what == "synced"}
    # and whatever else was made by then in the state and data folders is not lost either, but for what only runs need
    # and for the copy of the journal, which is made again
    lasting = [path for what, path in before if what == "made" and not path.endswith((".tmp", ".lock"))]
    unsynced = [
        path for path in lasting
        if "pacer" not in path and "pioneer-build" in path and "/cache/" not in path
        and "/data/pioneer-build/journal" not in path
        and ("synced", os.path.dirname(path)) not in before[before.index(("made", path)) :]
    ]  # fmt: skip
    assert not unsynced

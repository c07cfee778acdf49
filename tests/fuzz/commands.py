"""Whole commands in this process: odd arguments, and good arguments in a project whose files were changed."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
from typing import TYPE_CHECKING, Any

from pioneer_build.cli import COMMANDS, run
from pioneer_build.cli.exit_codes import BUG
from tests.fuzz import locks, written
from tests.fuzz.mutations import mutated
from tests.fuzz.target import Target
from tests.made import Made, classes

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

#: Commands that only look, and end.
_LOOKING = [name for name in COMMANDS if name not in ("serve", "apply", "doctor", "init")]
_GOOD = (
    ["plan"],
    ["plan", "--format", "json"],
    ["plan", "--format", "markdown"],
    ["status"],
    ["status", "--format", "json"],
    ["check"],
    ["check", "--format", "json"],
    ["validate"],
    ["validate", "--format", "github"],
    ["diff"],
    ["show", "a"],
    ["show", "a", "--rows", "2"],
    ["export", "a", "--as", "conll"],
    ["export", "b", "--as", "csv"],
    ["gc"],
    ["gc", "--yes"],
    ["plan", "--select", "a*"],
    ["plan", "--out", "p.json"],
    ["show", "p.json"],
    ["lock", "split"],
    ["lock", "join"],
    ["report", "--out", "r.html"],
    ["export", "--all", "--to", "out"],
    ["adopt", "a", "--job", "j"],
    ["schema"],
)
_ODD = (
    "a",
    "*",
    "?",
    "[",
    "",
    "-",
    "--",
    "--format",
    "json",
    "--select",
    "tag:x",
    "tag:",
    "task:ner",
    "a:b",
    "--exclude",
    "-q",
    "-v",
    "--rows",
    "-1",
    "0",
    "9" * 5000,
    "1e9",
    "--as",
    "hf",
    "conll",
    "csv",
    "--to",
    ".",
    "/",
    "/dev/null",
    "x" * 5000,
    "\udcff",
    "é",
    "--seed",
    "--split",
    "0.5",
    "nan",
    "inf",
    "-C",
    "nowhere",
    "--backend",
    "http://[",
    "https://u:p@h",
    "local",
    "--log-format",
    "--all",
    "--out",
    "p.json",
    "r.html",
    "--detailed-exitcode",
    "main",
    "HEAD",
    "HEAD~9",
    "\n",
    "\x1b",
    "--strict",
    "--help",
    "--job",
    "--version",
    "--limit",
    "--deadline",
    "1h",
    "--max-requests",
    "--width=3",
    "--no-color",
    "=",
    "--format=",
    "$(id)",
)


def _command_line(random: Random) -> bytes:
    words = list(random.choice(_GOOD)) if random.randrange(2) else [random.choice(_LOOKING)]
    for _ in range(random.randrange(4)):
        words.insert(random.randrange(len(words) + 1), random.choice(_ODD))
    if not random.randrange(6):
        words[random.randrange(len(words))] = (
            mutated(random, b"tag:abc-1.5").decode("utf-8", "surrogateescape").replace("\0", "")
        )
    return json.dumps({"words": words}).encode()


def _project(random: Random) -> bytes:
    """A good command, and what is changed in its project."""
    files: dict[str, str] = {}
    for _ in range(random.choice((1, 1, 1, 2))):
        kind = random.randrange(6)
        if kind <= 1:
            name, data = "pioneer.lock", locks.lock(random)
        elif kind == 2:
            name, data = "pioneer.lock", b"@" + mutated(random, b"")
        elif kind == 3:
            name, data = "specs/z.yaml", mutated(random, random.choice(written.specs()), written.specs())
        elif kind == 4:
            name, data = "pioneer.yaml", mutated(random, b"version: 1\nbackend: local\nspecs: specs\n")
        else:
            name, data = "p.json", mutated(random, b'{"kind": "pioneer-build plan", "format": 1, "steps": []}')
        files[name] = data.decode("latin-1")
    return json.dumps({"words": random.choice(_GOOD), "files": files, "seed": random.randrange(2**32)}).encode()


def _read(data: bytes, folder: Path) -> None:
    from random import Random

    asked: dict[str, Any] = json.loads(data)
    root = folder / "project"
    _build(folder)
    for name, text in asked.get("files", {}).items():
        content = text.encode("latin-1")
        if content.startswith(b"@"):
            content = _own_lock(Random(asked["seed"]), (root / "pioneer.lock").read_bytes())
        (root / name).write_bytes(content)
    out, err = [io.TextIOWrapper(io.BytesIO(), "utf-8", errors="backslashreplace") for _ in range(2)]  # as `main` does
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), contextlib.chdir(root):
        code = run(asked["words"])
        err.flush()
    if code == BUG:
        raise AssertionError(err.buffer.getvalue().decode("utf-8", "replace"))  # type: ignore[attr-defined]


def _own_lock(random: Random, data: bytes) -> bytes:
    """The project's lock, with changes and right digests."""
    from tests.fuzz.mutations import mutated_value

    value = json.loads(data)
    for entries in value["datasets"].values():
        for backend in entries:
            entries[backend] = mutated_value(random, entries[backend])
    return locks.digested(random, value)


def _build(folder: Path) -> None:
    """The project as it was: made once, then copied."""
    good, root = folder / "good", folder / "project"
    if not good.exists():
        os.environ.update(
            {f"XDG_{name}_HOME": str(folder / name.lower()) for name in ("STATE", "DATA", "CACHE", "CONFIG")}
        )
        os.environ.update({"HOME": str(folder), "COLUMNS": "80", "GIT_CEILING_DIRECTORIES": str(folder)})
        made = Made(good, folder / "store")
        made.dataset(*_entities())
        classes(made, "b", 12)
        made.write_lock()
        made.entries.clear()
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(good, root)


def _entities() -> tuple[str, list[dict[str, Any]]]:
    from tests.made import spec_text

    row = {"text": "Ada in London", "entities": [{"text": "Ada", "label": "x", "start": 0, "end": 3}]}
    text = spec_text("a", "ner", labels=["x"], num_examples=3, domain_description="d", tags=["t"])
    return text, [{**row, "text": f"Ada in London {number}"} for number in range(3)]


TARGETS = (
    Target("arguments", _command_line, _read, 2),
    Target("project", _project, _read, 4),
)

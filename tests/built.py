"""Small projects as a finished apply leaves them, for tests of what is looked at again."""

from __future__ import annotations

import time
from hashlib import sha256
from typing import TYPE_CHECKING

from pioneer_build.lock.model import Entry, Job, Lock
from pioneer_build.lock.text import lock_text
from pioneer_build.parse import parse_text
from pioneer_build.spec.fingerprint import definition_of

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def spec_text(name: str, *, examples: int = 10, about: str = "mail to a bookshop", more: str = "") -> str:
    """A classification spec."""
    return (
        f"version: 1\ndataset_name: {name}\ntask_type: classification\nlabels: [a, b]\n"
        f"num_examples: {examples}\ndomain_description: {about}\n{more}"
    )


def write_spec(root: Path, file: str, text: str) -> None:
    """Writes a spec as an editor does: a new file under the old name."""
    path = root / "specs" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name("~")
    temporary.write_text(text)
    temporary.replace(path)


def home(root: Path, patch: pytest.MonkeyPatch) -> Path:
    """A home of its own for the project; none of the user's settings are seen."""
    folder = root.parent / f"{root.name}-home"
    for name in ("PIONEER_BACKEND", "PIONEER_BASE_URL", "PIONEER_REQUESTS_PER_MINUTE"):
        patch.delenv(name, raising=False)
    for name, part in (("STATE", "state"), ("DATA", "share"), ("CACHE", "cache")):
        patch.setenv(f"XDG_{name}_HOME", str(folder / part))
    return folder


def build(root: Path, share: Path, names: list[str]) -> None:
    """Specs named `names`, their lock, and their rows in the store of `share`."""
    entries = {}
    for name in names:
        write_spec(root, f"{name}.yaml", spec_text(name))
        (spec,) = parse_text(spec_text(name).encode(), "x.yaml").specs
        content = b'{"text": "%s", "label": "a"}\n' % name.encode()
        digest = sha256(content).hexdigest()
        row = share / "pioneer-build" / "store" / "rows" / digest[:2] / f"{digest}.jsonl"
        row.parent.mkdir(parents=True, exist_ok=True)
        row.write_bytes(content)
        entry = Entry(name, "pioneer", spec.task_type, definition_of(spec), name, 10)
        job = Job(entry.fingerprint, name, 10, "ready", 0, f"j-{name}", "1", 10, f"sha256:{digest}", verified=True)
        entries[name, "pioneer"] = Entry(
            name, "pioneer", spec.task_type, entry.definition, name, 10, (job,), fingerprint=entry.fingerprint
        )
    (root / "pioneer.yaml").write_text("version: 1\n")
    (root / "pioneer.lock").write_text(lock_text(Lock(entries)))


def age() -> None:
    """Lets the times of what was written prove something."""
    time.sleep(0.06)

"""Small projects as a finished apply leaves them, for tests of what is looked at again."""

from __future__ import annotations

import time
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

from pioneer_build.inputs import survey
from pioneer_build.lock.file_text import lock_text
from pioneer_build.lock.model import Entry, Job, Labelling, Lock
from pioneer_build.parse import parse_text
from pioneer_build.project.lock_file import LockFile
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


def put_rows(share: Path, content: bytes) -> str:
    """Puts a content into the store of `share`; its digest."""
    digest = sha256(content).hexdigest()
    row = share / "pioneer-build" / "store" / "rows" / digest[:2] / f"{digest}.jsonl"
    row.parent.mkdir(parents=True, exist_ok=True)
    row.write_bytes(content)
    return f"sha256:{digest}"


def label_text(more: str = "") -> str:
    """A spec named `texts` that labels the files of the project's folder `inputs`."""
    return f"version: 1\ndataset_name: texts\ntask_type: ner\nlabels: [x]\ninputs: ../inputs/*.txt\n{more}"


def build_texts(root: Path, share: Path) -> None:
    """A label spec with two files of texts, labelled, beside what the lock has already."""
    (root / "inputs").mkdir()
    (root / "inputs" / "a.txt").write_text("one\ntwo\n")
    (root / "inputs" / "b.txt").write_text("three\n")
    write_spec(root, "texts.yaml", label_text())
    (spec,) = parse_text(label_text().encode(), "specs/texts.yaml").specs
    assert spec.inputs is not None
    found = survey(spec.inputs, project_root=root, spec_path=spec.path)
    content = put_rows(
        share, b"".join(b'{"text": "%s", "entities": []}\n' % text for text in (b"one", b"two", b"three"))
    )
    entry = Entry("texts", "pioneer", "ner", definition_of(spec), "texts")
    labelling = Labelling(entry.fingerprint, found.digest, 3, 3, 3, 0, 3, content)
    file = LockFile(root)
    file.write(file.read().with_entries([replace(entry, labelling=labelling)]))


def build(root: Path, share: Path, names: list[str]) -> None:
    """Specs named `names`, their lock, and their rows in the store of `share`."""
    entries = {}
    for name in names:
        write_spec(root, f"{name}.yaml", spec_text(name))
        (spec,) = parse_text(spec_text(name).encode(), "x.yaml").specs
        lines = [f'{{"text": "{name} {number}", "label": "a"}}\n' for number in range(10)]
        digest = put_rows(share, "".join(lines).encode())
        entry = Entry(name, "pioneer", spec.task_type, definition_of(spec), name, 10)
        job = Job(entry.fingerprint, name, 10, "ready", 0, f"j-{name}", "1", 10, digest, verified=True)
        entries[name, "pioneer"] = Entry(
            name, "pioneer", spec.task_type, entry.definition, name, 10, (job,), fingerprint=entry.fingerprint
        )
    (root / "pioneer.yaml").write_text("version: 1\n")
    (root / "pioneer.lock").write_text(lock_text(Lock(entries)))


def age() -> None:
    """Lets the times of what was written prove something."""
    time.sleep(0.06)

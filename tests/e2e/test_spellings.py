"""`localhost`, `127.0.0.1` and `[::1]` are one service, for every look-up, also when the lock is lost."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from typing import TYPE_CHECKING

from pioneer_build.store import Needed, Store
from tests.e2e.test_key import command
from tests.fakes.server import FakeService
from tests.made import Made, classes

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.e2e.conftest import Cli

TEXTS = "dataset_name: texts\ntask_type: classification\nlabels: [a, b]\ninputs: [one, two]\n"
ROWS = "dataset_name: rows\ntask_type: decoder\nprompt: Say hello\nnum_examples: 3\n"


def test_what_was_bought_under_another_spelling_is_found_without_the_lock(tmp_path: Path) -> None:
    root = tmp_path / "project"
    (root / "specs").mkdir(parents=True)
    (tmp_path / "home").mkdir()
    (root / "specs" / "all.yaml").write_text(f"{TEXTS}---\n{ROWS}")

    async def main() -> None:
        async with FakeService() as fake:
            assert "127.0.0.1" in fake.url
            (root / "pioneer.yaml").write_text(f"backend: {fake.url}\n")
            code, said = await command(root, "apply", "--yes")
            assert code == 0, said
            (root / "pioneer.lock").unlink()
            sent = len(fake.asked("POST"))
            (root / "pioneer.yaml").write_text(f"backend: {fake.url.replace('127.0.0.1', 'localhost')}\n")
            code, said = await command(root, "plan", "--format", "json")
            assert json.loads(said)["summary"]["requests"] == 0, said
            # one more text: it alone is bought, and the rows have all of them
            (root / "specs" / "all.yaml").write_text(f"{TEXTS.replace('two', 'two, three')}---\n{ROWS}")
            code, said = await command(root, "apply", "--yes")
            assert (code, len(fake.asked("POST"))) == (0, sent + 1), said
            assert json.loads(fake.asked("POST")[-1].body)["inputs"] == ["three"]
            code, said = await command(root, "export", "texts")
            assert [json.loads(line)["text"] for line in said.splitlines()] == ["one", "two", "three"]
            code, said = await command(root, "gc", "--yes")
            assert "rows and 0 annotations that were paid for" in said, said
            (root / "pioneer.lock").unlink()
            code, said = await command(root, "plan", "--format", "json")
            assert json.loads(said)["summary"]["requests"] == 0, said

    asyncio.run(main())


def test_a_job_in_an_earlier_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Cli) -> None:
    """Neither the journal nor the lock has it, but git does."""
    root = tmp_path / "project"
    made = Made(root, tmp_path / "store")
    made.backend = "http://127.0.0.1:8000"
    classes(made, "moods", 4)
    made.write_lock()
    monkeypatch.chdir(root)
    for arguments in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "built")):
        subprocess.run(["git", *arguments], check=True)
    (root / "pioneer.lock").unlink()
    for backend in ("http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000/"):
        plan = cli("--backend", backend, "plan", "--format", "json").json()
        assert plan["summary"]["requests"] == 0, backend


def test_diff_of_a_backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Cli) -> None:
    """Also where the lock has another spelling in each state."""
    root = tmp_path / "project"
    made = Made(root, tmp_path / "store")
    made.backend = "http://127.0.0.1:8000"
    classes(made, "old", 4)
    made.write_lock()
    monkeypatch.chdir(root)
    for arguments in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "built")):
        subprocess.run(["git", *arguments], check=True)
    made.backend, made.entries = "http://localhost:8000", []
    classes(made, "new", 4)
    made.write_lock()
    for backend in ("http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000/"):
        found = cli("--backend", backend, "diff", "--format", "json").json()
        assert {one["dataset_name"] for one in found["datasets"]} == {"old", "new"}, backend
    assert cli("--backend", "http://localhost:8001", "diff", "--format", "json").json()["datasets"] == []


def test_gc_keeps_annotations_of_another_spelling(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for backend in ("http://127.0.0.1:8000", "http://localhost:8000", "http://localhost:8001"):
        with store.annotations(backend, "fp1:a") as annotations:
            annotations.add([(os.urandom(16), b"{}\n")])
    plan = store.gc(Needed(annotations={("http://[::1]:8000", "fp1:a")}))
    assert [removal.name for removal in plan.removals] == ["http://localhost:8001 fp1:a"]


def test_refused_texts_of_another_spelling(tmp_path: Path) -> None:
    with Store(tmp_path).annotations("http://127.0.0.1:8000", "fp1:a") as first:
        first.add([(b"a" * 16, b"1\n")])
        first.quarantine(b"b" * 16, "refused: odd")
    with Store(tmp_path).annotations("http://localhost:8000", "fp1:a") as second:
        assert second.missing(b"a" * 16 + b"b" * 16 + b"c" * 16) == b"c" * 16
        second.add([(b"c" * 16, b"3\n")])
        assert [answer if isinstance(answer, bytes) else "refused" for answer in second.lookup(b"".join(
            letter * 16 for letter in (b"c", b"a", b"b")
        ))] == [b"3\n", b"1\n", "refused"]  # fmt: skip
        assert list(second.quarantined()) == [b"b" * 16]
        assert second.clear_quarantine() == 1
        assert second.missing(b"b" * 16) == b"b" * 16

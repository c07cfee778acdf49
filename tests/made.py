"""Projects on disk with rows in a store and entries in a lock, as an apply would have left them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from pioneer_build.checks.quarantined_rows import QuarantinedRow, quarantine_line
from pioneer_build.lock.file_text import lock_text
from pioneer_build.lock.model import Entry, Job, Lock
from pioneer_build.parse import parse_text
from pioneer_build.rows import row_line
from pioneer_build.spec.fingerprint import definition_of, fingerprint_of
from pioneer_build.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


def spec_text(name: str, task_type: str, **more: Any) -> str:
    return yaml.safe_dump({"version": 1, "dataset_name": name, "task_type": task_type, **more}, allow_unicode=True)


class Made:
    """A project in `root` with a store beside it. `backend` is the one that built the datasets to come."""

    def __init__(self, root: Path, store: Path) -> None:
        self.root = root
        self.backend = "local"
        self.store = Store(store)
        self.entries: list[Entry] = []
        (root / "specs").mkdir(parents=True, exist_ok=True)
        (root / "pioneer.yaml").write_text(f"version: 1\nbackend: local\nstore: {store}\n")

    def dataset(
        self, text: str, rows: Iterable[dict[str, Any]], aside: Sequence[QuarantinedRow] = (), /, **job: Any
    ) -> Entry:
        """Writes a spec, keeps its rows, and notes an entry with one ready job."""
        parsed = parse_text(text.encode(), "specs/x.yaml")
        assert not parsed.problems, parsed.problems
        spec = parsed.specs[0]
        (self.root / "specs" / f"{spec.dataset_name}.yaml").write_text(text)
        kept = list(rows)
        digest = self.store.put(row_line(row) for row in kept)
        quarantined = self.store.put(quarantine_line(bad) for bad in aside) if aside else None
        definition = definition_of(spec)
        made = {
            "fingerprint": fingerprint_of(definition), "remote_name": spec.dataset_name, "state": "ready",
            "asked": spec.num_examples or 1,
            "job_id": f"job-{spec.dataset_name}", "version": "1", "got": len(kept), "rows": digest,
            "verified": True, "quarantined": quarantined,
        }  # fmt: skip
        entry = Entry(
            spec.dataset_name, self.backend, spec.task_type, definition, spec.dataset_name, spec.num_examples,
            (Job(**{**made, **job}),),
        )  # fmt: skip
        self.entries = [one for one in self.entries if one.dataset_name != spec.dataset_name] + [entry]
        return entry

    def write_lock(self) -> None:
        (self.root / "pioneer.lock").write_text(
            lock_text(Lock({(entry.dataset_name, entry.backend): entry for entry in self.entries})), "utf-8"
        )


def classes(made: Made, name: str, count: int, aside: Sequence[QuarantinedRow] = (), /, **job: Any) -> Entry:
    """A classification dataset of `count` rows, labelled `a` and `b` in turn."""
    text = spec_text(name, "classification", labels=["a", "b"], num_examples=count, domain_description="x")
    return made.dataset(text, [{"text": f"text {i}", "label": "ab"[i % 2]} for i in range(count)], aside, **job)

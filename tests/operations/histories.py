"""Random histories of a small project on disk: specs are edited, and now and then applied."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from pioneer_build.inputs import survey
from pioneer_build.lock.file_text import lock_text
from pioneer_build.lock.model import Labelling, Lock
from pioneer_build.project.open import open_project
from pioneer_build.project.specs import load_specs
from tests.built import write_spec
from tests.planning import BACKEND, World, digest, entry

if TYPE_CHECKING:
    import random
    from pathlib import Path

    from pioneer_build.spec.declared import Declared

NAMES = ("one", "two", "three", "four", "five")
LABEL_SPEC = (
    "version: 1\ndataset_name: texts\ntask_type: ner\nlabels: [x]\ninputs: ../inputs/*.txt\n",
    "version: 1\ndataset_name: texts\ntask_type: ner\nlabels: [x, y]\ninputs: ../inputs/*.txt\n",
    "version: 1\ndataset_name: texts\ntask_type: ner\nlabels: [x]\nnum_examples: 5\n",
)


class History:
    """The project in `root` with its store in `share`, edited at random."""

    def __init__(self, root: Path, share: Path, random: random.Random) -> None:
        self._root = root
        self._rows = share / "pioneer-build" / "store" / "rows"
        self._random = random
        self._world = World()
        (root / "pioneer.yaml").write_text("version: 1\n")
        (root / "inputs").mkdir()
        (root / "inputs" / "a.txt").write_text("one\ntwo\n")
        for name in NAMES[:4]:
            write_spec(root, f"{name}.yaml", self._spec(name))
        write_spec(root, "texts.yaml", LABEL_SPEC[0])
        self.apply()

    def step(self) -> str:
        """Edits something, or applies; says what."""
        often, rarely = [self.spec, self.comment, self.two_documents, self.apply], [
            self.remove, self.move, self.rename, self.overlap, self.texts, self.label_spec, self.rows,
        ]  # fmt: skip
        chosen = self._random.choice(often if self._random.random() < 0.8 else rarely)
        chosen()
        return chosen.__name__

    # -- edits

    def spec(self) -> None:
        name = self._random.choice(NAMES)
        write_spec(self._root, f"{name}.yaml", self._spec(name))

    def comment(self) -> None:
        if path := self._file():
            write_spec(self._root, path.name, f"{path.read_text()}# {self._random.random()}\n")

    def remove(self) -> None:
        if path := self._file():
            path.unlink()

    def move(self) -> None:
        if path := self._file():
            path.rename(path.with_name(f"m-{path.name}"))

    def rename(self) -> None:
        old, new = self._random.sample(NAMES, 2)
        if (
            not (self._root / "specs" / f"{new}.yaml").exists()
            and (path := self._root / "specs" / f"{old}.yaml").exists()
        ):
            path.unlink()
            write_spec(self._root, f"{new}.yaml", f"{self._spec(new)}renamed_from: {old}\n")

    def overlap(self) -> None:
        write_spec(self._root, "one.yaml", f"{self._spec('one')}checks: {{no_overlap_with: [two]}}\n")

    def two_documents(self) -> None:
        write_spec(self._root, "both.yaml", f"{self._spec('six')}---\n{self._spec('seven')}")

    def texts(self) -> None:
        name = self._random.choice("abc")
        (self._root / "inputs" / f"{name}.txt").write_text(f"one\n{self._random.choice(['two', 'three'])}\n")

    def label_spec(self) -> None:
        write_spec(self._root, "texts.yaml", self._random.choice(LABEL_SPEC))

    def rows(self) -> None:
        """Loses a file of the store."""
        if found := sorted(self._rows.rglob("*.jsonl")):
            path = self._random.choice(found)
            path.unlink()
            self._world.rows.discard(f"sha256:{path.stem}")

    def apply(self) -> None:
        """Does what a plan says, to the lock and the store."""
        try:
            specs = list(load_specs(open_project(self._root)).declared)
        except Exception:  # noqa: BLE001 - nothing is applied where a spec has a mistake
            return
        self._world.apply([item for item in specs if not item.spec.is_label])
        for item in specs:
            if item.spec.is_label:
                self._label(item)
        entries = self._world.lock.entries.values()
        (self._root / "pioneer.lock").write_text(lock_text(Lock({(one.dataset_name, BACKEND): one for one in entries})))
        for rows in self._world.rows:
            digits = rows.removeprefix("sha256:")
            path = self._rows / digits[:2] / f"{digits}.jsonl"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()

    # -- parts

    def _file(self) -> Path | None:
        found = sorted((self._root / "specs").rglob("*.yaml"))
        return self._random.choice(found) if found else None

    def _spec(self, name: str) -> str:
        pick = self._random.choice
        return (
            f"version: 1\ndataset_name: {name}\ntask_type: classification\nlabels: [a, b]\n"
            f"num_examples: {pick([5, 10, 10, 20])}\ndomain_description: {pick(['mail', 'mail', 'chat'])}\n"
            + pick(
                [
                    "",
                    "",
                    "",
                    "protect: true\n",
                    "on_change: new_version\n",
                    "tags: [t]\n",
                    "top_up: true\n",
                    "owner: o\n",
                ]
            )
        )

    def _label(self, item: Declared) -> None:
        assert item.spec.inputs is not None
        found = survey(item.spec.inputs, project_root=self._root, spec_path=item.spec.path)
        content = digest(item.fingerprint, found.digest)
        self._world.rows.add(content)
        labelling = Labelling(item.fingerprint, found.digest, found.rows, found.distinct, 1, 0, found.rows, content)
        known = self._world.lock.get(item.name, BACKEND)
        labelled = entry(item, *(known.jobs if known is not None else ()), labelling=labelling)
        self._world.lock = self._world.lock.with_entries([replace(labelled, num_examples=None)])


def settle() -> None:
    """Lets times prove something, on a machine whose clock ticks as seldom as any (`quick_stamps`)."""
    time.sleep(0.016)

"""What could go from a store: first said, then removed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pioneer_build.errors import StoreError
from pioneer_build.store import Needed, Store
from pioneer_build.store.disk import Modes
from pioneer_build.store.gc import GcPlan, Removal, remove
from tests.store.test_row_files import DIGEST, LINES

if TYPE_CHECKING:
    from pathlib import Path


def test_gc_says_what_then_does_it(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert store.gc(Needed()).removals == ()
    kept = store.put([b"kept\n"])
    store.put(LINES)
    for fingerprint in ("fp1:kept", "fp1:gone"):
        with store.annotations("local", fingerprint) as annotations:
            annotations.add([(bytes([n]) * 16, b"{}") for n in range(5)])
    abandoned = f"{'0a' * 10}.tmp"
    for name in (abandoned, "thesis.txt"):
        (tmp_path / "tmp" / name).write_bytes(b"x")
        os.utime(tmp_path / "tmp" / name, (0, 0))
    (tmp_path / "tmp" / "being-written").write_bytes(b"x")
    (tmp_path / "rows" / "notes.txt").write_text("mine")

    plan = store.gc(Needed({kept}, {("local", "fp1:kept")}))
    assert [(r.kind, r.name, r.records) for r in plan.removals] == [
        ("annotations", "local fp1:gone", 5),
        ("rows", DIGEST, 3),
        ("temporary", abandoned, 0),
    ]
    assert plan.records("rows") == 3
    assert plan.records("annotations") == 5
    assert plan.bytes > sum(map(len, LINES))
    assert store.has(DIGEST)

    store.remove(plan)
    store.remove(plan)
    assert not store.has(DIGEST)
    assert store.has(kept)
    assert store.annotations("local", "fp1:kept").count() == 5
    assert store.annotations("local", "fp1:gone").count() == 0
    assert sorted(path.name for path in (tmp_path / "tmp").iterdir()) == ["being-written", "thesis.txt"]
    assert store.gc(Needed({kept}, {("local", "fp1:kept")})).removals == ()


@pytest.mark.parametrize("ended", [True, False], ids=["without a response", "still being labelled"])
def test_texts_that_were_sent_are_remembered_until_they_have_an_answer(tmp_path: Path, ended: bool) -> None:
    """Before the first response no lock names their definition, and whoever sends them again may pay twice."""
    store, texts = Store(tmp_path), b"0" * 16 + b"1" * 16
    annotations = store.annotations("local", "fp1:0")
    with annotations.claims() as claims:
        claim = claims.claim(texts)
        if not ended:
            assert store.gc(Needed()).removals == ()
        claims.release(claim, texts)
    assert store.gc(Needed()).removals == ()
    with annotations.claims() as claims:
        assert claims.unanswered(texts) == 2
        annotations.quarantine(b"1" * 16, "refused")
        annotations.add([(b"0" * 16, b"{}")])
        assert store.gc(Needed()).removals == (), "the quarantine holds no annotation"
        annotations.add([(b"1" * 16, b"{}")])
        assert [removal.records for removal in store.gc(Needed()).removals] == [2]


def test_a_batch_survives_the_collection_of_its_folder(tmp_path: Path) -> None:
    store = Store(tmp_path)
    annotations = store.annotations("local", "fp1:0")
    annotations.add([(b"0" * 16, b"0")])
    store.remove(store.gc(Needed()))
    annotations.add([(b"1" * 16, b"1")])
    annotations.close()
    assert list(store.annotations("local", "fp1:0").lookup(b"0" * 16 + b"1" * 16)) == [None, b"1"]


def with_annotations(root: Path, backend: str = "local", fingerprint: str = "fp1:0") -> Path:
    """The folder of a scope with two annotations."""
    with Store(root).annotations(backend, fingerprint) as annotations:
        annotations.add([(bytes([n]) * 16, b"{}") for n in range(2)])
        return root / "annotations" / annotations.scope.name


def test_a_store_that_is_not_there_has_nothing_to_remove(tmp_path: Path) -> None:
    assert Store(tmp_path / "none").gc(Needed()) == GcPlan(())
    assert not (tmp_path / "none").exists()


def test_what_can_not_be_told_apart_stays(tmp_path: Path) -> None:
    root = tmp_path
    renamed = with_annotations(root, fingerprint="fp1:renamed")
    renamed.rename(renamed.with_name("0" * 32))
    damaged = with_annotations(root, fingerprint="fp1:damaged")
    (damaged / "scope.json").write_bytes(b"{")
    unnamed = with_annotations(root, fingerprint="fp1:unnamed")
    (unnamed / "scope.json").unlink()
    (root / "annotations" / "a file").write_bytes(b"")
    assert Store(root).gc(Needed()).removals == ()


@pytest.mark.parametrize("kind", ["pipe", "folder"])
@pytest.mark.parametrize("name", ["scope.json", "index", "*.log", "rows"])
def test_what_is_in_the_place_of_a_file_is_named(tmp_path: Path, name: str, kind: str) -> None:
    """A repository can bring a store with anything in it: a store's name alone would not say what to remove."""
    folder = with_annotations(tmp_path)
    Store(tmp_path).put(LINES)
    if name == "rows":
        path = tmp_path / "rows" / DIGEST[7:9] / f"{DIGEST[7:]}.jsonl"
    else:
        path = next(iter(folder.glob(name)), folder / name)
    if name == "*.log":
        (folder / "index").unlink(missing_ok=True)
    path.unlink(missing_ok=True)
    if kind == "folder":
        path.mkdir()
        (path / "file").write_bytes(b"x")
    else:
        os.mkfifo(path)
    said = "Is a directory" if kind == "folder" else "it is not a regular file"
    if (name, kind) == ("*.log", "pipe"):
        assert [removal.kind for removal in Store(tmp_path).gc(Needed()).removals] == ["annotations", "rows"]
        return  # no annotation is in it
    with pytest.raises(StoreError) as caught:
        Store(tmp_path).gc(Needed())
    assert caught.value.message == f"can't read {path}: {said}"


def test_a_plan_counts_what_it_would_cost(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put(LINES)
    folder = with_annotations(tmp_path, "pioneer")
    plan = store.gc(Needed())
    annotations, rows = plan.removals
    assert rows == Removal("rows", DIGEST, f"rows/{DIGEST[7:9]}/{DIGEST[7:]}.jsonl", 1, sum(map(len, LINES)), 3)
    assert (annotations.name, annotations.path) == ("pioneer fp1:0", f"annotations/{folder.name}")
    assert annotations.files == len(list(folder.iterdir()))
    assert annotations.bytes == sum(path.stat().st_size for path in folder.iterdir())
    assert (plan.files, plan.bytes) == (1 + annotations.files, rows.bytes + annotations.bytes)
    assert (plan.records("rows"), plan.records("annotations"), plan.records("temporary")) == (3, 2, 0)


def test_a_folder_is_moved_away_before_it_is_emptied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path)
    folder = with_annotations(tmp_path)
    plan = store.gc(Needed())

    def dies(path: Path) -> None:
        assert not folder.exists()
        assert path.parent == tmp_path / "tmp"
        raise KeyboardInterrupt

    monkeypatch.setattr("shutil.rmtree", dies)
    with pytest.raises(KeyboardInterrupt):
        store.remove(plan)
    assert Store(tmp_path).annotations("local", "fp1:0").count() == 0
    (left,) = (tmp_path / "tmp").iterdir()
    os.utime(left, (0, 0))
    assert [removal.kind for removal in store.gc(Needed()).removals] == ["temporary"]


def test_a_link_is_removed_and_what_it_points_to_stays(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine").write_bytes(b"x")
    root = tmp_path / "store"
    (root / "annotations").mkdir(parents=True)
    (root / "annotations" / "link").symlink_to(elsewhere)
    plan = GcPlan((Removal("annotations", "x", "annotations/link", 1, 1, 1),))
    remove(root, root / "tmp", plan, Modes())
    assert not (root / "annotations" / "link").is_symlink()
    assert (elsewhere / "mine").exists()


def test_what_the_system_refuses_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path)
    store.put(LINES)
    plan = store.gc(Needed())

    def refuse(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "unlink", refuse)
    with pytest.raises(StoreError, match=r"can't remove .*Read-only file system") as caught:
        store.remove(plan)
    assert "read-only" in str(caught.value.hint)

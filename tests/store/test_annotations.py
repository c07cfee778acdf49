"""The annotations of texts: durable, never wrong, whatever a crash leaves behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pioneer_build.errors import StoreError
from pioneer_build.store import RefusedText, Store
from pioneer_build.store import segments as segments_module
from tests.store.annotated import FINGERPRINT, answer, batch, digest, digests, folder_of, opened

if TYPE_CHECKING:
    from pathlib import Path

    from pioneer_build.store.annotations import AnnotationStore


def test_nothing_is_created_by_reading(tmp_path: Path) -> None:
    root = tmp_path / "store"
    store = opened(root)
    assert store.missing(digests(1, 2, 1)) == digests(1, 2)
    assert list(store.lookup(digests(1))) == [None]
    assert store.count() == 0
    store.close()
    assert not root.exists()


def test_what_was_added_is_found_by_others(tmp_path: Path) -> None:
    writer, reader = opened(tmp_path), opened(tmp_path)
    assert reader.count() == 0
    writer.add(batch(1, 2, 3))
    assert reader.missing(digests(3, 4, 1, 4)) == digests(4)
    writer.add(batch(4))
    assert list(reader.lookup(digests(4, 9, 1))) == [answer(4), None, answer(1)]
    assert list(writer.lookup(digests(4, 9, 1))) == [answer(4), None, answer(1)]
    writer.close()
    assert list(reader.lookup(digests(2))) == [answer(2)]
    assert opened(tmp_path).count() == 4


def test_backends_and_fingerprints_are_worlds_apart(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.add(batch(1))
    assert Store(tmp_path).annotations("pioneer", FINGERPRINT).missing(digests(1)) == digests(1)
    assert Store(tmp_path).annotations("local", "fp1:1").missing(digests(1)) == digests(1)


def test_a_file_in_another_scopes_folder_means_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.add(batch(1))
    (source,) = folder_of(tmp_path).glob("*.log")
    with Store(tmp_path).annotations("pioneer", FINGERPRINT) as other:
        other.add(batch(2))
        shutil.copy(source, tmp_path / "annotations" / other.scope.name / source.name)
        shutil.copy(folder_of_scope(tmp_path, source), tmp_path / "annotations" / other.scope.name / "index")
        assert opened_as(tmp_path, "pioneer").missing(digests(1, 2)) == digests(1)


def folder_of_scope(root: Path, source: Path) -> Path:
    return source.parent / "index"


def opened_as(root: Path, backend: str) -> AnnotationStore:
    return Store(root).annotations(backend, FINGERPRINT)


def test_the_first_annotation_of_a_text_counts(tmp_path: Path) -> None:
    one, two = opened(tmp_path), opened(tmp_path)
    one.add([(digest(1), b"first")])
    two.add([(digest(1), b"a second")])
    assert list(opened(tmp_path).lookup(digests(1))) == [b"first"]
    one.close()
    two.close()
    store = opened(tmp_path)
    store.compact()
    assert list(opened(tmp_path).lookup(digests(1))) == [b"first"]


@pytest.mark.parametrize("sealed", [True, False], ids=["sealed", "open"])
@pytest.mark.parametrize("indexed", [True, False], ids=["indexed", "not indexed"])
@pytest.mark.parametrize("tail", [b"", b"\0" * 300, b"\x89pbann1\n" * 20, os.urandom(200)], ids=len)
def test_every_cut_leaves_whole_batches(tmp_path: Path, sealed: bool, indexed: bool, tail: bytes) -> None:
    """Power loss at any byte, and whatever the file system leaves behind the cut."""
    root = tmp_path / "store"
    store = opened(root)
    sizes = [0]
    for numbers in ((1, 2), (3,), (4, 5)):
        store.add(batch(*numbers))
        (path,) = folder_of(root).glob("*.open")
        sizes.append(path.stat().st_size)
    if sealed:
        store.close()
        (path,) = folder_of(root).glob("*.log")
    if not indexed:
        (folder_of(root) / "index").unlink(missing_ok=True)
    whole = path.read_bytes()
    asked = digests(1, 2, 3, 4, 5)
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut] + tail)
        known = {n for end, ns in zip(sizes[1:], ((1, 2), (3,), (4, 5)), strict=True) if end <= cut for n in ns}
        expected = [answer(n) if n in known else None for n in range(1, 6)]
        reader = opened(root)
        try:
            found = list(reader.lookup(asked))
        except StoreError:  # the index knew more than there is, and the file is longer: looked at anew
            assert indexed
            assert tail
            found = list(opened(root).lookup(asked))
        assert found == expected, cut
        assert opened(root).missing(asked) == b"".join(digest(n) for n in range(1, 6) if n not in known)


@pytest.mark.parametrize("indexed", [True, False])
def test_every_flipped_byte_is_found(tmp_path: Path, indexed: bool) -> None:
    with opened(tmp_path) as store:
        store.add(batch(1, 2))
        store.add(batch(3))
    (path,) = folder_of(tmp_path).glob("*.log")
    whole = bytearray(path.read_bytes())
    index = (folder_of(tmp_path) / "index").read_bytes()
    for at in range(len(whole)):
        whole[at] ^= 0x41
        path.write_bytes(whole)
        whole[at] ^= 0x41
        (folder_of(tmp_path) / "index").write_bytes(index if indexed else b"")
        for _ in range(2):
            try:
                found = list(opened(tmp_path).lookup(digests(1, 2, 3)))
            except StoreError as error:
                named = str(path) in error.message
            else:
                named = False
            if named:
                continue
            assert all(got in (answer(n), None) for n, got in zip((1, 2, 3), found, strict=True)), at
            assert sum(got is not None for got in found) >= 1


def test_a_damaged_index_is_made_again(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.add(batch(*range(10)))
    path = folder_of(tmp_path) / "index"
    whole = path.read_bytes()
    for cut in range(0, len(whole), 7):
        path.write_bytes(whole[:cut])
        assert opened(tmp_path).count() == 10
        path.write_bytes(whole[:cut] + bytes([whole[cut] ^ 1]) + whole[cut + 1 :])
        assert opened(tmp_path).missing(digests(*range(11))) == digests(10)


def test_after_a_failed_write_nothing_follows_half_a_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = opened(tmp_path)
    store.add(batch(1))

    def half(descriptor: int, data: bytes) -> None:
        os.write(descriptor, data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(segments_module, "write_all", half)
        with pytest.raises(StoreError, match="No space left") as caught:
            store.add(batch(2))
        assert "full" in (caught.value.hint or "")
    store.add(batch(3))
    store.close()
    assert opened(tmp_path).missing(digests(1, 2, 3)) == digests(2)


def test_quarantined_texts_count_as_done_until_cleared(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.quarantine(digest(1), "422: too odd")
    store.quarantine(digest(2), "422")
    other = opened(tmp_path)
    assert other.missing(digests(1, 2, 3)) == digests(3)
    assert list(other.lookup(digests(3, 1))) == [None, RefusedText("422: too odd")]
    assert store.clear_quarantine([digest(2), digest(7)]) == 1
    assert other.missing(digests(1, 2, 3)) == digests(2, 3)
    assert store.clear_quarantine() == 1
    store.quarantine(digest(3), "500")
    store.add(batch(3))
    assert list(store.lookup(digests(3))) == [answer(3)]


WRITER = """
import sys
from pathlib import Path
from pioneer_build.store import Store
from hashlib import blake2b
store = Store(Path(sys.argv[1])).annotations("local", "fp1:" + "0" * 64)
start = int(sys.argv[2])
for first in range(start, start + 100_000, 10):
    numbers = range(first, first + 10)
    digests = [blake2b(str(n).encode(), digest_size=16).digest() for n in numbers]
    store.add([(digest, b'{"label": "%d"}' % n * (1 + n % 3)) for digest, n in zip(digests, numbers)])
    print(first, flush=True)
"""


def test_killed_writers_lose_nothing_acknowledged(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), str(start)], stdout=subprocess.PIPE, text=True)
        for start in (0, 1_000_000)
    ]
    time.sleep(1.5)
    acknowledged: list[int] = []
    for writer in writers:
        writer.kill()
        out, _ = writer.communicate()
        acknowledged += [n for line in out.splitlines() for n in range(int(line), int(line) + 10)]
    assert acknowledged
    store = opened(tmp_path)
    assert list(store.lookup(digests(*acknowledged))) == [answer(n) for n in acknowledged]
    assert store.count() - len(acknowledged) in (0, 10, 20)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("add"), st.lists(st.integers(0, 30), max_size=8)),
            st.tuples(st.sampled_from(["reopen", "compact", "index"]), st.just([])),
        ),
        max_size=12,
    ),
    asked=st.lists(st.integers(0, 35), max_size=30),
)
def test_like_a_dictionary(tmp_path_factory: pytest.TempPathFactory, steps: list, asked: list[int]) -> None:
    root = tmp_path_factory.mktemp("store")
    store, model = opened(root), {}
    for serial, (step, numbers) in enumerate(steps):
        if step == "add":
            fresh = [(digest(n), b"%d in %d" % (n, serial)) for n in dict.fromkeys(numbers)]
            store.add(fresh)
            for key, value in fresh:
                model.setdefault(key, value)
        elif step == "reopen":
            store.close()
            store = opened(root)
        elif step == "compact":
            store.compact()
        else:
            for path in root.glob("annotations/*/index"):
                path.unlink()
    query = digests(*asked)
    assert list(store.lookup(query)) == [model.get(digest(n)) for n in asked]
    assert store.missing(query) == digests(*(n for n in dict.fromkeys(asked) if digest(n) not in model))
    assert store.count() == len(model)
    store.close()


def test_half_a_digest_in_common(tmp_path: Path) -> None:
    """Digests are compared whole, in the index too."""
    alike = [b"\7" * 8 + bytes([n]) * 8 for n in range(1, 5)]
    with opened(tmp_path) as store:
        store.add([(one, bytes([one[8]])) for one in alike[:3]])
    store = opened(tmp_path)
    assert list(store.lookup(b"".join(reversed(alike)))) == [None, b"\3", b"\2", b"\1"]
    assert store.missing(b"".join(alike)) == alike[3]


COMPACTING_WRITER = """
import sys
from hashlib import blake2b
from pathlib import Path
from pioneer_build.store import Store
first = int(sys.argv[2])
for end in range(first + 20, first + 161, 20):
    with Store(Path(sys.argv[1])).annotations("local", "fp1:" + "0" * 64) as store:
        digests = [blake2b(str(n).encode(), digest_size=16).digest() for n in range(first, end)]
        store.add([(digest, b"x%d" % n) for n, digest in enumerate(digests)][-20:])
        store.compact()
        assert list(store.lookup(b"".join(digests))) == [b"x%d" % n for n in range(len(digests))]
"""


def test_writers_and_compactions_side_by_side(tmp_path: Path) -> None:
    command = [sys.executable, "-c", COMPACTING_WRITER, str(tmp_path)]
    writers = [subprocess.Popen([*command, str(start)], stderr=subprocess.PIPE) for start in (0, 1000, 2000)]
    for writer in writers:
        _, complaint = writer.communicate()
        assert writer.returncode == 0, complaint.decode()
    assert opened(tmp_path).count() == 3 * 160

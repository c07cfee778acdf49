"""Claims on texts: never two for one text, whoever asks when, and none that outlives its process."""

from __future__ import annotations

import errno
import os
import random
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pioneer_build.errors import StoreError
from pioneer_build.store import Store, claims
from pioneer_build.store.claims import Claim, Claims, Held
from tests.full_disk import failing_disk

if TYPE_CHECKING:
    from pioneer_build.processes.lease import ProcessClaim
    from pioneer_build.store.annotations import AnnotationStore

A, B, C, D = (letter * 16 for letter in (b"a", b"b", b"c", b"d"))
ROOT = Path(__file__).parents[2]


def annotations(folder: Path) -> AnnotationStore:
    return Store(folder).annotations("https://service.test", "fp1:1")


def each(digests: bytes) -> list[bytes]:
    return [digests[at : at + 16] for at in range(0, len(digests), 16)]


def folder_of(store: AnnotationStore) -> Path:
    return store._folder / "claims"


def test_two_runs_never_claim_the_same_text(tmp_path: Path) -> None:
    store, other = annotations(tmp_path), annotations(tmp_path)
    with store.claims() as mine, other.claims() as theirs:
        first = mine.claim(A + B)
        assert first.digests == A + B
        second = theirs.claim(B + C)
        assert second.digests == C
        held = theirs.held(A + B + C + D)
        assert held.texts == 2
        assert held.by == (f"process {os.getpid()} on {os.uname().nodename}",)
        store.add([(A, b"{}\n"), (B, b"{}\n")])
        mine.release(first)
        assert theirs.claim(A + B + D).digests == D, "what was annotated meanwhile is not claimed again"
        assert theirs.held(A + B) == Held()


def test_what_is_given_up_unlabelled_is_for_the_next(tmp_path: Path) -> None:
    store, other = annotations(tmp_path), annotations(tmp_path)
    with other.claims() as theirs:
        with store.claims() as mine:
            mine.claim(A + B)
            assert theirs.claim(A) == Claim()
        assert theirs.claim(A + B).digests == A + B


def test_annotations_of_a_run_that_ended_before_are_seen(tmp_path: Path) -> None:
    """It labelled all of them after this run had looked up what is missing, and before its first claim."""
    store, other = annotations(tmp_path), annotations(tmp_path)
    with store.claims() as mine:
        assert store.missing(A + B) == A + B
        with other.claims() as theirs:
            theirs.claim(A + B)
            other.add([(A, b"{}\n"), (B, b"{}\n")])
        assert mine.claim(A) == Claim()
        assert mine.claim(B) == Claim()


def test_alone_nothing_is_looked_up_again(tmp_path: Path) -> None:
    asked: list[bytes] = []

    def missing(digests: bytes) -> bytes:
        asked.append(digests)
        return digests

    store = annotations(tmp_path)
    for _ in range(2):
        with Claims(folder_of(store), store._modes, missing, store._name_scope) as mine:
            first, second = mine.claim(A), mine.claim(B)
            mine.release(second)
            mine.release(first)
            mine.release(mine.claim(C))
    assert asked == []
    assert len([path for path in folder_of(store).iterdir() if path.is_file()]) == 1, "the highest number stays"
    assert list((folder_of(store) / "live").iterdir()) == []


@pytest.mark.parametrize("fails_at", range(8))
def test_a_claim_that_a_full_disk_cut_off_is_not_waited_for(tmp_path: Path, fails_at: int) -> None:
    store, other = annotations(tmp_path), annotations(tmp_path)
    with store.claims() as mine:
        mine.claim(C)
        with failing_disk(folder_of(store), errno.ENOSPC, fails_at, 1 << 30), suppress(StoreError):
            mine.claim(A + B)
    with other.claims() as theirs:
        assert theirs.held(A + B) == Held()
        assert theirs.claim(A + B).digests == A + B


KILLED = """
import os, signal, sys
from pathlib import Path
from pioneer_build.store import Store
store = Store(Path(sys.argv[1])).annotations("https://service.test", "fp1:1")
store.claims().claim(b"a" * 16 + b"b" * 16)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_has_no_claim_and_its_texts_are_named(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == -9
    store = annotations(tmp_path)
    with store.claims() as mine:
        assert mine.claim(A + C) == Claim(2, A + C, A)
        assert mine.claim(B) == Claim(3, B, B)
        assert files_of(store) == [1, 2, 3], "the claim of the dead process stays until its texts have an answer"
    assert files_of(store) == [1, 4], "nothing was said about them"
    with store.claims() as mine:
        store.add([(A, b"{}\n")])
        mine.release(mine.claim(A + B))
        assert mine.claim(B) == Claim(7, B, b"")


def files_of(store: AnnotationStore) -> list[int]:
    return sorted(int(path.name) for path in folder_of(store).iterdir() if path.is_file())


def test_texts_without_an_answer_are_remembered_until_they_have_one(tmp_path: Path) -> None:
    store, other = annotations(tmp_path), annotations(tmp_path)
    with other.claims() as waiting:
        with store.claims() as mine:
            first = mine.claim(A + B + C)
            assert store.claims().unanswered(A + B + C) == 0, "they may get an answer yet"
            store.add([(C, b"{}\n")])
            mine.release(first, A + B)
            assert waiting.held(A + B) == Held()
            assert mine.claim(D) == Claim(3, D)
        assert store.claims().unanswered(A + B + C + D) == 2
        claim = waiting.claim(A + B + D)
        assert (claim.digests, claim.abandoned) == (A + B + D, A + B), "one that ran all the time is told, too"
        store.add([(A, b"{}\n")])
        waiting.release(claim, B)
    with store.claims() as mine:
        claim = mine.claim(B + D)
        assert (claim.digests, claim.abandoned) == (B + D, B)
        mine.release(claim)
        assert mine.claim(B).abandoned == b"", "it has an answer, if not an annotation"
    assert store.claims().unanswered(A + B + C + D) == 0
    assert len(files_of(store)) == 1


def test_repeated_failures_leave_one_file(tmp_path: Path) -> None:
    store = annotations(tmp_path)
    for _ in range(5):
        with store.claims() as mine:
            mine.release(mine.claim(A), A)
            mine.release(mine.claim(B), B)
    assert len(files_of(store)) <= 3
    assert store.claims().unanswered(A + B + C) == 2


def test_texts_in_quarantine_are_remembered_too(tmp_path: Path) -> None:
    store = annotations(tmp_path)
    with store.claims() as mine:
        claim = mine.claim(A)
        store.quarantine(A, "refused by the service")
        mine.release(claim, A)
    with store.claims() as mine:
        mine.release(mine.claim(B))
    store.clear_quarantine([A])
    with store.claims() as mine:
        assert mine.claim(A).abandoned == A


def test_what_a_full_disk_does_not_take_is_in_the_claim_itself(tmp_path: Path) -> None:
    store = annotations(tmp_path)
    with store.claims() as mine:
        claim = mine.claim(A + B)
        with failing_disk(folder_of(store), errno.ENOSPC, 0, 1 << 30), pytest.raises(StoreError):
            mine.release(claim, B)
    assert store.claims().unanswered(B) == 1
    with store.claims() as mine:
        assert B in mine.claim(A + B).abandoned


def test_a_claim_that_is_being_written_is_waited_for_and_a_torn_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = annotations(tmp_path)
    with store.claims() as mine:
        mine.claim(A)
        (folder_of(store) / "000000000002").write_bytes(b"pioneer-build cl")
        assert mine.claim(B) == Claim()
        assert mine.held(B).texts == 1
        monkeypatch.setattr(claims, "_TORN_SECONDS", 0.0)
        assert mine.claim(B).digests == B


def test_a_claim_that_took_too_long_to_write_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others may have taken it for torn."""
    store = annotations(tmp_path)
    with store.claims() as mine:
        late = iter([-1.0, 60.0])
        monkeypatch.setattr(claims, "_LATE_SECONDS", 0.0)
        monkeypatch.setattr(claims.time, "monotonic", lambda: next(late, 60.0))
        assert mine.claim(A) == Claim(2, A)
        always = iter(range(1000))
        monkeypatch.setattr(claims.time, "monotonic", lambda: next(always))
        assert mine.claim(B) == Claim(), "a disk that is always too slow is no reason to hang"


def test_a_listing_that_is_old_misleads_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network share may list a folder as it was seconds ago; that a file exists is certain when it is created."""
    store, other = annotations(tmp_path), annotations(tmp_path)
    with store.claims() as mine, other.claims() as theirs:
        mine.claim(A)
        theirs.claim(B)
        theirs.claim(C)
        monkeypatch.setattr(claims.os, "listdir", lambda _: ["000000000001"])
        assert mine.claim(B + C + D).digests == D


@pytest.mark.parametrize("number", [errno.EROFS, errno.ENOSPC])
def test_a_disk_that_takes_no_claim_is_an_error_with_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    store = annotations(tmp_path)

    def refuse(*_: Any) -> None:
        raise OSError(number, os.strerror(number))

    with store.claims() as mine:
        mine.claim(A)
        monkeypatch.setattr(claims, "create", refuse)
        with pytest.raises(StoreError, match=r"can't write .*/claims/000000000002"):
            mine.claim(B)


def test_a_number_that_others_used_and_removed_is_no_claim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They did so after this process had looked, and before it created its claim."""
    store, other = annotations(tmp_path), annotations(tmp_path)
    with store.claims() as mine, other.claims() as theirs:
        look = mine._look

        def look_and_be_overtaken(process: ProcessClaim) -> bool:
            whole = look(process)
            monkeypatch.setattr(mine, "_look", look)
            first = theirs.claim(A)
            assert theirs.claim(B).digests == B
            other.add([(A, b"{}\n")])
            theirs.release(first)
            assert not (folder_of(store) / "000000000001").exists()
            return whole

        monkeypatch.setattr(mine, "_look", look_and_be_overtaken)
        assert mine.claim(A + B + C).digests == C


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9), st.integers(2, 4))
def test_whatever_the_order_each_text_is_labelled_once(
    tmp_path_factory: pytest.TempPathFactory, seed: int, runs: int
) -> None:
    dice = random.Random(seed)
    folder = tmp_path_factory.mktemp("store")
    texts = [bytes([number]) * 16 for number in range(24)]
    stores = [annotations(folder) for _ in range(runs)]
    opened = [store.claims() for store in stores]
    missing = []
    for store, one in zip(stores, opened, strict=True):
        one.__enter__()
        missing.append(each(store.missing(b"".join(texts))))
    out: list[tuple[int, Claim]] = []
    sent: list[bytes] = []
    for _ in range(200):
        run = dice.randrange(runs)
        if out and dice.random() < 0.5:
            run, claim = out.pop(dice.randrange(len(out)))
            if dice.random() < 0.9:
                stores[run].add([(digest, b"{}\n") for digest in each(claim.digests)])
                sent += each(claim.digests)
            opened[run].release(claim)
        elif not missing[run] and all(owner != run for owner, _ in out):
            missing[run] = each(stores[run].missing(b"".join(texts)))
        else:
            wanted = dice.sample(missing[run], min(4, len(missing[run])))
            missing[run] = [digest for digest in missing[run] if digest not in wanted]
            claim = opened[run].claim(b"".join(wanted))
            for _, other in out:
                assert set(each(claim.digests)).isdisjoint(each(other.digests))
            if claim.digests:
                out.append((run, claim))
    assert len(sent) == len(set(sent))
    for one in opened:
        one.__exit__()


def test_threads_at_once_share_what_there_is(tmp_path: Path) -> None:
    texts = [number.to_bytes(16, "big") for number in range(200)]
    sent: list[bytes] = []

    def run(seed: int) -> None:
        order = random.Random(seed).sample(texts, len(texts))
        store = annotations(tmp_path)
        with store.claims() as mine:
            order = each(store.missing(b"".join(order)))  # as a run does: others may have ended before this began
            for at in range(0, len(order), 10):
                claim = mine.claim(b"".join(order[at : at + 10]))
                new = each(claim.digests)
                sent.extend(new)
                store.add([(digest, b"{}\n") for digest in new])
                mine.release(claim)
        store.close()

    threads = [threading.Thread(target=run, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sent) == len(set(sent)), "sent twice"
    assert 0 < len(sent) <= len(texts)

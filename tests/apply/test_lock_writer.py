"""The lock during a run: written at once if that is cheap, rarely if it isn't, and always at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.apply.lock_writer import LOCK_SHARE, LockWriter
from pioneer_build.apply.plan_sources import PlanSources
from pioneer_build.lock.model import Entry, Job, Lock
from tests.apply.runs import MemoryLock
from tests.apply.world import BACKEND
from tests.planning import declared, generate_spec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pioneer_build.spec.model import Spec

A = Entry("a", BACKEND, "ner", {"labels": ["x"]}, "a", 4, (Job("fp1:a", "a", 4, "open", job_id="j1"),))
B = Entry("b", BACKEND, "ner", {"labels": ["x"]}, "a", 4, (Job("fp1:a", "a", 4, "open", job_id="j2"),))
ELSEWHERE = Entry("a", "local", "ner", {"labels": ["x"]}, "a", 4, (Job("fp1:a", "a", 4, "open", job_id="j3"),))


def lock_of(*entries: Entry) -> Lock:
    return Lock({(entry.dataset_name, entry.backend): entry for entry in entries})


def writer(port: MemoryLock, *entries: Entry, as_read: Lock | None = None, specs: Sequence[Spec] = ()) -> LockWriter:
    basis = PlanSources(lock_of(*entries), {one.dataset_name: declared(one) for one in specs}, as_read)
    return LockWriter(port, basis, BACKEND, port.now)


def test_what_changes_is_written_and_nothing_twice() -> None:
    port = MemoryLock()
    lock = writer(port, ELSEWHERE)
    lock.write()
    assert (port.written, lock.changed) == ([], False)
    lock.put(A)
    assert (port.written, lock.changed) == ([lock_of(ELSEWHERE, A)], True)
    lock.write()
    assert len(port.written) == 1


def test_what_the_journal_knew_is_written_even_where_nothing_happens() -> None:
    for as_read, count in ((lock_of(A), 1), (lock_of(A, B), 0), (None, 0)):
        port = MemoryLock()
        writer(port, A, B, as_read=as_read).write()
        assert len(port.written) == count


def test_writing_takes_no_more_than_its_share_of_the_time_but_at_the_end() -> None:
    port = MemoryLock(seconds=0.1)
    lock = writer(port)
    lock.put(A)
    assert len(port.written) == 1
    wait = 0.1 / LOCK_SHARE
    lock.put(B)
    port.clock += wait * 0.9
    lock.put(B)
    assert len(port.written) == 1, "it is not due yet"
    port.clock += wait * 0.2
    lock.write_if_due()
    assert port.written[1:] == [lock_of(A, B)]
    lock.put(A)
    lock.write()
    assert len(port.written) == 3, "the end waits for nothing"


def test_a_lock_that_is_handed_out_is_not_the_one_that_changes() -> None:
    port = MemoryLock()
    lock = writer(port)
    lock.put(A)
    lock.put(B)
    assert port.written[0] == lock_of(A)


def test_entries_are_found_by_remote_name_as_they_change_and_on_one_backend() -> None:
    lock = writer(MemoryLock(), A, ELSEWHERE)
    assert lock.with_remote_name("a") == [A]
    lock.put(B)
    assert lock.with_remote_name("a") == [A, B]
    lock.put(Entry("c", BACKEND, "ner", {"labels": ["x"]}, "a", 4, A.jobs), instead_of="a")
    assert [entry.dataset_name for entry in lock.with_remote_name("a")] == ["b", "c"]
    assert lock.entry("a") is None
    assert lock.with_remote_name("elsewhere") == []
    assert [entry.dataset_name for entry in lock.entries()] == ["b", "c"]


def test_a_dataset_is_found_under_its_name_in_the_specs_and_under_earlier_ones() -> None:
    lock = writer(MemoryLock(), A, specs=[generate_spec("new", renamed_from="a")])
    before = lock.entry("new")
    assert before is not None
    assert (before.dataset_name, before.jobs) == ("new", A.jobs)
    lock.put(before, instead_of="a")
    assert lock.entry("a") == lock.entry("new") == before, "checks may have recorded the old name"
    renamed = writer(MemoryLock(), before, specs=[generate_spec("new")])
    assert renamed.entry("a") == before, "its first job was submitted under that name"
    both = writer(MemoryLock(), before, specs=[generate_spec("new"), generate_spec("a")])
    assert both.entry("a") is None, "another dataset has this name now"

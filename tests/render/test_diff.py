"""What changed, as text."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pioneer_build.diff.locks import LockDiff, diff_locks
from pioneer_build.lock.model import Labelling
from pioneer_build.render.diff import diff_text
from pioneer_build.results.diff import DiffResult
from tests.diff.made import NOW, THEN, entry, job, lines, lock, not_here, said, two_rows


def shown(diff: LockDiff, *, colour: bool = False) -> str:
    return diff_text(DiffResult(diff, NOW, NOW), colour=colour)


def test_nothing_changed() -> None:
    found = diff_locks(lock(entry("d", job(1))), lock(entry("d", job(1))), not_here)
    assert "No changes in 1 dataset." in shown(found)
    assert shown(diff_locks(lock(), lock(), not_here)).endswith("\n\nNo datasets.")


def test_rows_that_are_not_here() -> None:
    assert "rows: can't be compared (before: the rows" in shown(
        diff_locks(lock(entry("d", job(1))), lock(entry("d", job(1), job(2))), not_here)
    )


def test_the_text() -> None:
    new = entry("d", job(1), job(2), definition={"task_type": "classification", "labels": ["y", "z"]})
    diff = diff_locks(lock(entry("d", job(1))), lock(new), two_rows, samples=1)
    assert diff_text(DiffResult(diff, THEN, NOW)) == (
        "pioneer.lock: main (0123456789ab) → working tree\n"
        "  main (0123456789ab) has no pioneer.lock: treated as empty\n"
        "\n"
        "~ d  2 → 4 rows\n"
        "    labels: + z, - x\n"
        "    num_examples: 2 → 4\n"
        "    version: 1 → 2\n"
        "    job j1, ready, 2 of 2 rows, version 1\n"
        "    + job j2, ready, 2 of 2 rows, version 2\n"
        "    rows: 2 added, 0 removed, 0 relabelled\n"
        '      + "j2-0": x\n'
        "\n"
        "1 dataset changed."
    )


def test_a_lock_in_conflict_is_said_to_be_so() -> None:
    result = DiffResult(diff_locks(lock(), lock(), not_here), THEN, replace(NOW, found="conflicted"))
    assert "  working tree has a pioneer.lock with conflict markers: both sides are merged\n" in diff_text(result)


def test_backends_are_named_where_there_are_several() -> None:
    both = lock(entry("d", job(1)), entry("d", job(2), backend="pioneer"))
    assert "+ d (local)  added, 2 rows" in shown(diff_locks(lock(), both, not_here))
    assert "+ d  added, 2 rows" in shown(diff_locks(lock(), lock(entry("d", job(1))), not_here))


def test_names_states_and_what_became_of_jobs() -> None:
    lost = job(1, job_id=None, version=None, state="unknown", got=None, rows=None, submissions=("s1",))
    found = replace(job(1), submissions=("s1",))
    assert "    job j1, unknown → ready, 2 of 2 rows, version 1\n" in shown(
        diff_locks(lock(entry("d", lost)), lock(entry("d", found)), two_rows)
    )
    assert "→ old → new  renamed, 2 rows\n" in shown(
        diff_locks(lock(entry("old", job(1))), lock(entry("new", job(1))), two_rows)
    )


def test_labels_that_shifted_and_rows_that_were_relabelled() -> None:
    rows = [[said(f"t{i}", "x") for i in range(4)], [said("t0", "y"), *(said(f"t{i}", "x") for i in range(1, 4))]]
    reader = lambda found: lines(rows[int(found.jobs[0].job_id == "j2")])  # noqa: E731
    text = shown(diff_locks(lock(entry("d", job(1, 4))), lock(entry("d", job(2, 4))), reader))
    assert "    label shares: x 100.0% → 75.0%, y 0.0% → 25.0%\n" in text
    assert '      ~ "t0": x → y\n' in text


def test_counts_of_texts_say_what_they_count() -> None:
    made = Labelling("f", "i", texts=3, distinct=2, annotated=2, quarantined=0, rows=3, content="c")
    more = replace(made, texts=4, distinct=3, quarantined=1)
    before, after = (replace(entry("d"), num_examples=None, labelling=one) for one in (made, more))
    text = shown(diff_locks(lock(before), lock(after), two_rows))
    assert "    texts: 3 → 4\n    distinct texts: 2 → 3\n    quarantined texts: 0 → 1\n" in text


def test_long_values_are_cut_short() -> None:
    old = entry("d", job(1), definition={"task_type": "decoder", "prompt": "a" * 200})
    new = entry("d", job(1), definition={"task_type": "decoder", "prompt": "b"})
    assert f"prompt: {'a' * 160}… (40 more characters) → b\n" in shown(diff_locks(lock(old), lock(new), two_rows))


def test_colours() -> None:
    changes = diff_locks(lock(entry("d", job(1))), lock(entry("e", job(1)), entry("f", job(2))), two_rows)
    text = shown(changes, colour=True)
    assert "\x1b[36m→\x1b[0m d → e" in text
    assert "\x1b[32m+\x1b[0m f" in text
    assert "\x1b" not in shown(changes)


@pytest.mark.parametrize(("kind", "want"), [("added", "added, 2 rows"), ("removed", "removed, had 2 rows")])
def test_whole_datasets(kind: str, want: str) -> None:
    one, none = lock(entry("d", job(1))), lock()
    diff = diff_locks(none, one, two_rows) if kind == "added" else diff_locks(one, none, two_rows)
    text = shown(diff)
    assert want in text
    assert "j1-0" not in text

"""What changed between two locks: datasets, jobs, rows."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pioneer_build.diff.json import diff_value
from pioneer_build.diff.locks import diff_locks
from pioneer_build.diff.rows import RowsDiff, compare_rows, labels_of
from pioneer_build.lock.model import Labelling
from tests.diff.made import NOW, THEN, entry, job, lines, lock, not_here, said, two_rows

if TYPE_CHECKING:
    from collections.abc import Sequence


def compared(old: Sequence[dict[str, Any]], new: Sequence[dict[str, Any]], samples: int = 3) -> RowsDiff:
    return compare_rows(lines(old), lines(new), samples)


# -- rows ----------------------------------------------------------------------------------------------------------


def test_added_removed_relabelled() -> None:
    old = [said("a", "x"), said("b", "x"), said("c", "y")]
    new = [said("c", "y"), said("a", "y"), said("d", "x")]
    found = compared(old, new)
    assert (found.added, found.removed, found.relabelled, found.rescored, found.moved) == (1, 1, 1, 0, False)
    assert [(one.label, one.old, one.new) for one in found.labels] == [("x", 2, 1), ("y", 1, 2)]
    assert found.samples[0].old == said("a", "x")
    assert found.samples[0].new == said("a", "y")
    assert [one.new for one in found.samples[1:]] == [said("d", "x"), None]


def test_scores_ids_and_order_are_told_apart_from_labels() -> None:
    old = [said("a", "x", score=0.5), said("b", "x", id=1)]
    found = compared(old, [said("a", "x", score=0.9), said("b", "x", id=2)])
    assert (found.same, found.rescored, found.moved) == (True, 2, False)
    found = compared(old, old[::-1])
    assert (found.same, found.rescored, found.moved) == (True, 0, True)


def test_a_row_counts_as_often_as_it_is_there() -> None:
    twice = [said("a", "x"), said("a", "x"), said("a", "y")]
    found = compared(twice, [said("a", "x"), said("a", "z"), said("a", "z")])
    assert (found.added, found.removed, found.relabelled) == (0, 0, 2)
    found = compared(twice, [said("a", "x")])
    assert (found.added, found.removed, found.relabelled) == (0, 2, 0)


def test_a_conversation_is_relabelled_where_only_the_answer_changed() -> None:
    def talk(question: str, answer: str) -> dict[str, Any]:
        return {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]}

    found = compared([talk("q", "1"), talk("r", "1")], [talk("q", "2"), talk("s", "1")])
    assert (found.added, found.removed, found.relabelled, found.labels) == (1, 1, 1, ())


def test_spans_count_as_mentions() -> None:
    def row(*labels: str) -> dict[str, Any]:
        return {"text": "ab", "entities": [{"text": "a", "label": one, "start": 0, "end": 1} for one in labels]}

    found = compared([row("x")], [row("x", "y")])
    assert (found.relabelled, found.labelled) == (1, (1, 2))


WORDS = st.text(alphabet=st.sampled_from('ab"\\\\,{}[]:é\u2028'), max_size=8) | st.sampled_from(
    [',"label":"x"', '"labels":[']
)
ANY = st.one_of(
    st.builds(said, WORDS, WORDS),
    st.builds(lambda text, labels: {"text": text, "labels": labels}, WORDS, st.lists(WORDS, max_size=3)),
    st.builds(lambda text, labels: {"text": text, "entities": [{"text": "a", "label": one} for one in labels]},
              WORDS, st.lists(WORDS, max_size=3)),
    st.builds(lambda text: {"messages": [{"role": "user", "content": text}]}, WORDS),
)  # fmt: skip


@given(st.lists(ANY, max_size=5), st.lists(ANY, max_size=5))
def test_labels_are_counted_whatever_texts_say(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> None:
    found = compared(old, new)
    want = [Counter(label for row in rows for label in labels_of(row)) for rows in (old, new)]
    assert {one.label: (one.old, one.new) for one in found.labels} == {
        label: (want[0][label], want[1][label]) for label in want[0] | want[1]
    }


def test_texts_are_the_same_to_the_letter_alone() -> None:
    assert compared([said("a b", "x")], [said("a  b", "x")]).added == 1


rows = st.lists(
    st.builds(said, st.sampled_from("abcd"), st.sampled_from("xyz"), score=st.sampled_from([0.25, 0.5])),
    max_size=12,
)


@settings(max_examples=150)
@given(rows, rows)
def test_the_counts_add_up(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> None:
    found = compared(old, new, samples=100)
    assert (found.old, found.new) == (len(old), len(new))
    assert len(old) - found.removed == len(new) - found.added
    texts = Counter(row["text"] for row in new)
    texts.subtract(row["text"] for row in old)
    assert found.added == sum(count for count in texts.values() if count > 0)
    assert found.removed == -sum(count for count in texts.values() if count < 0)
    same = Counter((row["text"], row["label"]) for row in old) & Counter((row["text"], row["label"]) for row in new)
    assert found.relabelled == min(len(old) - found.removed, len(new) - found.added) - same.total()
    assert {one.label: (one.old, one.new) for one in found.labels} == {
        label: (sum(row["label"] == label for row in old), sum(row["label"] == label for row in new))
        for label in {row["label"] for row in old + new}
    }
    assert len(found.samples) == found.added + found.removed + found.relabelled
    back = compared(new, old)
    assert (back.added, back.removed, back.relabelled) == (found.removed, found.added, found.relabelled)


# -- locks ---------------------------------------------------------------------------------------------------------


def test_nothing_changed() -> None:
    found = diff_locks(lock(entry("d", job(1))), lock(entry("d", job(1))), not_here)
    assert (found.datasets, found.unchanged) == ((), 1)


def test_an_extend() -> None:
    found = diff_locks(lock(entry("d", job(1))), lock(entry("d", job(1), job(2))), two_rows)
    [one] = found.datasets
    assert (one.kind, one.examples, one.content_changed) == ("changed", (2, 4), True)
    assert [(change.field, change.old, change.new) for change in one.fields] == [
        ("num_examples", 2, 4),
        ("version", "1", "2"),
    ]
    assert [(change.job.job_id, change.was, change.now) for change in one.jobs] == [("j2", None, "ready")]
    assert one.rows is not None
    assert (one.rows.added, one.rows.removed) == (2, 0)


def test_rows_that_are_not_here() -> None:
    [one] = diff_locks(lock(entry("d", job(1))), lock(entry("d", job(1), job(2))), not_here).datasets
    assert (one.rows, one.unseen) == (None, "before: the rows are not on this machine")


def test_rows_that_the_service_never_gave() -> None:
    blind = [job(number, rows=None, verified=False) for number in (1, 2)]
    [one] = diff_locks(lock(entry("d", blind[0])), lock(entry("d", *blind)), not_here).datasets
    assert (one.content_changed, one.examples) == (True, (2, 4))


def test_added_removed_forgotten_returned() -> None:
    old = lock(entry("gone", job(1)), entry("off", job(2)), entry("back", job(3), forgotten=True))
    new = lock(entry("new", job(4)), entry("off", job(2), forgotten=True), entry("back", job(3)))
    kinds = {one.dataset_name: one.kind for one in diff_locks(old, new, two_rows).datasets}
    assert kinds == {"gone": "removed", "new": "added", "off": "forgotten", "back": "returned"}


def test_a_renamed_dataset_is_known_by_its_jobs() -> None:
    [one] = diff_locks(lock(entry("old", job(1))), lock(entry("new", job(1))), two_rows).datasets
    assert (one.kind, one.renamed_from, one.jobs, one.content_changed) == ("renamed", "old", (), False)


def test_a_renamed_label_dataset_is_known_by_what_it_was_made_of() -> None:
    bare = entry("old")
    labelling = Labelling(bare.fingerprint, "sha256:i", 2, 2, 2, 0, 2, "sha256:" + "0" * 64)
    old = replace(bare, num_examples=None, labelling=labelling)
    [one] = diff_locks(lock(old), lock(replace(old, dataset_name="new")), two_rows).datasets
    assert (one.kind, one.renamed_from) == ("renamed", "old")


def test_a_submission_that_was_found_is_one_job() -> None:
    lost = job(1, job_id=None, version=None, state="unknown", got=None, rows=None, submissions=("s1",))
    found = replace(job(1), submissions=("s1",))
    [one] = diff_locks(lock(entry("d", lost)), lock(entry("d", found)), two_rows).datasets
    assert [(change.was, change.now) for change in one.jobs] == [("unknown", "ready")]


def test_one_backend() -> None:
    old, new = lock(), lock(entry("d", job(1)), entry("d", job(2), backend="pioneer"))
    assert [one.backend for one in diff_locks(old, new, two_rows).datasets] == ["local", "pioneer"]
    assert [one.backend for one in diff_locks(old, new, two_rows, backend="pioneer").datasets] == ["pioneer"]


def test_the_json() -> None:
    diff = diff_locks(lock(entry("d", job(1))), lock(entry("d", job(1), job(2))), two_rows)
    value = json.loads(json.dumps(diff_value(diff, THEN, NOW)))
    assert (value["format"], value["changes"], value["unchanged"]) == (1, True, 0)
    assert value["from"] == {"revision": "main", "commit": THEN.commit, "lock": "absent"}
    assert value["to"] == {"revision": None, "commit": None, "lock": "present"}
    [one] = value["datasets"]
    assert (one["change"], one["examples"], one["rows"]["added"]) == ("changed", {"old": 2, "new": 4}, 2)
    assert [sample["change"] for sample in one["rows"]["samples"]] == ["added", "added"]

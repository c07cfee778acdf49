"""What changed between two piles of rows."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pioneer_build.diff.rows import RowsDiff, compare_rows, labels_of
from tests.diff.made import lines, said

if TYPE_CHECKING:
    from collections.abc import Sequence


def compared(old: Sequence[dict[str, Any]], new: Sequence[dict[str, Any]], samples: int = 3) -> RowsDiff:
    return compare_rows(lines(old), lines(new), samples)


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
    st.builds(lambda text, labels: {"text": text, "entities": [
        {"text": "a", "label": one, "ambiguous": True} for one in labels]},
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

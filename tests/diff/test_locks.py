"""What changed between two locks: datasets, jobs, rows."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pioneer_build.diff.json import diff_value
from pioneer_build.diff.locks import diff_locks
from pioneer_build.diff.rows import RowsDiff, compare_rows, labels_of
from pioneer_build.diff.state import State
from pioneer_build.lock.model import Entry, Job, Labelling, Lock
from pioneer_build.render.diff import diff_markdown, diff_text
from pioneer_build.render.markdown import cell, code
from pioneer_build.render.plan import MARKDOWN_LIMIT
from pioneer_build.rows import row_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pioneer_build.diff.rows import Lines


def said(text: str, label: str, **more: Any) -> dict[str, Any]:
    return {**({"id": more.pop("id")} if "id" in more else {}), "text": text, "label": label, **more}


def lines(rows: Iterable[dict[str, Any]]) -> Lines:
    kept = [row_line(row) for row in rows]
    return lambda: kept


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

DEFINITION = {"task_type": "classification", "labels": ["x", "y"]}


def job(number: int, count: int = 2, **more: Any) -> Job:
    made: dict[str, Any] = {
        "fingerprint": "", "remote_name": "d", "asked": count, "state": "ready", "order": number,
        "job_id": f"j{number}", "version": str(number), "got": count, "rows": f"sha256:{number:064d}", "verified": True,
    }  # fmt: skip
    return Job(**{**made, **more})


def entry(
    name: str = "d", *jobs: Job, backend: str = "local", definition: dict[str, Any] | None = None, **more: Any
) -> Entry:
    bare = Entry(name, backend, "classification", definition or DEFINITION, "d", sum(one.asked for one in jobs))
    return replace(bare, jobs=tuple(replace(one, fingerprint=bare.fingerprint) for one in jobs), **more)


def lock(*entries: Entry) -> Lock:
    return Lock({(one.dataset_name, one.backend): one for one in entries})


def not_here(_: Entry) -> str:
    return "the rows are not on this machine"


def two_rows(found: Entry) -> Lines:
    return lines([said(f"{one.job_id}-{i}", "x") for one in found.readable() for i in range(one.asked)])


def test_nothing_changed() -> None:
    found = diff_locks(lock(entry("d", job(1))), lock(entry("d", job(1))), not_here)
    assert (found.datasets, found.unchanged) == ((), 1)
    assert "No change: 1 dataset as before." in diff_text(found, NOW, NOW)


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
    assert "rows: can't be compared here (before: the rows" in diff_text(
        diff_locks(lock(entry("d", job(1))), lock(entry("d", job(1), job(2))), not_here), NOW, NOW
    )


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


# -- rendering -----------------------------------------------------------------------------------------------------

NOW = State(Lock(), None, None, "present")
THEN = State(Lock(), "main", "0123456789abcdef0123456789abcdef01234567", "absent")


def test_the_text() -> None:
    new = entry("d", job(1), job(2), definition={"task_type": "classification", "labels": ["y", "z"]})
    diff = diff_locks(lock(entry("d", job(1))), lock(new), two_rows, samples=1)
    assert diff_text(diff, THEN, NOW) == (
        "pioneer.lock: main (0123456789ab) → working tree\n"
        "  main (0123456789ab) has no pioneer.lock: counted as empty\n"
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
        "1 changed."
    )


def test_the_json() -> None:
    diff = diff_locks(lock(entry("d", job(1))), lock(entry("d", job(1), job(2))), two_rows)
    value = json.loads(json.dumps(diff_value(diff, THEN, NOW)))
    assert (value["format"], value["changes"], value["unchanged"]) == (1, True, 0)
    assert value["from"] == {"revision": "main", "commit": THEN.commit, "lock": "absent"}
    assert value["to"] == {"revision": None, "commit": None, "lock": "present"}
    [one] = value["datasets"]
    assert (one["change"], one["examples"], one["rows"]["added"]) == ("changed", {"old": 2, "new": 4}, 2)
    assert [sample["change"] for sample in one["rows"]["samples"]] == ["added", "added"]


HOSTILE = "@everyone <img src=x> | [x](http://evil) #1 `a` www.evil\n# head \x1b[31m ~~x~~"


def test_markdown_formats_links_and_mentions_nothing() -> None:
    old = entry("d", job(1), definition={**DEFINITION, "domain_description": "plain"})
    new = entry("d", job(2), definition={**DEFINITION, "domain_description": HOSTILE})
    text = diff_markdown(
        diff_locks(lock(old), lock(new), lambda found: lines([said(HOSTILE, found.jobs[0].job_id or "")])), NOW, NOW
    )
    outside = "\n".join(line for line in text.splitlines() if not line.startswith("  - `"))
    for piece in ("@everyone", "<img", "http://", "www.evil", "\x1b", "\n# head", "[x]"):
        assert piece not in outside
    assert all(line.count("`") >= 2 for line in text.splitlines() if line.startswith("  - `"))


@given(st.text())
def test_code_cannot_be_left(text: str) -> None:
    shown = code(text)
    assert shown[0] == shown[-1] == "`"
    assert "`" not in shown[1:-1]
    assert "\n" not in shown + cell(text)


def test_a_comment_is_never_too_long() -> None:
    many = [
        entry(f"dataset-{i:04}", job(i, 3000), definition={**DEFINITION, "domain_description": "x" * 500})
        for i in range(1500)
    ]
    text = diff_markdown(diff_locks(lock(), lock(*many), not_here), NOW, NOW)
    assert len(text) < MARKDOWN_LIMIT + 1000
    assert "more datasets: run `pioneer-build diff`" in text
    few = many[:40]
    long = lambda found: lines([said(f"{found.dataset_name} {i} " + "y" * 200, "x") for i in range(300)])  # noqa: E731
    text = diff_markdown(diff_locks(lock(), lock(*few), long, samples=300), NOW, NOW)
    assert len(text) < MARKDOWN_LIMIT + 1000


@pytest.mark.parametrize(("kind", "want"), [("added", "added, 2 rows"), ("removed", "removed, had 2 rows")])
def test_whole_datasets(kind: str, want: str) -> None:
    one, none = lock(entry("d", job(1))), lock()
    diff = diff_locks(none, one, two_rows) if kind == "added" else diff_locks(one, none, two_rows)
    text = diff_text(diff, NOW, NOW)
    assert want in text
    assert "j1-0" not in text

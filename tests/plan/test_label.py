"""What one label spec needs, row by row of the table of changes."""

from __future__ import annotations

from dataclasses import replace

from pioneer_build.lock.model import Rejection
from pioneer_build.plan import Choices, KeptRows
from tests.plan.steps import (
    ITEM,
    LABEL,
    RELABEL,
    decided,
    facts,
    labelled,
    labelling,
    step,
    texts,
)
from tests.planning import declared, entry, job


def test_a_new_label_spec() -> None:
    one = step(LABEL, None, **facts(new=5))
    assert (decided(one), texts(one)) == (("label", 1, 5, 5), "inputs: 5 texts to label")
    assert decided(step(LABEL, None, **facts(count=1001, new=1001))) == ("label", 2, 1001, 1001)
    assert decided(step(LABEL, None, **facts(count=1000, new=1000)))[:2] == ("label", 1)
    one = step(LABEL, None, **facts(new=0))
    assert (decided(one), texts(one)) == (("label", 0, 0, 5), "inputs: all 5 texts already labelled")
    assert texts(step(LABEL, None, **facts(count=1, new=0))) == "inputs: its text is already labelled"
    one = step(LABEL, None, **facts(quarantined=1))
    assert texts(one) == "inputs: all 5 texts already labelled or quarantined"


def test_why_only_some_of_the_texts_are_sent() -> None:
    """Every text of the spec is accounted for: sent, a duplicate, labelled before, or quarantined."""
    one = step(LABEL, None, **facts(count=7, new=6, distinct=6))
    assert texts(one) == "inputs: 6 texts to label; of 7 texts, 1 is a duplicate"
    one = step(LABEL, None, **facts(count=9, new=2, distinct=6, quarantined=1))
    assert texts(one) == (
        "inputs: 2 texts to label; of 9 texts, 3 are duplicates, 3 are already labelled, 1 is quarantined"
    )
    one = step(LABEL, labelled(), **facts("e", 8, 1, distinct=6, held=5))
    assert texts(one).endswith("inputs: 1 new text; 5 → 8 rows; of 8 texts, 2 are duplicates, 5 are already labelled")
    one = step(RELABEL, labelled(), **facts(count=5, new=4, distinct=4))
    assert texts(one).endswith("inputs: 4 texts to label with this definition; of 5 texts, 1 is a duplicate")
    retry = Choices(retry=frozenset({"a"}))
    one = step(LABEL, None, retry, **facts(count=5, new=2, quarantined=1))
    assert texts(one) == "inputs: 3 texts to label; of 5 texts, 2 are already labelled"


def test_the_worst_case_of_label_requests() -> None:
    """Each text six times; three requests for a batch, and four for each time that it can be halved."""
    one = step(LABEL, None, **facts(count=1001, new=1001))
    assert (one.requests_at_most, one.examples_at_most) == (3 + 4 * 10 + 3, 6006)
    one = step(LABEL, labelled(), **facts())
    assert (one.requests_at_most, one.examples_at_most) == (None, None)
    one = step(LABEL, None, free=True, **facts(new=5))
    assert (one.requests_at_most, one.examples_at_most) == (None, None)


def test_label_specs_that_change() -> None:
    assert decided(step(LABEL, labelled(), **facts())) == ("none", 0, 0, 5)
    one = step(LABEL, labelled(), **facts("e", 6, 1, held=5))
    assert (decided(one), texts(one)) == (("label", 1, 1, 6), "inputs: 1 new text; 5 → 6 rows")
    one = step(LABEL, labelled(), **facts("e"))
    assert decided(one) == ("label", 0, 0, 5)
    assert "order changed; all texts already labelled" in texts(one)
    assert texts(step(LABEL, labelled(), **facts("e", 4))) == "inputs: no new texts; 5 → 4 rows"
    one = step(RELABEL, labelled(), **facts(new=5))
    assert decided(one) == ("label", 1, 5, 5)
    assert [why.field for why in one.reasons] == ["labels", "inputs"]
    back = labelled(RELABEL, paid=((LABEL.fingerprint, 5), (RELABEL.fingerprint, 5)))
    one = step(LABEL, back, **facts(held=5))
    assert decided(one) == ("label", 0, 0, 5)
    assert "inputs: all 5 texts already labelled" in texts(one)
    guarded = step(declared(replace(RELABEL.spec, protect=True)), labelled(protect=True), **facts(new=5))
    assert guarded.refused is not None
    more = step(declared(replace(LABEL.spec, protect=True)), labelled(protect=True), **facts("e", 6, 1, held=5))
    assert more.refused is None


def test_a_label_spec_that_comes_back() -> None:
    known = labelled(forgotten=True)
    assert decided(step(LABEL, known, **facts())) == ("restore", 0, 0, 5)
    assert decided(step(LABEL, known, **facts("e", 6, 1, held=5))) == ("restore", 1, 1, 6)
    assert decided(step(LABEL, known, **facts(new=5))) == ("restore", 0, 0, 5), "its rows are here"
    one = step(LABEL, known, present=(), **facts(new=5))
    assert (one.action, one.submits) == ("restore", False)


def test_from_rows_to_inputs_and_back() -> None:
    generated = entry(ITEM, job(ITEM))
    one = step(LABEL, generated, **facts(new=5))
    assert decided(one) == ("label", 1, 5, 5)
    assert "now has `inputs`" in texts(one)
    one = step(ITEM, labelled())
    assert decided(one) == ("replace", 1, 10, 10)
    assert "now has `num_examples`" in texts(one)
    both = replace(generated, labelling=labelling(), paid=((LABEL.fingerprint, 5),))
    assert decided(step(LABEL, both, **facts())) == ("label", 0, 0, 5)
    assert decided(step(ITEM, replace(both, num_examples=None))) == ("restore", 0, 0, 10)
    lost = step(LABEL, both, **facts(new=5))
    assert (lost.action, lost.submits) == ("label", False)


def test_refused_and_rejected_texts() -> None:
    for state in ("failed", "rejected"):
        refusal = Rejection(LABEL.fingerprint, "d", state, "labels: too many")  # type: ignore[arg-type]
        known = entry(LABEL, rejection=refusal)
        one = step(LABEL, known, **facts(new=5))
        assert decided(one) == ("blocked", 0, 0, 5)
        assert "labels: too many" in texts(one)
        assert one.command == "pioneer-build apply --retry a"
        assert decided(step(LABEL, known, Choices(retry=frozenset({"a"})), **facts(new=5))) == ("label", 1, 5, 5)
        assert step(LABEL, known, **facts("e", new=5)).action == "label"
        assert step(RELABEL, known, **facts(new=5)).action == "label"
        loose = step(replace(LABEL, checks={"min_accepted": 0.1}), known, **facts(new=5))
        assert loose.action == ("blocked" if state == "failed" else "label")


def test_quarantined_texts_are_done_until_they_are_tried_again() -> None:
    known = labelled(labelling=labelling(annotated=4, quarantined=1, rows=4))
    assert step(LABEL, known, **facts(quarantined=1)).action == "none"
    one = step(LABEL, known, Choices(retry=frozenset({"a"})), **facts(quarantined=1))
    assert decided(one) == ("label", 1, 1, 5)
    assert "1 quarantined text will be tried again" in texts(one)
    assert step(LABEL, known, Choices(retry=frozenset({"a"})), **facts()).action == "none"


def test_paid_annotations_are_never_bought_again_silently() -> None:
    relabel = Choices(relabel=frozenset({"a"}))
    # a fresh clone: nothing is pending, and nothing is bought
    one = step(LABEL, labelled(), present=(), **facts(new=5))
    assert (decided(one), one.fetch, one.submits) == (("fetch", 0, 0, 5), True, False)
    assert one.refused == "paid annotations are missing from the store"
    assert one.command == "pioneer-build apply --relabel a"
    assert "5 annotations were paid for, but are missing from the store: labelling again costs 1 request" in texts(one)
    assert decided(step(LABEL, labelled(), relabel, present=(), **facts(new=5))) == ("label", 1, 5, 5)
    assert decided(step(LABEL, labelled(), present=(), free=True, **facts(new=5))) == ("fetch", 0, 0, 5)
    assert step(LABEL, labelled(), present=(), free=True, **facts(new=5)).refused is None
    # the annotations are here, the rows are not: they are made of them
    one = step(LABEL, labelled(), present=(), **facts(new=0, held=5))
    assert (one.action, one.fetch, one.refused) == ("fetch", True, None)
    # the rows are here: nothing is wanted of the annotations
    assert decided(step(LABEL, labelled(), **facts(new=5))) == ("none", 0, 0, 5)
    assert decided(step(LABEL, labelled(), relabel, **facts(new=5))) == ("label", 1, 5, 5)
    assert step(LABEL, labelled(), relabel, **facts(new=0)).action == "none"
    # a setting is remembered even so, and the rest waits
    guarded = declared(replace(LABEL.spec, protect=True))
    one = step(guarded, labelled(), present=(), **facts(new=5))
    assert (one.action, one.fetch, one.refused) == ("update", False, None)
    # one more text on a fresh clone
    one = step(LABEL, labelled(), present=(), **facts("e", 6, 6))
    assert (decided(one), one.submits) == (("label", 1, 6, 6), False)
    assert "5 annotations were paid for" in texts(one)
    # other projects' texts of the same definition don't stand for these
    assert not step(LABEL, labelled(), present=(), **facts("e", 6, 6, held=1000)).submits
    # part of the store is lost
    one = step(LABEL, labelled(), **facts("e", 6, 4, held=2))
    assert not one.submits
    assert "3 annotations were paid for" in texts(one)
    # a definition that was paid for before
    back = labelled(RELABEL, paid=((LABEL.fingerprint, 5), (RELABEL.fingerprint, 5)))
    assert not step(LABEL, back, **facts(new=5)).submits
    assert step(LABEL, back, free=True, **facts(new=5)).submits
    interrupted = entry(LABEL, paid=((LABEL.fingerprint, 3),))
    assert not step(LABEL, interrupted, **facts(new=5)).submits
    assert step(LABEL, interrupted, **facts(new=2, held=3)).submits
    assert step(LABEL, interrupted, relabel, **facts(new=5)).submits


def test_checks_that_too_few_annotations_meet_block_the_step() -> None:
    known = labelled(labelling=labelling(annotated=4, quarantined=1))
    strict = replace(LABEL, checks={"min_accepted": 0.9})
    kept = {"a": KeptRows("4 of 5 texts were annotated (at least 5 required)", broken=True)}
    one = step(strict, known, kept=kept, **facts(quarantined=1))
    assert decided(one) == ("blocked", 0, 0, 5)
    assert texts(one).startswith("checks: 4 of 5 texts were annotated")
    assert one.command == (
        "loosen `checks` in the spec, or: pioneer-build apply --retry a  (sends the quarantined texts again)"
    )
    retry = Choices(retry=frozenset({"a"}))
    assert decided(step(strict, known, retry, kept=kept, **facts(quarantined=1))) == ("label", 1, 1, 5)
    assert decided(step(strict, known, **facts(quarantined=1))) == ("update", 0, 0, 5)
    refused = replace(known, rejection=Rejection(LABEL.fingerprint, "d", "rejected", "too few"))
    assert step(strict, refused, **facts(quarantined=1)).action == "label", "judged again"
    assert step(strict, refused, kept=kept, **facts(quarantined=1)).action == "blocked"


def test_a_protected_label_spec_that_comes_back_changed() -> None:
    known = labelled(forgotten=True, protect=True)
    guarded = step(declared(replace(RELABEL.spec, protect=True)), known, **facts(new=5))
    assert (guarded.action, guarded.submits) == ("restore", False)
    assert "protected" in str(guarded.refused)
    assert step(declared(replace(LABEL.spec, protect=True)), known, **facts()).refused is None


def test_texts_that_are_probably_a_mistake_are_said_where_texts_are_bought() -> None:
    said = "2 texts are errors of a spreadsheet, not texts: first #N/A in a.csv:3"
    new = step(LABEL, None, **facts(new=5, warnings=(said,)))
    assert texts(new) == f"inputs: 5 texts to label | inputs: {said}"
    more = step(LABEL, labelled(paid=()), **facts("other", count=6, new=1, warnings=(said,)))
    assert more.action == "label"
    assert texts(more).endswith(f" | inputs: {said}")


def test_every_reason_names_the_key_of_the_spec_that_it_is_about() -> None:
    retry, relabel = Choices(retry=frozenset({"a"})), Choices(relabel=frozenset({"a"}))
    quarantined = labelled(labelling=labelling(annotated=4, quarantined=1, rows=4))
    steps = [
        step(LABEL, entry(LABEL), **facts(new=5)),
        step(LABEL, quarantined, retry, **facts(quarantined=1)),
        step(LABEL, labelled(), relabel, **facts(new=5)),
        step(LABEL, labelled(), relabel, present=(), **facts(new=5)),
        step(LABEL, labelled(), present=(), **facts(new=5)),
    ]
    for one in steps:
        assert {why.field for why in one.reasons} <= {"inputs", "dataset_name"}, one.action
        assert "inputs" in {why.field for why in one.reasons}
    from_rows = step(LABEL, entry(ITEM, job(ITEM), labelling=labelling()), **facts())
    change = next(why for why in from_rows.reasons if "num_examples" in why.text)
    assert (change.field, change.old, change.new) == ("inputs", "num_examples: 10", "inputs")
    failed = Rejection(LABEL.fingerprint, "d", "failed", "no")
    assert [why.field for why in step(LABEL, entry(LABEL, rejection=failed), **facts(new=5)).reasons][:1] == [
        "dataset_name"
    ]


def test_one_annotation_that_is_missing_is_said_in_the_singular() -> None:
    one = step(LABEL, labelled(), present=(), **facts(new=1, held=4))
    assert "inputs: 1 annotation was paid for, but is missing from the store: labelling again costs 1 request" in texts(
        one
    ).split(" | ")


def test_texts_that_were_paid_for_in_another_labelling_do_not_make_more_of_these_missing() -> None:
    """Of the texts of this dataset as many were paid for as it had; the others are no longer its own."""
    known = labelled(paid=((LABEL.fingerprint, 9),))
    one = step(LABEL, known, present=(), **facts("e", 9, 9))
    assert "5 annotations were paid for" in texts(one)
    back = labelled(RELABEL, paid=((LABEL.fingerprint, 3), (RELABEL.fingerprint, 5)))
    assert step(LABEL, back, present=(), **facts("e", 9, 4, held=3)).submits, "what was paid for is here"

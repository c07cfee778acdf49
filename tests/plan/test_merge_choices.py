"""What a plan says of a merge's choices."""

from __future__ import annotations

from pioneer_build.lock.three_way import MergeChoice
from pioneer_build.plan import Plan, Reason, Step
from pioneer_build.plan.merge_choices import choice_texts, with_choices


def choice(field: str, kept: str = "ours", name: str = "a", backend: str = "pioneer") -> MergeChoice:
    return MergeChoice(name, backend, field, "ours" if kept == "ours" else "theirs")


def test_one_sentence_a_side() -> None:
    made = [choice("definition"), choice("labelling", "theirs"), choice("checks"), choice("num_examples")]
    assert choice_texts(made, {"ours": "ours", "theirs": "theirs"}) == (
        "both sides of the merge changed the definition, checks and num_examples: kept as in ours",
        "both sides of the merge changed the labelled rows: kept as in theirs",
    )


def test_a_removal_and_a_change() -> None:
    (text,) = choice_texts([choice("dataset", "theirs")], {"ours": "ours", "theirs": "theirs"})
    assert text == "one side of the merge removed this dataset and the other changed it: kept as in theirs"


def test_only_what_is_pending_on_this_backend_gets_a_reason() -> None:
    plan = Plan("pioneer", (Step("a", "restore", (Reason("labels", "+ x"),)), Step("b", "none"), Step("c", "update")))
    made = [choice("definition"), choice("definition", name="b"), choice("definition", name="c", backend="local")]
    found = with_choices(plan, made, {"ours": "0a1b2c3d", "theirs": "4e5f6071"})
    assert [len(step.reasons) for step in found.steps] == [2, 0, 0]
    assert found.steps[0].reasons[1].line == "both sides of the merge changed the definition: kept as in 0a1b2c3d"
    assert found.steps[0].action == "restore"
    assert with_choices(plan, [], {"ours": "", "theirs": ""}) is plan


def test_a_choice_about_a_dataset_whose_rename_is_pending_has_its_old_name() -> None:
    plan = Plan("pioneer", (Step("new", "replace", renamed_from="a"),))
    (step,) = with_choices(plan, [choice("definition")], {"ours": "0a1b2c3d", "theirs": "4e5f6071"}).steps
    assert [reason.text for reason in step.reasons] == [
        "both sides of the merge changed the definition: kept as in 0a1b2c3d"
    ]

"""Classes come from what is in the text."""

from __future__ import annotations

import numpy as np
import pytest

from pioneer_build.engine.labelling.class_choice import classify, leaning, prototypes, similarities


def test_answers_depend_on_the_text_alone() -> None:
    labels = ["sports", "business", "weather"]
    texts = ["The team won the final.", "Shares fell sharply.", "It will rain all day.", "", "🙂"]
    together = classify(labels, texts)
    assert [choice.label for choice in together[:3]] == labels
    assert [classify(labels, [text])[0] for text in texts] == together
    turned = classify(labels[::-1], texts)
    assert [(c.label, c.scores, c.margin) for c in turned] == [(c.label, c.scores, c.margin) for c in together]


def test_one_label_and_many() -> None:
    assert classify(["only"], ["x"])[0].scores == {"only": 1.0}
    many = [f"label {i}" for i in range(300)]
    assert classify(many, ["x"])[0].label in many


def test_scores_are_shares_and_the_margin_is_the_lead() -> None:
    for choice in classify(["sports", "business", "weather"], ["The team won the final.", "Rain and shares fell."]):
        assert choice.label == max(choice.scores, key=lambda label: choice.scores[label])
        assert sum(choice.scores.values()) == pytest.approx(1, abs=0.02)
        first, second, _ = sorted(choice.scores.values(), reverse=True)
        assert choice.margin == pytest.approx(first - second, abs=0.011)
        assert choice.as_dict("x") == {
            "text": "x",
            "label": choice.label,
            "score": first,
            "margin": choice.margin,
            "scores": choice.scores,
        }


def test_scores_are_in_the_order_of_the_labels() -> None:
    assert list(classify(["b", "c", "a"], ["x"])[0].scores) == ["b", "c", "a"]


def test_what_is_near_to_no_label_is_the_one_of_the_rest() -> None:
    texts = ["The team won the final.", "Shares fell sharply.", "asdf qwer"]
    assert [choice.label for choice in classify(["sports", "business", "other"], texts)] == [
        "sports",
        "business",
        "other",
    ]
    assert classify(["sports", "business"], texts)[2].label in ("sports", "business")


def test_words_lean_where_labels_are_polar_and_nowhere_else() -> None:
    kind, unkind, neither = "I love it, wonderful!", "Awful, I hate it.", "It is a table."
    added = leaning(("negative", "neutral", "positive"), [kind, unkind, neither])
    assert added.shape == (3, 3)
    assert [int(row.argmax()) for row in added] == [2, 0, 1]
    assert not leaning(("positive", "sports"), [kind, unkind]).any()
    assert not leaning(("negative", "neutral"), [kind, unkind]).any()
    labels = ["good", "bad", "mixed"]
    assert [choice.label for choice in classify(labels, [kind, unkind, neither])] == labels


def test_prototypes_are_directions_a_label_each() -> None:
    vectors = prototypes(("business", "sports", "qwxz"))
    assert vectors.shape == (3, 384)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    near = similarities(("business", "sports", "qwxz"), ["The team won the final."])
    assert near.shape == (1, 3)
    assert int(near[0].argmax()) == 1
    # written in another way, a label means the same
    assert prototypes(("SPORTS",)) == pytest.approx(prototypes(("sports",)))

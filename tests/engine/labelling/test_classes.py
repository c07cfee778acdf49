"""Classes come from what is in the text."""

from __future__ import annotations

from pioneer_build.engine.labelling import classify


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

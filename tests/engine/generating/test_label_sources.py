"""What rows of a label are made of."""

from __future__ import annotations

import numpy as np
import pytest

from pioneer_build.engine.embedding import embedder
from pioneer_build.engine.generating.label_sources import LabelSource, label_sources
from pioneer_build.engine.labelling.class_choice import label_centres
from pioneer_build.engine.labelling.label_guidance import LabelGuidance

SHOTS = [("My parcel is lost.", "delivery"), ("Where is it?", "delivery"), ("Charged twice.", "billing")]


def sources_of(*labels: str, domain: str = "", examples: list[tuple[str, str]] | None = None) -> dict[str, LabelSource]:
    ordered = tuple(sorted(labels))
    shots = examples or []
    return dict(
        label_sources(ordered, label_centres(ordered, LabelGuidance(examples=tuple(sorted(shots)))), domain, shots)
    )


def test_sentences_are_of_the_labels_own_topics_the_best_first() -> None:
    found = sources_of("billing", "sports")
    assert {sentence.topic for sentence in found["sports"].sentences} == {"sports"}
    assert found["billing"].sentences[0].topic == "billing"
    for source in found.values():
        assert source.weights[0] == 1.0
        assert list(source.weights) == sorted(source.weights, reverse=True)
        assert len(source.weights) == len(source.sentences) == len(source.registers) <= 16
    assert not set(found["billing"].sentences) & set(found["sports"].sentences)
    assert set(found["billing"].registers) == {"support"}


def test_the_label_of_the_rest_has_what_none_of_the_others_means() -> None:
    found = sources_of("sports", "other")
    assert "sports" not in {sentence.topic for sentence in found["other"].sentences}
    assert len(found["other"].sentences) > 16
    # from the same field as the others are of
    assert {sentence.field for sentence in found["other"].sentences} == {"news"}


def test_examples_are_their_labels_alone_and_in_order() -> None:
    found = sources_of("delivery", "billing", examples=SHOTS)
    assert found["delivery"].examples == ("My parcel is lost.", "Where is it?")
    assert found["billing"].examples == ("Charged twice.",)


def test_a_label_that_is_near_nothing_has_its_name_and_the_nearest_registers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pioneer_build.engine.generating.label_sources._NEAR", 2.0)
    monkeypatch.setattr("pioneer_build.engine.generating.label_sources.nouns_near", lambda *_: ())
    found = sources_of("Sports_Car", "qwxz")["Sports_Car"]
    assert (found.sentences, found.weights) == ((), ())
    assert found.nouns == ("sports car", "sports car")
    assert len(found.registers) == 5
    # an example is something to go by, and the name isn't needed
    shown = sources_of("Sports_Car", "qwxz", examples=[("It is red.", "Sports_Car")])["Sports_Car"]
    assert (shown.nouns, shown.examples) == ((), ("It is red.",))


def test_a_domain_decides_between_sentences() -> None:
    news = sources_of("bad", "good", domain="news about war and politics")
    shop = sources_of("bad", "good", domain="reviews of products")
    assert news["bad"].sentences != shop["bad"].sentences


def test_examples_draw_a_label_towards_them() -> None:
    labels = ("billing", "delivery")
    named, drawn = label_centres(labels), label_centres(labels, LabelGuidance(examples=tuple(sorted(SHOTS))))
    assert drawn.shape == (2, 384)
    assert np.linalg.norm(drawn, axis=1) == pytest.approx(1, abs=1e-5)
    (vector,) = embedder().embed(["My parcel is lost."])
    assert drawn[1] @ vector > named[1] @ vector
    assert label_centres(labels, LabelGuidance(examples=tuple(sorted(SHOTS[:2]))))[0] == pytest.approx(named[0])

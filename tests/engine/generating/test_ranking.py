"""What of the engine's sentences and words is near to a label or a domain."""

from __future__ import annotations

import numpy as np
import pytest

from pioneer_build.engine.generating import ranking
from pioneer_build.engine.generating.sentences import sentences
from pioneer_build.engine.generating.slot_words import slot_words
from pioneer_build.engine.labelling.class_choice import prototypes


def test_every_topic_sentence_has_a_direction() -> None:
    found, vectors = ranking.topic_sentences()
    assert found == sentences("clauses.txt")
    assert vectors.shape == (len(found), 384)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    # sentences are nearer to others of their topic than to the rest
    topics = [sentence.topic for sentence in found]
    near = vectors @ vectors.T
    same = np.array([[a == b for b in topics] for a in topics])
    np.fill_diagonal(near, np.nan)
    assert np.nanmean(near[same]) > np.nanmean(near[~same]) + 0.2


def test_examples_have_no_slot_left() -> None:
    assert not [text for text in ranking.example_texts().values() if "{" in text]


@pytest.mark.parametrize(
    ("domain", "field"),
    [
        ("Tech industry news articles", "technology and business news"),
        ("clinical notes of a hospital", "health and medicine"),
        ("football results", "sports news"),
        ("contracts", "law and contracts"),
    ],
)
def test_the_field_of_a_domain_weighs_most(domain: str, field: str) -> None:
    weights = ranking.field_weights(domain)
    assert weights[field] == max(weights.values()) == 1.0
    assert all(0 < weight <= 1 for weight in weights.values())
    assert set(weights) == {sentence.field for sentence in sentences("sentences.txt")}


def test_without_a_domain_everything_weighs_alike() -> None:
    assert set(ranking.field_weights("").values()) == {1.0}
    assert ranking.preferred("") == {}


def test_a_domain_narrows_lists_to_its_words() -> None:
    found = ranking.preferred("software for offices")
    assert "software engineer" in found["job"]
    assert found["item"][0] == "office chair"
    for kind, words in found.items():
        assert set(words) < set(slot_words()[kind])
        assert len(words) >= 4
    assert ranking.preferred("qwxz") == {}


def test_nouns_near_a_label_begin_with_its_own_name() -> None:
    (direction,) = prototypes(("sport",))
    nouns = ranking.nouns_near(direction, "sport")
    assert nouns[0] == "sport"
    assert {"football", "athlete"} <= set(nouns)
    assert len(nouns) == len(set(nouns)) <= 15
    (direction,) = prototypes(("qwxz",))
    assert "qwxz" not in ranking.nouns_near(direction, "qwxz")


def test_own_texts_are_all_that_is_ranked() -> None:
    texts = set(ranking.own_texts())
    assert set(ranking.example_texts().values()) <= texts
    assert {sentence.text for sentence in sentences("replies.txt")} <= texts
    assert set(ranking.field_weights("")) <= texts

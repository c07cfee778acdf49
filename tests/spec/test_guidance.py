"""Which keys a backend can be told."""

from __future__ import annotations

from pioneer_build.spec.guidance import reads_guidance, unusable
from pioneer_build.spec.model import EntityExample, FewShot, InlineTexts, Spec

TEXTS = InlineTexts(("a",))


def keys(spec: Spec) -> list[str]:
    return [one.key for one in unusable(spec)]


def test_backends() -> None:
    assert reads_guidance("local")
    assert reads_guidance("model/Qwen/Qwen2.5-7B-Instruct")
    assert not reads_guidance("pioneer")
    assert not reads_guidance("https://model/x")
    assert not reads_guidance("localhost")


def test_a_service_can_be_told_in_generation_but_not_in_labelling() -> None:
    described = (("a", "first"),)
    shots = (FewShot("t", "a"),)
    assert keys(Spec("d", "classification", ("a",), 3, classified_examples=shots, label_descriptions=described)) == []
    spec = Spec("d", "classification", ("a",), inputs=TEXTS, classified_examples=shots, label_descriptions=described)
    assert keys(spec) == ["classified_examples", "labels"]
    assert keys(Spec("d", "classification", ("a",), inputs=TEXTS)) == []


def test_entity_examples_are_for_backends_that_read_them() -> None:
    examples = (EntityExample("t", ()),)
    assert keys(Spec("d", "ner", ("a",), 3, ner_examples=examples)) == ["ner_examples"]
    assert keys(Spec("d", "ner", ("a",), inputs=TEXTS, ner_examples=examples)) == ["ner_examples"]

"""`fp1` held against an implementation of its own, written from docs/fingerprint.md alone."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import fields, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pioneer_build.spec.fingerprint import canonical_bytes, definition_of, fingerprint_of, short
from pioneer_build.spec.label_descriptions import described_domain
from pioneer_build.spec.model import Checks, EntityExample, FewShot, InlineTexts, InputFiles, Spec, TopUp
from pioneer_build.spec.unicode_form import nfc
from pioneer_build.spec.white_space import fold
from tests.planning import PROPERTY

DOCS = Path(__file__).parents[2] / "docs"
VECTORS = json.loads((DOCS / "fingerprint-vectors.json").read_text(encoding="ascii"))

# -- the reference: docs/fingerprint.md, step by step, and nothing of the package ----------------------------------

WHITE = {
    *range(0x09, 0x0E), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000
}  # fmt: skip


def _strip(text: str) -> str:
    points = list(text)
    while points and ord(points[0]) in WHITE:
        points.pop(0)
    while points and ord(points[-1]) in WHITE:
        points.pop()
    return "".join(points)


def _fold(text: str) -> str:
    words: list[str] = [""]
    for point in text:
        if ord(point) in WHITE:
            words.append("")
        else:
            words[-1] += point
    return " ".join(word for word in words if word)


def _string(text: str) -> str:
    short_forms = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return '"' + "".join(short_forms.get(c) or (c if ord(c) >= 0x20 else f"\\u00{ord(c):02x}") for c in text) + '"'


def reference(spec: dict[str, Any]) -> tuple[bytes, str]:
    """Canonical bytes and fingerprint of a spec given as its keys."""

    def normal(text: str) -> str:
        return unicodedata.normalize("NFC", text)

    def order(text: str) -> bytes:
        return text.encode("utf-8")

    members = []
    labels = sorted({normal(label) for label in spec.get("labels", ())}, key=order)
    domain = spec.get("domain_description") or ""
    if isinstance(spec.get("labels"), dict) and labels:
        texts = {normal(label): _fold(normal(text)) for label, text in spec["labels"].items()}
        domain += "\nLabels: {" + ", ".join(f"{_string(label)}: {_string(texts[label])}" for label in labels) + "}"
    shots = {(normal(shot["text"]), normal(shot["label"])) for shot in spec.get("classified_examples", ())}
    if shots:
        ordered = sorted(shots, key=lambda shot: (order(shot[0]), order(shot[1])))
        objects = [f'{{"label":{_string(label)},"text":{_string(text)}}}' for text, label in ordered]
        members.append(f'"classified_examples":[{",".join(objects)}]')
    if folded := _fold(normal(domain)):
        members.append(f'"domain_description":{_string(folded)}')
    if labels:
        members.append(f'"labels":[{",".join(map(_string, labels))}]')
    annotated = {
        (normal(one["text"]), tuple(sorted({(normal(span), normal(label)) for span, label in one["entities"]})))
        for one in spec.get("ner_examples", ())
    }
    if annotated:
        objects = [
            f'{{"entities":[{",".join(f"[{_string(span)},{_string(label)}]" for span, label in pairs)}],'
            f'"text":{_string(text)}}}'
            for text, pairs in sorted(annotated)  # Python compares text by code points
        ]
        members.append(f'"ner_examples":[{",".join(objects)}]')
    prompt = normal(spec.get("prompt") or "").replace("\r\n", "\n").replace("\r", "\n")
    if stripped := _strip(prompt):
        members.append(f'"prompt":{_string(stripped)}')
    members.append(f'"task_type":{_string(spec["task_type"])}')
    canonical = ("{" + ",".join(members) + "}").encode("utf-8")
    return canonical, "fp1:" + sha256(canonical).hexdigest()


# -- specs of every kind -------------------------------------------------------------------------------------------

_TEXT = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from(
            'ab \t\r\n\x0b\x0c\x1c\x1f\x85\xa0\u1680\u2003\u200b\u2028\u3000e\u0301\u212b\ufb01"\\/\x7f\U0001f600'
        ),
    ),
    max_size=12,
)


@st.composite
def spec_keys(draw: st.DrawFn) -> dict[str, Any]:
    keys: dict[str, Any] = {"task_type": draw(st.sampled_from(("ner", "classification", "decoder")))}
    keys["labels"] = draw(st.lists(_TEXT, max_size=4))
    if draw(st.booleans()):
        keys["domain_description"] = draw(_TEXT)
    if draw(st.booleans()):
        keys["prompt"] = draw(_TEXT)
    shots = draw(st.lists(st.tuples(_TEXT, _TEXT), max_size=3))
    keys["classified_examples"] = [{"text": text, "label": label} for text, label in shots]
    keys["ner_examples"] = draw(st.lists(_ANNOTATED, max_size=2))
    return keys


_ANNOTATED = st.builds(
    lambda text, pairs: {"text": text, "entities": pairs}, _TEXT, st.lists(st.tuples(_TEXT, _TEXT), max_size=2)
)
_DESCRIBED = st.lists(st.tuples(_TEXT, _TEXT), min_size=1, max_size=4, unique_by=lambda pair: nfc(pair[0])).map(dict)


@st.composite
def described_keys(draw: st.DrawFn) -> dict[str, Any]:
    """With a mapping of labels to descriptions."""
    return {**draw(spec_keys()), "labels": draw(_DESCRIBED)}


def spec_of(keys: dict[str, Any], **more: Any) -> Spec:
    shots = tuple(FewShot(shot["text"], shot["label"]) for shot in keys.get("classified_examples", ()))
    entities = tuple(
        EntityExample(one["text"], tuple((span, label) for span, label in one["entities"]))
        for one in keys.get("ner_examples", ())
    )
    made = {"labels": tuple(keys.get("labels", ())), "classified_examples": shots, "ner_examples": entities}
    if isinstance(keys.get("labels"), dict):
        made["label_descriptions"] = tuple(keys["labels"].items())
    return Spec("a", **{**keys, **made, **more})


def fingerprint(spec: Spec) -> str:
    return fingerprint_of(definition_of(spec))


@PROPERTY
@given(spec_keys() | described_keys())
def test_the_document_is_enough_to_compute_it(keys: dict[str, Any]) -> None:
    definition = definition_of(spec_of(keys))
    assert (canonical_bytes(definition), fingerprint_of(definition)) == reference(keys)


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: vector["about"])
def test_vectors(vector: dict[str, Any]) -> None:
    definition = definition_of(spec_of(vector["spec"]))
    assert canonical_bytes(definition).decode() == vector["canonical"]
    assert fingerprint_of(definition) == vector["fingerprint"]
    assert reference(vector["spec"]) == (vector["canonical"].encode(), vector["fingerprint"])


def test_the_vectors_say_what_is_the_same() -> None:
    found = {vector["about"]: vector["fingerprint"] for vector in VECTORS["vectors"]}
    assert found["labels alone"] == found["labels in another order"] == found["the size does not count"]
    assert (
        found["labels in normal form D"]
        == found["the same in normal form C"]
        == found["the Angstrom sign is the letter"]
    )
    assert found["a prompt of nothing is none"] == found["a decoder without a prompt"]
    assert (
        found["descriptions of labels count as text"]
        == found["and in another order"]
        == found["and as the text that they are sent as"]
    )
    assert found["entity examples are a set"] == found["and so are the entities of each"]
    assert len({vector["fingerprint"] for vector in VECTORS["vectors"]}) == 18


def test_the_example_of_the_page_is_right() -> None:
    page = (DOCS / "fingerprint.md").read_text(encoding="utf-8")
    canonical = re.findall(r"```json\n(.*)\n```", page)[-1]
    assert f"`fp1:{sha256(canonical.encode()).hexdigest()}`" in page
    example = {
        "task_type": "classification",
        "labels": ["refund", "billing"],
        "domain_description": "Messages to the support desk\nof an online bookshop\n",
        "classified_examples": [{"text": "I was charged twice", "label": "billing"}],
    }
    assert reference(example)[0].decode() == canonical
    assert canonical_bytes(definition_of(spec_of(example))).decode() == canonical


# -- what it doesn't depend on -------------------------------------------------------------------------------------

OTHERS: dict[str, Any] = {
    "dataset_name": "b", "num_examples": 7, "inputs": InlineTexts(("x",)), "description": "d", "owner": "o",
    "tags": ("t",), "protect": True, "renamed_from": "c", "checks": Checks(min_chars=3), "top_up": TopUp(),
    "on_change": "new_version", "path": "p", "line": 3, "marks": (("labels", 1, 1),),
}  # fmt: skip


def test_every_key_of_a_spec_is_in_it_or_is_known_not_to_be() -> None:
    counted = {"task_type", "labels", "domain_description", "classified_examples", "prompt"}
    counted |= {"label_descriptions", "ner_examples"}
    assert {field.name for field in fields(Spec)} == counted | OTHERS.keys()


@pytest.mark.parametrize("key", sorted(OTHERS))
def test_what_does_not_count(key: str) -> None:
    spec = spec_of({"task_type": "ner", "labels": ["x"]})
    assert fingerprint(spec) == fingerprint(replace(spec, **{key: OTHERS[key]}))
    assert fingerprint(spec) == fingerprint(replace(spec, inputs=InputFiles("x.txt")))


@PROPERTY
@given(spec_keys(), st.randoms(use_true_random=False))
def test_order_and_repetition_do_not_count(keys: dict[str, Any], random: Any) -> None:
    mixed = {**keys, "labels": [*keys["labels"], *keys["labels"][:1]]}
    mixed["classified_examples"] = [*keys["classified_examples"], *keys["classified_examples"][-1:]]
    mixed["ner_examples"] = [*keys["ner_examples"], *keys["ner_examples"][-1:]]
    random.shuffle(mixed["labels"])
    random.shuffle(mixed["classified_examples"])
    random.shuffle(mixed["ner_examples"])
    assert fingerprint(spec_of(mixed)) == fingerprint(spec_of(keys))


@PROPERTY
@given(spec_keys(), st.sampled_from(("NFC", "NFD")))
def test_the_normal_form_does_not_count(keys: dict[str, Any], form: Any) -> None:
    def other(value: Any) -> Any:
        if isinstance(value, str):
            return unicodedata.normalize(form, value)
        if isinstance(value, list | tuple):
            return [other(item) for item in value]
        return {key: other(item) for key, item in value.items()}

    assert fingerprint(spec_of(other(keys))) == fingerprint(spec_of(keys))


@PROPERTY
@given(spec_keys())
def test_the_canonical_form_is_its_own_canonical_form(keys: dict[str, Any]) -> None:
    definition = definition_of(spec_of(keys))
    again = {**definition, "labels": definition.get("labels", [])}
    assert definition_of(spec_of(again)) == definition
    assert json.loads(canonical_bytes(definition)) == definition


@PROPERTY
@given(described_keys(), st.randoms(use_true_random=False))
def test_descriptions_count_in_any_order(keys: dict[str, Any], random: Any) -> None:
    pairs = list(keys["labels"].items())
    random.shuffle(pairs)
    assert fingerprint(spec_of({**keys, "labels": dict(pairs)})) == fingerprint(spec_of(keys))


@PROPERTY
@given(described_keys())
def test_descriptions_count_as_the_text_that_a_service_gets(keys: dict[str, Any]) -> None:
    spec = spec_of(keys)
    sent = described_domain(spec.domain_description, spec.label_descriptions)
    plain = {**keys, "labels": list(keys["labels"]), "domain_description": sent}
    assert fingerprint(spec_of(plain)) == fingerprint(spec)
    shuffled = tuple(reversed(spec.label_descriptions))
    assert described_domain(spec.domain_description, shuffled) == sent


@PROPERTY
@given(described_keys())
def test_without_descriptions_a_definition_has_none_of_them(keys: dict[str, Any]) -> None:
    plain = spec_of({**keys, "labels": list(keys["labels"])})
    domain = definition_of(plain).get("domain_description")
    assert domain == (fold(nfc(keys.get("domain_description") or "")) or None)


# -- what it depends on --------------------------------------------------------------------------------------------


@PROPERTY
@given(spec_keys(), spec_keys())
def test_another_definition_is_another_fingerprint(one: dict[str, Any], other: dict[str, Any]) -> None:
    same = definition_of(spec_of(one)) == definition_of(spec_of(other))
    assert (fingerprint(spec_of(one)) == fingerprint(spec_of(other))) == same


@PROPERTY
@given(spec_keys(), _TEXT, st.sampled_from(("labels", "classified_examples", "domain_description", "prompt")))
def test_one_more_word_is_another_definition(keys: dict[str, Any], word: str, key: str) -> None:
    changed = dict(keys)
    if key == "labels":
        assume(nfc(word) not in {nfc(label) for label in keys["labels"]})
        changed[key] = [*keys["labels"], word]
    elif key == "classified_examples":
        assume((nfc(word), "x") not in {(nfc(s["text"]), nfc(s["label"])) for s in keys[key]})
        changed[key] = [*keys[key], {"text": word, "label": "x"}]
    else:
        assume(fold(nfc(word)))
        changed[key] = f"{keys.get(key, '')} | {word}"
    assert fingerprint(spec_of(changed)) != fingerprint(spec_of(keys))


@PROPERTY
@given(described_keys(), st.data())
def test_another_description_is_another_definition(keys: dict[str, Any], data: st.DataObject) -> None:
    label = data.draw(st.sampled_from(sorted(keys["labels"])))
    changed = {**keys, "labels": {**keys["labels"], label: keys["labels"][label] + " | x"}}
    assert fingerprint(spec_of(changed)) != fingerprint(spec_of(keys))
    without = {**keys, "labels": list(keys["labels"])}
    assert fingerprint(spec_of(without)) != fingerprint(spec_of(keys))


@PROPERTY
@given(spec_keys(), _ANNOTATED)
def test_another_entity_example_is_another_definition(keys: dict[str, Any], example: dict[str, Any]) -> None:
    changed = {**keys, "ner_examples": [*keys["ner_examples"], {**example, "text": example["text"] + " | x"}]}
    assert fingerprint(spec_of(changed)) != fingerprint(spec_of(keys))


def test_what_a_remote_name_carries() -> None:
    assert short("fp1:0123456789abcdef") == "01234567"

from __future__ import annotations

from typing import Any

import pytest

from pioneer_build.ports import Labelled, Tokens
from pioneer_build.service import label_response
from pioneer_build.service.responses import InvalidResponse
from pioneer_build.web.redaction import Key, Words
from tests.service.harness import KEY

WORDS = Words(Key(KEY))


def labelled(answer: object, texts: list[str], **headers: str) -> Labelled:
    return label_response.labelled(answer, texts, {k.replace("_", "-"): v for k, v in headers.items()}, WORDS)


@pytest.mark.parametrize(
    "wrap", [lambda x: x, lambda x: {"results": x}, lambda x: {"data": x}, lambda x: {"result": {"data": x}}]
)
def test_items_are_found_wherever_they_are(wrap: Any) -> None:
    items = [{"entities": []}, {}, None]
    assert labelled(wrap(items), ["a", "b", "c"]).items == tuple(items)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        None,
        "x",
        {"results": {}},
        {"result": []},
        [],
        [{}],
        [{}, {}, {}],
    ],
)
def test_answers_that_cannot_be_aligned(answer: object) -> None:
    with pytest.raises(InvalidResponse):
        labelled(answer, ["a", "b"])


@pytest.mark.parametrize(
    ("items", "unaligned"),
    [
        ([{"text": "a"}, {"text": "b"}, {"text": "é"}], ()),
        ([{"text": "a "}, {"text": "\tb\n"}, {"text": "e\u0301"}], ()),
        ([{}, None, {"label": "x"}], ()),
        ([{"text": "a"}, {}, {"text": 5}], ()),
        ([{"text": "a"}, {"text": "a"}, {"text": "é"}], (1,)),
        ([{"text": "b"}, {"text": "a"}, {"text": "é"}], (0, 1)),
        ([{"text": "A"}, {"text": "b"}, {"text": "e"}], (0, 2)),
        ([{"text": "b"}, {"label": "x"}, {"text": "é"}], (0, 1)),
    ],
)
def test_an_item_belongs_to_the_text_at_its_place_unless_it_repeats_another(
    items: list[object], unaligned: tuple[int, ...]
) -> None:
    """If the order is in doubt, items that repeat no text prove nothing."""
    answer = labelled(items, ["a", "b", "é"])
    assert answer.items == tuple(items)
    assert answer.unaligned == frozenset(unaligned)


def test_unsupported_labels() -> None:
    assert labelled({"results": [{}], "unsupported_labels": ["x, y", "z", "z"]}, ["a"]).unsupported == (
        "x, y",
        "z",
    )
    assert labelled([{}], ["a"], x_unsupported_labels="x, y").unsupported == ("x", "y")
    assert labelled([{}], ["a"], x_unsupported_labels='["x, y", "\\u00e9"]').unsupported == ("x, y", "é")
    assert labelled([{}], ["a"], x_unsupported_labels="[odd").unsupported == ("[odd",)
    assert labelled([{}], ["a"]).unsupported == ()


def test_the_tokens_that_a_request_used() -> None:
    answer = {"results": [{}], "token_usage": {"input": 9, "output": 1, "calls": 1}}
    assert labelled(answer, ["a"]).tokens == Tokens(9, 1, 1)
    assert labelled(answer | {"token_usage": None}, ["a"]).tokens is None
    assert labelled([{}], ["a"]).tokens is None

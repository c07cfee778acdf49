from __future__ import annotations

from typing import Any

import pytest

from pioneer_build.ports import Labelled
from pioneer_build.service import label_response
from pioneer_build.service.redaction import Key, Words
from pioneer_build.service.responses import InvalidResponse
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
        [{"text": "a"}, {"text": "a"}],
        [{"text": "b"}, {"text": "a"}],
        [{"text": "a"}, {"text": "b "}],
    ],
)
def test_answers_that_cannot_be_aligned(answer: object) -> None:
    with pytest.raises(InvalidResponse):
        labelled(answer, ["a", "b"])


def test_unsupported_labels() -> None:
    assert labelled({"results": [{}], "unsupported_labels": ["x, y", "z", "z"]}, ["a"]).unsupported == (
        "x, y",
        "z",
    )
    assert labelled([{}], ["a"], x_unsupported_labels="x, y").unsupported == ("x", "y")
    assert labelled([{}], ["a"], x_unsupported_labels='["x, y", "\\u00e9"]').unsupported == ("x, y", "é")
    assert labelled([{}], ["a"], x_unsupported_labels="[odd").unsupported == ("[odd",)
    assert labelled([{}], ["a"]).unsupported == ()

from __future__ import annotations

import copy
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.errors import NoAccess
from pioneer_build.web.redaction import DETAILS_LIMIT, MESSAGE_LIMIT, Key, Words
from tests.service.harness import KEY

WORDS = Words(Key(KEY))


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"detail": "no such label"}, "no such label"),
        ({"detail": {"message": "too many", "code": "limit"}}, "too many"),
        (
            {"code": "credits", "message": "out of credits", "resolution_url": "https://x.test/pay"},
            "out of credits",
        ),
        ({"error": "boom", "message": "it broke"}, "it broke"),
        ({"error": "boom"}, "boom"),
        ({"error": {"message": "deep"}}, "deep"),
        ({"detail": {"code": "only_code"}}, "only_code"),
        ({"odd": 1}, '{"odd": 1}'),
        ("just text", "just text"),
        ([], ""),
        (None, ""),
        (17, "17"),
    ],
)
def test_the_words_of_every_recorded_shape(body: object, text: str) -> None:
    assert WORDS.read(json.dumps(body).encode()).text == text


def test_the_link_of_a_402() -> None:
    assert WORDS.read(b'{"message": "pay", "resolution_url": "https://x.test/pay"}').link == "https://x.test/pay"
    assert (
        WORDS.read(b'{"detail": {"message": "pay", "resolution_url": "https://x.test/p"}}').link == "https://x.test/p"
    )
    for bad in ("javascript:alert(1)", "https://x.test/a b", "https://[", 7, None, "https://" + "x" * 5000):
        assert WORDS.read(json.dumps({"message": "m", "resolution_url": bad}).encode()).link is None


@pytest.mark.parametrize(
    ("body", "details"),
    [
        (
            {"detail": "bad", "errors": ["labels is empty", "num_examples < 1"]},
            ("labels is empty", "num_examples < 1"),
        ),
        (
            {"detail": [{"loc": ["body", "labels", 0], "msg": "too long", "type": "x"}]},
            ("labels.0: too long",),
        ),
        ({"detail": "bad", "errors": [{"field": "labels", "message": "taken"}]}, ("labels: taken",)),
        ({"detail": "bad", "errors": {"labels": ["taken", "odd"]}}, ("labels: taken", "labels: odd")),
        ({"detail": "bad", "errors": [{"x": 1}]}, ('{"x": 1}',)),
    ],
)
def test_the_details_of_a_422(body: object, details: tuple[str, ...]) -> None:
    assert WORDS.read(json.dumps(body).encode()).details == details


def test_everything_is_bounded_and_without_control_characters() -> None:
    said = WORDS.read(
        json.dumps({"detail": "a\x1b[31m\u202eb\r\n" + "x" * 10_000, "errors": ["e" * 900] * 500}).encode()
    )
    assert said.text.startswith("a[31mb x")
    assert len(said.text) == MESSAGE_LIMIT
    assert len(said.details) <= DETAILS_LIMIT
    assert all(len(d) <= MESSAGE_LIMIT for d in said.details)


def test_pages_and_junk() -> None:
    assert WORDS.read(b"<html><title>502 Bad\nGateway</title><body>x").text == "502 Bad Gateway"
    assert WORDS.read(b"<html>").text == "a web page"
    assert WORDS.read(b"\xff\xfe\x00").text == "��"
    assert WORDS.read(b'{"detail": "trunc').text == '{"detail": "trunc'
    assert WORDS.read(b"[" * 100_000).text.startswith("[[[")


shapes = st.recursive(
    st.sampled_from(
        [KEY, f"x{KEY}", f"your key {KEY}!", KEY[:9] + "\n" + KEY[9:], KEY[:5] + "\x00" + KEY[5:], "plain"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["detail", "message", "error", "errors", "code", "resolution_url", "loc", "msg", KEY]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(shapes, st.sampled_from([True, False]))
def test_the_key_is_never_repeated(body: object, as_ascii: bool) -> None:
    said = WORDS.read(json.dumps(body, ensure_ascii=as_ascii).encode())
    shown = repr(said).replace("\\", "").replace(" ", "")
    assert KEY not in shown


def test_a_key_says_nothing_of_itself() -> None:
    key = Key(f" {KEY}\n")
    assert key.reveal() == KEY
    assert KEY not in f"{key} {key!r} {WORDS!r} {vars(Key)!r}"
    for write in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError):
            write(key)


@pytest.mark.parametrize("text", ["", "  ", "a b", "k\ney", "schlüssel", "k\x00"])
def test_a_key_that_cannot_be_sent_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(NoAccess) as caught:
        Key(text)
    assert not text.strip() or text.strip() not in str(caught.value)


def test_no_more_reasons_are_cleaned_than_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each may be long, and each takes its time."""
    cleaned: list[str] = []
    clean = Words.clean

    def counted(words: Words, text: object, limit: int = MESSAGE_LIMIT) -> str:
        cleaned.append(str(text))
        return clean(words, text, limit)

    monkeypatch.setattr(Words, "clean", counted)
    reasons = [f"reason {number}" for number in range(200)]
    for body in (
        {"errors": reasons, "details": reasons},
        {"detail": {"code": "bad", "errors": reasons}},
        {"detail": reasons[:3] * 9},
    ):
        cleaned.clear()
        said = WORDS.read(json.dumps(body).encode())
        assert said.details == tuple(reasons[: 3 if body.get("detail") == reasons[:3] * 9 else DETAILS_LIMIT])
        assert len([one for one in cleaned if one not in {"", said.text}]) == len(said.details)

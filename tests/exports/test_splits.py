"""`--split`: where rows go, and what a split may be called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.errors import UsageError
from pioneer_build.exports import parse_splits


def test_a_row_never_moves() -> None:
    split = parse_splits("train=0.8, dev=0.1, test=0.1")
    assert split.names == ("train", "dev", "test")
    # written down once: these must hold in every later version
    sides = [split.side_of({"text": f"text {n}"}) for n in range(12)]
    assert " ".join(sides) == "train dev dev train train train train train train train train train"


def test_shares_are_met_on_the_average() -> None:
    split = parse_splits("train=0.9,test=0.1")
    test = sum(split.side_of({"text": str(n)}) == "test" for n in range(5000))
    assert 420 < test < 580


@given(st.text(min_size=1), st.sampled_from(["a", "b"]))
def test_duplicates_are_on_one_side(text: str, label: str) -> None:
    split = parse_splits("train=0.5,test=0.5")
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    assert split.side_of({"text": text, "label": label}) == split.side_of({"text": f" {text}\n", "label": "c"})


def test_one_part_takes_all() -> None:
    assert {parse_splits("all=1").side_of({"text": str(n)}) for n in range(50)} == {"all"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("train", "'train' is not a valid part of a split"),
        ("", "'' is not a valid part of a split"),
        ("train=0.9,test=0.2", "the shares of the split add up to 1.1, not to 1"),
        ("train=1.5,test=-0.5", "the share of 'train' is 1.5, not between 0 and 1"),
        ("train=nan", "the share of 'train' is nan, not between 0 and 1"),
        ("train=x", "the share of 'train' is 'x', not a number"),
        ("../train=1", "'../train' can't name a part of a split"),
        (".=1", "'.' can't name a part of a split"),
        ("=1", "'' can't name a part of a split"),
        ("a=0.5,A=0.5", "'A' occurs twice in the split"),
        ("a=1,b=0", "the share of 'b' is 0, not between 0 and 1"),
    ],
)
def test_what_is_no_split(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_splits(text)
    assert caught.value.message == message

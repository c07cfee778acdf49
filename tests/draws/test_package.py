"""A draw is the same everywhere."""

from __future__ import annotations

from pioneer_build.draws import Draw, parts_digest


def test_choices_follow_from_the_parts_alone() -> None:
    # written down once: rows that were built must come out the same in every later version
    draw = Draw(0, "dataset", "é", 3)
    assert draw.seed == 14117062052353329661
    assert [draw.below(100) for _ in range(5)] == [64, 97, 21, 55, 31]
    assert [Draw("a", n).between(5, 9) for n in range(6)] == [Draw("a", n).between(5, 9) for n in range(6)]
    assert Draw("a", 1).seed != Draw("a", "1").seed


def test_ranges_and_shares() -> None:
    draw = Draw("ranges")
    assert {draw.between(2, 4) for _ in range(200)} == {2, 3, 4}
    assert {draw.below(3) for _ in range(200)} == {0, 1, 2}
    assert 150 < sum(draw.chance(0.2) for _ in range(1000)) < 250
    assert {draw.pick("abc") for _ in range(200)} == set("abc")


def test_weights() -> None:
    draw = Draw("weights")
    drawn = [draw.weighted("abc", (6, 0, 2)) for _ in range(800)]
    assert set(drawn) == {"a", "c"}
    assert 520 < drawn.count("a") < 680


def test_some_takes_each_once() -> None:
    assert sorted(Draw(1).some("abc", 5)) == list("abc")
    assert len(Draw(1).some("abc", 2)) == 2
    assert Draw(1).some((), 2) == []


def test_bytes_that_decide_nothing() -> None:
    assert Draw(0, "x", 7, skipped=4).seed == int.from_bytes(parts_digest(0, "x", 7)[4:12], "big")
    assert Draw(0, "x", 7, skipped=4).seed != Draw(0, "x", 7).seed

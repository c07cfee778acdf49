"""What the row at each ordinal should be like."""

from __future__ import annotations

from collections import Counter

import pytest

from pioneer_build.model.attributes import Attributes, attributes

KEY = (0, "data", "definition")
LABELS = ("a", "b", "c")


def test_each_label_comes_once_in_each_block() -> None:
    mine = [attributes("classification", LABELS, KEY, (n, 0)).labels for n in range(300)]
    assert all({*mine[n], *mine[n + 1], *mine[n + 2]} == set(LABELS) for n in range(0, 300, 3))
    assert len({tuple(mine[n : n + 3]) for n in range(0, 300, 3)}) == 6  # in every order


def test_another_attempt_asks_for_the_same_label_in_other_words() -> None:
    for task in ("classification", "ner"):
        first, second = (attributes(task, LABELS, KEY, (5, attempt)) for attempt in (0, 1))
        assert first.labels == second.labels
        assert first.lines != second.lines
        assert first.seed != second.seed


def test_entities() -> None:
    mine = [attributes("ner", LABELS, KEY, (n, 0)).labels for n in range(2000)]
    shares = {number: count / 2000 for number, count in Counter(map(len, mine)).items()}
    assert shares[0] == pytest.approx(0.15, abs=0.03)
    assert shares[1] > shares[2] > shares[3] > 0.1
    assert Counter(labels[0] for labels in mine if labels).keys() == set(LABELS)


def test_conversations_have_no_labels() -> None:
    found = attributes("decoder", (), KEY, (0, 0))
    assert found.labels == ()
    assert not any("clear" in line for line in found.lines)


def test_choices_are_the_same_on_every_machine() -> None:
    # written down once: a job that goes on in a later version must ask for the rows that it asked for before
    assert attributes("ner", LABELS, KEY, (5, 1)) == Attributes(
        (),
        (
            "Written by: a busy manager, in a forum",
            "Length: three or four sentences",
            "Style: matter-of-fact; careful spelling",
            "Mention, only if it fits: garden, airport",
            "How clear it is: a near miss: at first sight it looks like another label, but it isn't",
        ),
        1704660140,
    )
    assert attributes("decoder", (), KEY, (3, 0)) != attributes("decoder", (), (1, *KEY[1:]), (3, 0))

"""Rows for classification: of their label, and of nobody else's."""

from __future__ import annotations

from typing import Any

import pytest

from pioneer_build.draws import Draw
from pioneer_build.engine.generating.classification import ClassRows
from pioneer_build.engine.generating.rejects import Reject
from pioneer_build.engine.labelling.label_guidance import NO_LABEL_GUIDANCE, LabelGuidance

SHOTS = [
    ("I was charged $12.50 twice on 3 May 2021. Please help.", "billing"),
    ("The bill is wrong. It says 40 dollars.", "billing"),
    ("Where is my parcel? It was due Monday.", "delivery"),
]


def candidates(maker: ClassRows, count: int = 60) -> list[dict[str, Any]]:
    rows = []
    for ordinal in range(count):
        for attempt in range(40):
            try:
                rows.append(maker.candidate(Draw("d", ordinal, attempt), ordinal))
            except Reject:
                continue
            break
    assert len(rows) == count
    return rows


def test_labels_take_turns_in_order() -> None:
    rows = candidates(ClassRows(["sports", "billing"], "", NO_LABEL_GUIDANCE), 6)
    assert [row["label"] for row in rows] == ["billing", "sports"] * 3
    assert all(row["text"] and "{" not in row["text"] and "[" not in row["text"] for row in rows)


def test_a_row_that_reads_more_like_another_label_is_refused() -> None:
    maker = ClassRows(["sports", "billing"], "", NO_LABEL_GUIDANCE)
    maker.check({"text": "They won the final after extra time.", "label": "sports"}, 0)
    with pytest.raises(Reject, match="more like another label"):
        maker.check({"text": "They won the final after extra time.", "label": "billing"}, 0)
    with pytest.raises(Reject):
        maker.check({"text": "They won the final after extra time.", "label": "billing"}, 39)


def test_after_many_refusals_a_check_is_milder() -> None:
    maker = ClassRows(["city news", "world news"], "", NO_LABEL_GUIDANCE)
    texts = [row["text"] for row in candidates(maker)]

    def refused(attempt: int) -> int:
        count = 0
        for text in texts:
            for label in ("city news", "world news"):
                try:
                    maker.check({"text": text, "label": label}, attempt)
                except Reject:
                    count += 1
        return count

    assert refused(39) < refused(0)
    assert refused(11) == refused(0)
    assert refused(12) == refused(39)


def test_the_label_of_the_rest_takes_what_is_near_to_none() -> None:
    maker = ClassRows(["sports", "other"], "", NO_LABEL_GUIDANCE)
    maker.check({"text": "asdf qwer", "label": "other"}, 0)
    with pytest.raises(Reject):
        maker.check({"text": "Football players and their coach won the game.", "label": "other"}, 0)


def test_examples_come_back_in_other_words() -> None:
    rows = candidates(ClassRows(["billing", "delivery"], "", LabelGuidance(examples=tuple(sorted(SHOTS)))), 200)
    billing = [row["text"] for row in rows if row["label"] == "billing"]
    varied = [text for text in billing if "charged" in text and "twice on" in text]
    assert len(varied) > 5
    assert len(set(varied)) == len(varied)
    assert any("$12.50" not in text for text in varied)
    assert not any("parcel? It was due" in text for text in billing)


def test_text_for_people_is_as_people_type_it_and_news_are_not() -> None:
    support = candidates(ClassRows(["billing", "refund"], "customer support", NO_LABEL_GUIDANCE), 200)
    assert 5 < sum(row["text"][0].islower() for row in support) < 60
    news = candidates(ClassRows(["sports", "business"], "news articles", NO_LABEL_GUIDANCE), 200)
    assert not [row["text"] for row in news if row["text"][0].islower()]

"""Whether the words of a text are positive or negative: VADER's rules and lexicon."""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def _analyzer() -> Any:
    # a library of the extra `local`, which reads its lexicon: needed only for polar labels
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()


def polarity(text: str) -> float:
    """Between -1 (negative) and 1 (positive); 0 if no word is polar."""
    return float(_analyzer().polarity_scores(text)["compound"])

"""Whether the words of a text are kind or unkind: VADER's rules and lexicon."""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def _analyzer() -> Any:
    # a library of the extra `local`, which reads its lexicon: only polar labels need it
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()


def polarity(text: str) -> float:
    """Between -1 (unkind) and 1 (kind); 0 where no word says."""
    return float(_analyzer().polarity_scores(text)["compound"])

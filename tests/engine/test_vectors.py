"""Vectors that were made beforehand."""

from __future__ import annotations

from pioneer_build.engine.generating.ranking import own_texts
from pioneer_build.engine.vectors import missing


def test_the_kept_vectors_cover_the_engines_own_texts() -> None:
    assert missing(own_texts()) == [], "run python -m pioneer_build.engine.build_vectors"

"""Why rows are quarantined."""

from __future__ import annotations

import pytest

from pioneer_build.rows import CAUSES, cause_of


@pytest.mark.parametrize("cause", CAUSES)
def test_a_reason_begins_with_its_cause(cause: str) -> None:
    assert cause_of(f"{cause}: in words, with a colon: here") == cause
    assert cause_of(cause) == cause


@pytest.mark.parametrize("reason", ["", "422: this text was refused", "too-shorter: x"])
def test_what_the_service_says_in_its_own_words_is_a_missing_annotation(reason: str) -> None:
    assert cause_of(reason) == "no-annotation"

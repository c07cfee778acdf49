"""Whether one of many records has all of some submissions."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.lock.submission_sets import SubmissionSets
from tests.planning import PROPERTY

SUBMISSIONS = st.frozensets(st.sampled_from("abcde"), max_size=4)


@PROPERTY
@given(st.lists(SUBMISSIONS, max_size=6), SUBMISSIONS)
def test_the_same_as_comparing_with_each(records: list[frozenset[str]], wanted: frozenset[str]) -> None:
    assert SubmissionSets(records).one_has_all(wanted) == any(wanted <= record for record in records)

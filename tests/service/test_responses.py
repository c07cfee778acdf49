from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.service.job_response import job_report
from pioneer_build.service.label_response import labelled
from pioneer_build.service.responses import InvalidResponse, parse
from pioneer_build.service.submit_response import accepted_job
from pioneer_build.service.versions_response import listed_versions
from pioneer_build.web.redaction import Key, Words
from tests.service.harness import KEY


@pytest.mark.parametrize("body", [b"", b" ", b"{", b"\xff", b"[" * 200_000, b"1" * 5000])
def test_bodies_that_are_no_json(body: bytes) -> None:
    with pytest.raises(InvalidResponse):
        parse(body)


WORDS = Words(Key(KEY))

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "job_id",
                    "status",
                    "count",
                    "data",
                    "dataset",
                    "version_number",
                    "versions",
                    "results",
                    "result",
                    "error",
                ]
            ),
            inner,
        )
    ),
    max_leaves=15,
)


@given(anything)
def test_no_answer_upsets_a_reader(answer: Any) -> None:
    answer = parse(json.dumps(answer).encode())
    for read in (
        accepted_job,
        lambda a: job_report(a, "j1", WORDS),
        lambda a: labelled(a, ["t"], {}, WORDS),
        listed_versions,
    ):
        with contextlib.suppress(InvalidResponse):
            read(answer)

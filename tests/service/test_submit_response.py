"""A response with status 200 is only good for something if it has an id that can be polled."""

from __future__ import annotations

import pytest

from pioneer_build.service.responses import InvalidResponse
from pioneer_build.service.submit_response import accepted_job


@pytest.mark.parametrize(("answer", "job_id"), [({"job_id": "j-1"}, "j-1"), ({"job_id": 7}, "7")])
def test_the_id_of_the_job(answer: object, job_id: str) -> None:
    assert accepted_job(answer) == job_id


@pytest.mark.parametrize("answer", [{}, {"id": "j-1"}, {"job_id": None}, None, [], "j-1"])
def test_no_id(answer: object) -> None:
    with pytest.raises(InvalidResponse, match="has no job_id"):
        accepted_job(answer)


@pytest.mark.parametrize("job_id", ["", "  ", True, 1.5, ["j-1"], "j\n1", "j" * 501])
def test_an_id_that_could_not_be_polled(job_id: object) -> None:
    with pytest.raises(InvalidResponse, match="has an invalid job_id"):
        accepted_job({"job_id": job_id})

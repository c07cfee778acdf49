"""What is promised of makers: those of the local engine keep it, and cost nothing that would need a keeper."""

from __future__ import annotations

import pytest

from pioneer_build.engine.makers import JobWork, Makers
from pioneer_build.engine.requests import GenerateRequest, LabelRequest


def test_the_local_makers_cost_nothing() -> None:
    module = pytest.importorskip("pioneer_build.engine.local_makers", reason="the extra `local` is not installed")
    makers: Makers = module.LocalMakers()
    assert not makers.keeps_answers
    assert makers.trouble() is None
    wanted = GenerateRequest(task_type="classification", dataset_name="d", labels=["refund", "other"], num_examples=2)
    assert len(makers.make(wanted, JobWork(0, [], lambda _: None)).rows) == 2
    texts = LabelRequest(labels=["refund", "other"], inputs=["my refund"])
    assert len(makers.label("classification", texts, None).results) == 1

"""What is promised of makers: those of the local engine keep it, and nothing of a model's is lost without a keeper."""

from __future__ import annotations

import pytest

from pioneer_build.engine.makers import JobWork, KeptAnswer, Makers, NothingKept, Usage


def test_a_maker_that_pays_needs_a_keeper() -> None:
    assert NothingKept().kept(["a"]) == {}
    with pytest.raises(NotImplementedError, match="1 answers would be lost"):
        JobWork(0, [], lambda _: None).answers.keep({"a": KeptAnswer("x", Usage())})


def test_the_local_makers_cost_nothing() -> None:
    module = pytest.importorskip("pioneer_build.engine.local_makers", reason="the extra `local` is not installed")
    makers: Makers = module.LocalMakers()
    assert not makers.keeps_answers
    assert makers.trouble() is None

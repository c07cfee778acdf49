"""Settings as values: whose key a judge gets, and settings from plain data."""

from __future__ import annotations

import pytest

from pioneer_build.spec.settings import JudgeSettings, ModelSettings, Prices, model_settings

HERE, ELSEWHERE = ("http://127.0.0.1:8000/v1",), ("http://127.0.0.1:9000/v1",)


@pytest.mark.parametrize(
    ("judge", "variable"),
    [
        (JudgeSettings("big"), "MODEL_API_KEY"),
        (JudgeSettings("big", ELSEWHERE), None),
        (JudgeSettings("big", HERE), None),
        (JudgeSettings("big", api_key_env="JUDGE_API_KEY"), "JUDGE_API_KEY"),
        (JudgeSettings("big", ELSEWHERE, "JUDGE_API_KEY"), "JUDGE_API_KEY"),
    ],
)
def test_a_key_goes_to_the_server_that_it_is_for(judge: JudgeSettings, variable: str | None) -> None:
    assert ModelSettings(HERE, "small", "MODEL_API_KEY", judge=judge).judge_key_variable == variable


def test_settings_from_plain_data() -> None:
    judge = {"name": "big", "base_url": list(ELSEWHERE)}
    made = model_settings({"base_url": HERE[0], "name": "small", "prices": {"input": 1, "output": 2}, "judge": judge})
    assert made == ModelSettings(HERE, "small", prices=Prices(1.0, 2.0), judge=JudgeSettings("big", ELSEWHERE))

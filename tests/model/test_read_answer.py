"""The JSON in what a model wrote, whatever is around it; and what is no answer."""

from __future__ import annotations

from dataclasses import replace
from math import log
from time import process_time
from typing import Any

import pytest

from pioneer_build.model.read_answer import UnusableAnswer, json_in, read_completion
from pioneer_build.model.values import Answer, Token
from tests.model.asked import PROMPT

WANTED = {"text": "a {b} ```c```"}
WRITTEN = '{"text": "a {b} ```c```"}'


@pytest.mark.parametrize(
    "text",
    [
        WRITTEN,
        f"  {WRITTEN}\n",
        f"```json\n{WRITTEN}\n```",
        f"Sure! Here it is:\n```\n{WRITTEN}\n```\nAnything else?",
        f'<think>Perhaps {{"text": "wrong"}}?</think>{WRITTEN}',
        f'the user wants {{"text": "wrong"}} …</think>\n\n{WRITTEN}',
        f"<reasoning>hm</reasoning> {WRITTEN}",
        f"I'm sorry for the delay. {WRITTEN} Bye {{}}",
        f'{{"a": 1}} is an example, and this the answer: {WRITTEN}',
        f'{WRITTEN} is the answer, and {{"a": "',
        f"{{a}} stands for the text: {WRITTEN}",
    ],
)
def test_json_is_found(text: str) -> None:
    assert json_in(Answer(text)) == WANTED


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer(""), "an empty answer"),
        (Answer(" \n"), "an empty answer"),
        (Answer("<think>only thoughts</think>"), "an empty answer"),
        (Answer("", "length"), "cut off"),
        (Answer('{"text": "a', "length"), "cut off"),
        (Answer('{"0": [{"text": "a", "label": "b"}, {"text": "a", "la', "length"), "cut off"),
        (Answer('{"0": [{"text": "a", "label": "b"},\n ', "length"), "cut off"),
        (Answer('{"messages": [{"role": "user", "content": "a"}'), "not the JSON that was asked for"),
        (Answer("", "content_filter"), "stopped by the server's content filter"),
        (Answer(WRITTEN, "content_filter"), "stopped by the server's content filter"),
        (Answer("", refusal="I can't help with that."), "refused by the model"),
        (Answer("I'm sorry, but I can't write that."), "refused by the model"),
        (Answer("I cannot do this"), "refused by the model"),
        (Answer("As an AI, I have no labels."), "refused by the model"),
        (Answer("The label is billing."), "not the JSON that was asked for"),
        (Answer('{"text": "a'), "not the JSON that was asked for"),
        (Answer("[1, 2]"), "not the JSON that was asked for"),
        (Answer("{" * 100_000), "not the JSON that was asked for"),
        (Answer('{"a":' * 5_000), "not the JSON that was asked for"),
    ],
)
def test_what_is_no_answer(answer: Answer, why: str) -> None:
    with pytest.raises(UnusableAnswer) as caught:
        json_in(answer)
    assert str(caught.value) == why


def completion(content: Any, **more: Any) -> dict[str, Any]:
    return {"choices": [{"message": {"content": content}, **more}]}


def test_completions() -> None:
    estimated = read_completion(completion("abcdefgh"), PROMPT)
    assert (estimated.text, estimated.finish, estimated.read, estimated.written) == ("abcdefgh", "stop", 6, 3)
    counted = completion("x", finish_reason="length") | {"usage": {"prompt_tokens": 5, "completion_tokens": 0}}
    assert read_completion(counted, PROMPT) == Answer("x", "length", "", 5, 0)
    parts = [{"type": "text", "text": "a"}, {"type": "image"}, {"type": "text", "text": "b"}]
    assert read_completion(completion(parts), PROMPT).text == "ab"
    refused = {"choices": [{"message": {"content": None, "refusal": "no"}}]}
    assert read_completion(refused, PROMPT).refusal == "no"


def test_probabilities() -> None:
    given = {"content": [{"token": "a", "logprob": log(0.5)}, {"token": "b", "logprob": 0}]}
    tokens = read_completion(completion("ab", logprobs=given), PROMPT).tokens
    assert tokens == (Token("a", pytest.approx(0.5)), Token("b", 1.0))  # type: ignore[arg-type]
    for odd in (None, {}, {"content": None}, {"content": [{"token": "a"}]}, {"content": [{"token": 1, "logprob": 0}]}):
        assert read_completion(completion("ab", logprobs=odd), PROMPT).tokens == ()


@pytest.mark.parametrize(
    "body", [None, [], {}, {"choices": None}, {"choices": [None]}, {"choices": [{"message": "x"}]}]
)
def test_what_is_no_completion(body: Any) -> None:
    with pytest.raises(UnusableAnswer, match="an empty answer"):
        read_completion(body, replace(PROMPT, user="x"))


@pytest.mark.parametrize(
    "text",
    [
        "<think>" * 200_000,
        "<thinking><think><reasoning>" * 50_000 + "</thinking>",
        "<think></think>" * 100_000,
        "</think>" + "<reasoning>" * 100_000 + "</think>",
        "```\n" * 1_000_000,
        "```a" * 1_000_000,
        '{"a":' * 500_000,
    ],
    ids=lambda text: text[:12],
)
def test_an_answer_that_is_made_to_take_long_is_read_in_linear_time(text: str) -> None:
    began = process_time()
    with pytest.raises(UnusableAnswer):
        json_in(Answer(text))
    assert process_time() - began < 5


@pytest.mark.parametrize(
    "text",
    [
        f"<think>a<think>b</think>{WRITTEN}",
        f"<think>a</think><reasoning>b</reasoning>{WRITTEN}<thinking>c</thinking>",
        f"a</think><thinking>b</think></thinking>{WRITTEN}",
        f"<think>a</think>{WRITTEN}<think>",
    ],
)
def test_reasoning_is_left_out_wherever_its_tags_are(text: str) -> None:
    assert json_in(Answer(text)) == WANTED


@pytest.mark.parametrize("said", [10_000_001, 2**62, 2**64, -1, True, 1.5, "7"])
def test_a_number_of_tokens_that_no_call_has_counts_as_not_said(said: object) -> None:
    usage = {"prompt_tokens": said, "completion_tokens": said}
    answer = read_completion({"choices": [{"message": {"content": "12345678"}}], "usage": usage}, PROMPT)
    assert (answer.read, answer.written, answer.counted) == ((len(PROMPT.system) + len(PROMPT.user)) // 4 + 1, 3, False)

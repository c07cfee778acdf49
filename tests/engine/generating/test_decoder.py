"""Rows for decoders."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pioneer_build.draws import Draw
from pioneer_build.engine.generating.decoder import MessageRows
from pioneer_build.engine.generating.rejects import Reject


def rows_of(prompt: str, domain: str = "", count: int = 40) -> list[list[dict[str, Any]]]:
    maker = MessageRows(prompt, domain)
    rows = []
    for ordinal in range(count):
        for attempt in range(20):
            try:
                rows.append(maker.candidate(Draw("d", ordinal, attempt), ordinal)["messages"])
            except Reject:
                continue
            break
    assert len(rows) == count
    return rows


def test_a_row_is_a_prompt_and_a_completion() -> None:
    for user, assistant in rows_of("Write a subject line"):
        assert (user["role"], assistant["role"]) == ("user", "assistant")
        assert user["content"]
        assert assistant["content"]


def test_a_prompt_that_speaks_to_the_assistant_begins_every_row() -> None:
    prompt = "You are a support agent."
    assert all(messages[0] == {"role": "system", "content": prompt} for messages in rows_of(prompt))
    assert all(len(messages) == 3 for messages in rows_of(prompt))


def test_tasks_take_turns() -> None:
    rows = rows_of("Extract fields as JSON and write a title", count=10)
    parsed = []
    for _, assistant in rows:
        try:
            parsed.append(isinstance(json.loads(assistant["content"]), dict))
        except json.JSONDecodeError:
            parsed.append(False)
    assert parsed == [True, False] * 5


def test_categories_are_of_messages_near_the_domain() -> None:
    def topics(domain: str) -> list[str]:
        return [assistant["content"] for _, assistant in rows_of("Classify the message", domain)]

    shop = topics("an online shop")
    assert "animals and pets" not in shop
    assert "damaged or faulty product" in shop
    vets = topics("a vet's practice for cats and dogs")
    assert vets.count("animals and pets") > len(vets) / 2


@pytest.mark.parametrize("prompt", ["", "Short, polite support replies"])
def test_rows_differ(prompt: str) -> None:
    rows = rows_of(prompt)
    assert len({json.dumps(row) for row in rows}) > 35

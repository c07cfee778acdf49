"""What a decoder's prompt asks for."""

from __future__ import annotations

from typing import get_args

import pytest

from pioneer_build.engine.generating.prompt_tasks import (
    INSTRUCTIONS,
    Manner,
    Task,
    is_system_message,
    manner_of,
    tasks_of,
)


@pytest.mark.parametrize(
    ("prompt", "tasks"),
    [
        ("", ("reply", "qa", "summarize", "extract")),
        ("Summarize support tickets", ("summarize",)),
        ("TL;DR please", ("summarize",)),
        ("Extract fields as JSON and write a title", ("extract", "title")),
        ("Rephrase it", ("rewrite",)),
        ("Which team does it go to? Triage.", ("classify",)),
        ("Questions about a passage", ("qa",)),
        ("You are a support agent. Answer customers", ("reply",)),
        # customers are part of many a prompt for something else
        ("Classify what customers ask", ("classify",)),
    ],
)
def test_words_name_tasks(prompt: str, tasks: tuple[Task, ...]) -> None:
    assert tasks_of(prompt) == tasks


def test_a_prompt_without_such_words_gets_the_nearest_task() -> None:
    assert tasks_of("Boil it down to one sentence") == ("summarize",)
    assert tasks_of("make the note sound more official") == ("rewrite",)
    assert tasks_of("haiku about rivers")[0] in get_args(Task)
    assert len(tasks_of("haiku about rivers")) == 1


@pytest.mark.parametrize(
    ("prompt", "manner"),
    [
        ("", Manner("plain", short=False, long=False)),
        ("Short, polite answers", Manner("polite", short=True, long=False)),
        ("detailed and friendly", Manner("friendly", short=False, long=True)),
        ("formal but warm", Manner("polite", short=False, long=False)),
    ],
)
def test_manners(prompt: str, manner: Manner) -> None:
    assert manner_of(prompt) == manner


def test_a_prompt_that_speaks_to_the_assistant() -> None:
    assert is_system_message("  You are a bot.")
    assert is_system_message("Act as a clerk")
    assert not is_system_message("Answer as if you are a bot")


def test_every_task_about_a_message_has_an_instruction_with_room_for_it() -> None:
    assert set(INSTRUCTIONS) == set(get_args(Task)) - {"qa"}
    assert all(text.count("{}") == 1 for texts in INSTRUCTIONS.values() for text in texts)

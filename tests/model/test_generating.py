"""The rows of a job: balanced, different, confirmed by a second look, and no answer paid for twice."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from pioneer_build.answers.keeping import KeptAnswer, ModelUsage
from pioneer_build.model.chat import Chat
from pioneer_build.model.generating import ATTEMPTS, Generator, RowsWanted
from pioneer_build.model.labelling import Labeller
from pioneer_build.model.troubles import NoUse
from pioneer_build.model.values import Limits, WantedContent
from pioneer_build.spec.model import EntityExample
from tests.fakes.chat_server import Call, ChatServer, Reply, good, good_content, reply
from tests.model.asked import CLASSES, DECODER, ENTITIES, Keeper, endpoint, with_chat


class Made:
    def __init__(self, rows: list[dict[str, Any]], summary: str | None) -> None:
        self.rows, self.summary = rows, summary


def make(server: ChatServer, definition: WantedContent, number: int, **more: Any) -> Made:
    keeper = more.pop("keeper", None) or Keeper()
    wanted = RowsWanted(definition, "data", number, seed=more.pop("seed", 0), earlier=more.pop("earlier", ()))

    async def work(chat: Chat) -> Made:
        judge = Labeller(chat, definition, keeper) if definition.task_type == "classification" else None
        generator = Generator(chat, wanted, keeper, judge)
        rows = await generator.rows()
        return Made(rows, generator.summary())

    return with_chat(endpoint(server.url), work, Limits(in_flight=8, patience=1, seconds=5))


def rows_of(server: ChatServer) -> list[Call]:
    return [call for call in server.calls if not call.texts]


def test_classes_are_balanced_and_confirmed_blind() -> None:
    with ChatServer() as server:
        made = make(server, CLASSES, 30)
        assert len(made.rows) == 30
        assert Counter(row["label"] for row in made.rows) == {"billing": 10, "other": 10, "refund": 10}
        assert made.summary is None
        looks = [call for call in server.calls if call.texts]
        assert (len(rows_of(server)), len(looks)) == (30, 2)
        assert sorted(text for call in looks for text in call.texts.values()) == sorted(r["text"] for r in made.rows)
        assert not any(f'"label": "{row["label"]}"' in call.user for call in looks for row in made.rows)


def test_rows_whose_second_label_differs_are_dropped_and_the_rate_is_said() -> None:
    def doubts(call: Call) -> Reply:
        content = good_content(call)
        return reply(content=dict.fromkeys(content, "other") if call.texts else content)

    with ChatServer(doubts) as server:
        made = make(server, CLASSES, 9)
        assert [row["label"] for row in made.rows] == ["other"] * 3
        assert made.summary == (
            "requested 9, produced 3, refused 24 (24 that got a different label when labelled again);"
            " labelled again from the text alone, 88.9% of 27 rows got a different label"
        )


def test_entities_have_negatives_and_several_in_a_text() -> None:
    with ChatServer() as server:
        made = make(server, ENTITIES, 60)
    assert len(made.rows) == 60
    number = Counter(len(row["entities"]) for row in made.rows)
    assert set(number) == {0, 1, 2, 3}
    assert 3 <= number[0] <= 18
    labels = Counter(one["label"] for row in made.rows for one in row["entities"])
    assert min(labels.values()) > 20
    for row in made.rows:
        assert all(row["text"][one["start"] : one["end"]] == one["text"] for one in row["entities"])


def test_conversations() -> None:
    with ChatServer() as server:
        made = make(server, DECODER, 5)
        assert [[message["role"] for message in row["messages"]] for row in made.rows] == [["user", "assistant"]] * 5
        assert all("Instruction: Answer politely." in call.user for call in server.calls)


def test_every_call_asks_for_something_else_and_the_same_on_every_machine() -> None:
    prompts = []
    for _ in range(2):
        with ChatServer() as server:
            make(server, DECODER, 40)
            prompts.append(sorted(call.user for call in server.calls))
    assert len(set(prompts[0])) == 40
    assert prompts[0] == prompts[1]
    with ChatServer() as server:
        make(server, DECODER, 40, seed=1)
        assert not {call.user for call in server.calls} & set(prompts[0])


def test_ordinals_go_on_after_earlier_rows() -> None:
    with ChatServer() as server:
        whole = make(server, CLASSES, 10).rows
        first = make(server, CLASSES, 6).rows
        assert first + make(server, CLASSES, 4, earlier=first).rows == whole


@pytest.mark.parametrize(
    ("origin", "definition", "earlier"),
    [
        ("another row", CLASSES, []),
        ("an example", replace(CLASSES, examples=(("one and the same text, again and again", "refund"),)), []),
        ("an earlier row", CLASSES, [{"text": "one and the same text, again and again", "label": "refund"}]),
    ],
)
def test_near_copies_are_refused(origin: str, definition: WantedContent, earlier: list[dict[str, Any]]) -> None:
    def copies(call: Call) -> Reply:
        return good(call) if call.texts else reply(content={"text": "One and the same text, again and AGAIN!"})

    with ChatServer(copies) as server:
        made = make(server, replace(definition, labels=("refund",)), 3, earlier=earlier)
        assert f"near-copies of {origin}" in (made.summary or "")
        assert len(made.rows) == (1 if origin == "another row" else 0)
        assert len(rows_of(server)) == (3 + 2 * (ATTEMPTS - 1) if origin == "another row" else 3 * ATTEMPTS)


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        ("I'm sorry, I can't write that", "refused by the model"),
        ("no JSON", "not the JSON that was asked for"),
        ({"text": ""}, "with a fault (no-text)"),
        ({"label": "refund"}, "with a fault (no-text)"),
        ({"text": 5}, "with a fault (bad-shape)"),
    ],
)
def test_what_is_no_row_is_asked_for_again_and_counted(content: Any, cause: str) -> None:
    def script(call: Call) -> Reply:
        return reply(content=content) if call.number < 4 else good(call)

    with ChatServer(script) as server:
        made = make(server, DECODER if content == "no JSON" else CLASSES, 4)
        assert len(made.rows) == 4
        assert made.summary == f"requested 4, produced 4, refused 4 (4 {cause})" + (
            "" if content == "no JSON" else "; labelled again from the text alone, 0.0% of 4 rows got a different label"
        )


@pytest.mark.parametrize(
    ("value", "cause"),
    [
        ({"text": "x y", "entities": [{"text": "z", "label": "city"}]}, "with a fault (span-not-in-text)"),
        ({"text": "x y", "entities": [{"text": "x", "label": "river"}]}, "with a fault (undeclared-label)"),
        ({"text": "x y x", "entities": [{"text": "x", "label": "city"}]}, "with an entity whose position is ambiguous"),
        ({"text": "x y", "entities": []}, "without the entities that were asked for"),
        ({"text": "x y"}, "with a fault (no-annotation)"),
    ],
)
def test_entities_that_are_wrong(value: dict[str, Any], cause: str) -> None:
    with ChatServer(lambda _: reply(content=value)) as server:
        made = make(server, replace(ENTITIES, labels=("city",)), 1)
        assert (made.rows, cause in (made.summary or "")) == ([], True)


def test_attempts_are_bounded_and_a_shortfall_is_said() -> None:
    def script(call: Call) -> Reply:
        return reply(400, message="content_filter") if call.number % 2 else good(call)

    with ChatServer(lambda _: reply(content="hm")) as server:
        made = make(server, DECODER, 5)
        assert (made.rows, len(server.calls)) == ([], 5 * ATTEMPTS)
    with ChatServer(script) as server:
        made = make(server, DECODER, 5)
        assert "stopped by the server's content filter" in (made.summary or "")


def test_no_answer_is_paid_for_twice() -> None:
    keeper = Keeper()
    with ChatServer() as server:
        first = make(server, CLASSES, 20, keeper=keeper).rows
        calls = len(server.calls)
        assert keeper.usage == (100 * calls, 10 * calls, calls)
        assert make(server, CLASSES, 20, keeper=keeper).rows == first
        assert len(server.calls) == calls
        for key in list(keeper.answers)[:5]:  # those that were in flight when the process was killed
            del keeper.answers[key]
        assert make(server, CLASSES, 20, keeper=keeper).rows == first
        assert len(server.calls) == calls + 5


@pytest.mark.parametrize("definition", [CLASSES, ENTITIES])
@pytest.mark.parametrize("text", ["", "[]", "{}", '{"label": 1}', '["{}", "stop", "", [["a", 2]]]', "[" * 100_000])
def test_what_is_kept_and_is_no_answer_is_asked_for_again(definition: WantedContent, text: str) -> None:
    keeper = Keeper()
    with ChatServer() as server:
        first = make(server, definition, 20, keeper=keeper).rows
        calls = len(server.calls)
        odd = list(keeper.answers)[::3]
        for key in odd:
            keeper.answers[key] = KeptAnswer(text, ModelUsage(1, 1, 1))
        assert make(server, definition, 20, keeper=keeper).rows == first
        assert calls < len(server.calls) <= calls + len(odd)


def test_earlier_rows_that_are_none_are_no_rows() -> None:
    odd: list[dict[str, Any]] = [{}, {"messages": 1}, {"messages": [{}]}, {"messages": ["a"]}, {"text": None}]
    with ChatServer() as server:
        assert len(make(server, DECODER, 5, earlier=odd).rows) == 5


def test_trouble_with_all_calls_ends_it_and_keeps_what_was_paid_for() -> None:
    keeper = Keeper()
    with ChatServer(lambda call: good(call) if call.number < 7 else reply(401)) as server:
        with pytest.raises(NoUse):
            make(server, DECODER, 50, keeper=keeper)
        assert len(keeper.answers) == 7


def test_examples_rotate_and_a_prompt_that_is_too_long_has_less_of_them() -> None:
    examples = tuple(EntityExample(f"personA{n} has no house", ((f"personA{n}", "person"),)) for n in range(10))

    def script(call: Call) -> Reply:
        return reply(400, message="maximum context length") if call.user.count("no house") > 1 else good(call)

    with ChatServer(script) as server:
        made = make(server, replace(ENTITIES, entity_examples=examples), 10)
        assert len(made.rows) == 10
        used = {n for call in server.calls for n in range(10) if f"personA{n} has" in call.user}
        assert len(used) > 5


@pytest.mark.parametrize("said", ["the text", "The text.", "…", "...", " a span "])
def test_a_placeholder_is_no_row(said: str) -> None:
    with ChatServer(lambda call: good(call) if call.texts else reply(content={"text": said})) as server:
        made = make(server, CLASSES, 1)
        assert (made.rows, made.summary) == (
            [],
            "requested 1, produced 0, refused 4 (4 with a placeholder instead of text)",
        )
    talk = {"messages": [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": said}]}
    with ChatServer(lambda _: reply(content=talk)) as server:
        assert make(server, DECODER, 1).rows == []


def test_an_entity_that_is_listed_more_often_than_it_is_there_is_listed_once_for_each_place() -> None:
    value = {"text": "Oslo likes Oslo", "entities": [{"text": "Oslo", "label": "city"}] * 3}

    def script(call: Call) -> Reply:
        return reply(content=value)

    with ChatServer(script) as server:
        (row,) = make(server, replace(ENTITIES, labels=("city",)), 4).rows  # the others are copies
        assert [(one["start"], one["end"]) for one in row["entities"]] == [(0, 4), (11, 15)]

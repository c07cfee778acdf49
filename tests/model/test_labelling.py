"""Labels of texts: several a call, found by index, halved where a call can't be aligned, kept before they count."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from math import log
from typing import Any

import pytest

from pioneer_build.answers.keeping import KeptAnswer, ModelUsage
from pioneer_build.model.asking_again import AskingAgain
from pioneer_build.model.chat import Chat
from pioneer_build.model.label_prompts import label_prompt
from pioneer_build.model.labelling import Labeller
from pioneer_build.model.troubles import NoUse, Outage
from pioneer_build.model.values import Limits, WantedContent
from pioneer_build.spec.request_limits import TEXTS_PER_CALL
from tests.fakes.chat_server import Call, ChatServer, Reply, good, good_content, reply
from tests.model.asked import CLASSES, ENTITIES, Keeper, endpoint, with_chat

TEXTS = [f"text {n} about {label}" for n in range(20) for label in ("billing", "refund", "other")]


def label(
    server: ChatServer,
    texts: list[str],
    definition: WantedContent = CLASSES,
    keeper: Keeper | None = None,
    votes: int = 1,
) -> list[dict[str, Any]]:
    async def work(chat: Chat) -> list[dict[str, Any]]:
        labeller = Labeller(chat, definition, keeper or Keeper(), votes)
        items = await labeller.label(texts)
        if keeper is not None:
            assert labeller.usage[2] <= len(server.calls) or not server.calls
        return items

    return with_chat(endpoint(server.url), work, Limits(patience=0.5, seconds=5))


def right(texts: list[str]) -> list[dict[str, Any]]:
    return [{"label": text.rpartition(" ")[2]} for text in texts]


def test_each_text_gets_its_label_and_several_share_a_call() -> None:
    with ChatServer() as server:
        assert label(server, TEXTS) == right(TEXTS)
        assert len(server.calls) == 4
        assert len(server.calls[0].texts) == 16
        assert server.calls[0].schema["required"] == [str(n) for n in range(16)]
        assert server.calls[0].schema["properties"]["3"] == {"type": "string", "enum": ["billing", "other", "refund"]}


def test_long_texts_have_calls_of_their_own() -> None:
    long = [f"{n} {'x ' * 1500} refund" for n in range(4)]
    with ChatServer() as server:
        assert label(server, long) == right(long)
        assert [len(call.texts) for call in server.calls] == [1, 1, 1, 1]


def test_the_order_of_answers_means_nothing() -> None:
    def backwards(call: Call) -> Reply:
        return reply(content=dict(reversed(good_content(call).items())))

    with ChatServer(backwards) as server:
        assert label(server, TEXTS) == right(TEXTS)


@pytest.mark.parametrize("wrap", ["list", "object", "entries", "other case"])
def test_a_server_that_ignores_the_schema_but_names_indexes(wrap: str) -> None:
    def script(call: Call) -> Reply:
        content = good_content(call)
        listed = [{"index": int(at), "label": said} for at, said in content.items()]
        return reply(
            content={
                "list": {"answers": listed},
                "object": {"answers": content},
                "entries": {at: {"label": said} for at, said in content.items()},
                "other case": {at: f" {said.upper()}" for at, said in content.items()},
            }[wrap]
        )

    with ChatServer(script) as server:
        assert label(server, TEXTS) == right(TEXTS)
        assert len(server.calls) == 4


def test_texts_that_an_answer_leaves_out_are_asked_about_again_and_no_others() -> None:
    def forgets(call: Call) -> Reply:
        content = good_content(call)
        return reply(content={at: said for at, said in content.items() if len(call.texts) < 3 or int(at) % 2})

    with ChatServer(forgets) as server:
        assert label(server, TEXTS[:16]) == right(TEXTS[:16])
        asked = [text for call in server.calls for text in call.texts.values()]
        assert max(map(asked.count, asked)) <= 5
        assert sum(asked.count(text) == 1 for text in TEXTS[:16]) == 8


@pytest.mark.parametrize(
    ("trouble", "why"),
    [
        (reply(400, message="maximum context length exceeded"), "maximum context length"),
        (reply(400, message="content_filter: not nice"), "content_filter"),
        (reply(content="", finish="content_filter"), "stopped by the server's content filter"),
        (reply(content="I'm sorry, I can't"), "refused by the model"),
        (reply(content="billing"), "not the JSON that was asked for"),
        (reply(content={"0": "no such label", "1": 5}), "an unknown label"),
        (reply(content='{"0": "bil', finish="length"), "cut off"),
        (Reply(200, b'{"choices": []}'), "an empty answer"),
    ],
)
def test_a_text_that_cannot_be_labelled_is_named_and_the_others_are_labelled(trouble: Reply, why: str) -> None:
    texts = [*TEXTS[:6], "poison", *TEXTS[6:11]]

    def script(call: Call) -> Reply:
        return trouble if "poison" in call.texts.values() else good(call)

    with ChatServer(script) as server:
        items = label(server, texts)
        assert items[:6] + items[7:] == right(TEXTS[:11])
        assert why in items[6]["error"]
        assert len(server.calls) < 40


def test_answers_are_kept_before_they_count_and_not_paid_for_again() -> None:
    keeper = Keeper()
    with ChatServer() as server:
        assert label(server, TEXTS, keeper=keeper) == right(TEXTS)
        paid = keeper.usage
        assert paid == (400, 40, 4)
        assert label(server, [*TEXTS, "one more refund"], keeper=keeper) == right([*TEXTS, "one more refund"])
        assert len(server.calls) == 5
        label(server, TEXTS[:1], replace(CLASSES, descriptions={"refund": "money back"}), keeper=keeper)
        label(server, TEXTS[:1], ENTITIES, keeper=keeper)
        assert len(server.calls) == 7  # another definition is another question


def test_useless_answers_are_counted() -> None:
    keeper = Keeper()
    with ChatServer(lambda _: reply(content="hm")) as server:
        assert "error" in label(server, ["a"], keeper=keeper)[0]
        assert keeper.usage[2] == len(server.calls) == 3


def test_a_keeper_that_fails_ends_it() -> None:
    keeper = Keeper()
    keeper.broken = True
    with ChatServer() as server, pytest.raises(OSError, match="no space left"):
        label(server, TEXTS, keeper=keeper)


@pytest.mark.parametrize(("status", "error"), [(401, NoUse), (500, Outage)])
def test_what_is_about_all_texts_ends_it(status: int, error: type[Exception]) -> None:
    with ChatServer(lambda _: reply(status)) as server, pytest.raises(error):
        label(server, TEXTS)


def test_probabilities_are_the_confidence() -> None:
    def sure(call: Call) -> Reply:
        tokens = ['{"', "0", '": "', "bil", "ling", '", "', "1", '": "', "other", '"}']
        likely = [1, 1, 1, 0.8, 0.5, 1, 1, 1, 0.9, 1]
        given = [{"token": t, "logprob": log(p)} for t, p in zip(tokens, likely, strict=True)]
        return reply(content="".join(tokens), logprobs={"content": given})

    with ChatServer(sure) as server:
        assert label(server, ["a", "b"], votes=5) == [
            {"label": "billing", "score": 0.4},
            {"label": "other", "score": 0.9},
        ]
        assert len(server.calls) == 1
        assert server.calls[0].body["logprobs"] is True


@pytest.mark.parametrize("text", ["", "[]", '{"error": "x"}', '{"label": "none"}', '{"label": "refund", "score": 9}'])
@pytest.mark.parametrize("votes", [1, 3])
def test_what_is_kept_and_is_no_label_is_asked_about_again(text: str, votes: int) -> None:
    keeper = Keeper()
    with ChatServer() as server:
        first = label(server, TEXTS, keeper=keeper, votes=votes)
        calls = len(server.calls)
        for key in keeper.answers:
            keeper.answers[key] = KeptAnswer(text, ModelUsage(1, 1, 1))
        assert label(server, TEXTS, keeper=keeper, votes=votes) == first
        assert len(server.calls) > calls


def test_votes_are_the_confidence_without_probabilities() -> None:
    def undecided(call: Call) -> Reply:
        return reply(content={"0": "refund" if call.body.get("seed") == 102 else "billing", "1": "other"})

    with ChatServer(undecided) as server:
        items = label(server, ["a", "b"], votes=3)
        assert items == [{"label": "billing", "score": 0.6667}, {"label": "other", "score": 1.0}]
        assert len(server.calls) == 3


@pytest.mark.parametrize("stop", [2, 5, 7, 9, 11])
def test_votes_are_kept_one_by_one(stop: int) -> None:
    """A run that is cut short loses the calls that are in flight, and no other vote."""
    keeper, in_flight = Keeper(), 2

    async def cut_short(chat: Chat) -> None:
        task = asyncio.create_task(Labeller(chat, CLASSES, keeper, votes=3).label(TEXTS))
        while len(server.calls) < stop:  # noqa: ASYNC110 - in another thread
            await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def again(chat: Chat) -> tuple[list[dict[str, Any]], int]:
        labeller = Labeller(chat, CLASSES, keeper, votes=3)
        return await labeller.label(TEXTS), labeller.usage.calls

    with ChatServer(latency=0.05) as server:
        with_chat(endpoint(server.url), cut_short, Limits(in_flight=in_flight))
        items, calls = with_chat(endpoint(server.url), again, Limits(in_flight=in_flight))
        assert items == [one | {"score": 1.0} for one in right(TEXTS)]
        asked = Counter((text, call.body.get("seed")) for call in server.calls for text in call.texts.values())
        assert set(asked.values()) <= {1, 2}
        assert asked.total() - len(asked) <= in_flight * TEXTS_PER_CALL
        assert len(server.calls) - in_flight <= calls <= len(server.calls)
        assert (calls, with_chat(endpoint(server.url), again)[1]) == (keeper.usage.calls, calls)


def test_a_vote_without_json_costs_no_other_vote() -> None:
    def odd(call: Call) -> Reply:
        return reply(content="hm") if call.body.get("seed") == 102 and len(call.texts) > 1 else good(call)

    with ChatServer(odd) as server:
        assert label(server, TEXTS[:4], votes=3) == [one | {"score": 1.0} for one in right(TEXTS[:4])]
        asked = Counter((text, call.body.get("seed")) for call in server.calls for text in call.texts.values())
        assert {number for (_, seed), number in asked.items() if seed != 102} == {1}


def test_entities_are_spans_of_the_text() -> None:
    texts = ["personAda met personBob in cityOslo.", "Nothing here.", "cityOslo and cityOslo"]
    with ChatServer() as server:
        items = label(server, texts, ENTITIES)
    assert items == [
        {
            "entities": [
                {"text": "personAda", "label": "person"},
                {"text": "personBob", "label": "person"},
                {"text": "cityOslo", "label": "city"},
            ]
        },
        {"entities": []},
        {"entities": [{"text": "cityOslo", "label": "city"}]},
    ]


def test_a_span_that_is_not_in_the_text_is_asked_about_alone_and_then_named() -> None:
    def wrong(call: Call) -> Reply:
        content = good_content(call)
        if len(call.texts) > 1:  # as if the texts had been mixed up
            content["0"], content["1"] = content["1"], content["0"]
        return reply(content=content)

    with ChatServer(wrong) as server:
        items = label(server, ["personAda", "cityOslo"], ENTITIES)
        assert [item["entities"][0]["text"] for item in items] == ["personAda", "cityOslo"]
    with ChatServer(lambda _: reply(content={"0": [{"text": "Nobody", "label": "person"}]})) as server:
        (item,) = label(server, ["personAda"], ENTITIES)
        assert "a span that is not in it" in item["error"]


def test_texts_that_a_model_cannot_label_at_all_are_asked_about_again_by_one_request_alone() -> None:
    halving = 16 * 3 + 8 + 4 + 2 + 1

    async def work(chat: Chat) -> list[list[dict[str, Any]]]:
        shared = AskingAgain()
        labellers = [Labeller(chat, CLASSES, Keeper(), asking_again=shared) for _ in range(4)]
        return await asyncio.gather(*[one.label([f"{n}: {at}" for at in range(16)]) for n, one in enumerate(labellers)])

    with ChatServer(lambda _: reply(content="I can't")) as server:
        found = with_chat(endpoint(server.url), work)
        assert {tuple(item) for items in found for item in items} == {("error",)}
        assert len(server.calls) == halving + 3
    with ChatServer(lambda call: reply(content="I can't") if len(call.texts) > 1 else good(call)) as server:
        found = with_chat(endpoint(server.url), work)
        assert {tuple(item) for items in found for item in items} == {("label",)}  # one label, and nobody doubts


def test_a_prompt_is_made_when_its_call_is_next(monkeypatch: pytest.MonkeyPatch) -> None:
    from pioneer_build.model import labelling

    made: list[int] = []

    def counting(*args: Any, **more: Any) -> Any:
        made.append(1)
        return label_prompt(*args, **more)

    async def work(chat: Chat) -> None:
        task = asyncio.create_task(Labeller(chat, CLASSES, Keeper()).label([f"text {n}" for n in range(1_000)]))
        while not server.calls:  # noqa: ASYNC110 - in another thread
            await asyncio.sleep(0.01)
        assert len(made) <= 4
        task.cancel()

    monkeypatch.setattr(labelling, "label_prompt", counting)
    with ChatServer(latency=0.5) as server:
        with_chat(endpoint(server.url), work, Limits(in_flight=4))

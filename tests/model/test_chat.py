"""Calls: every trouble that a server can make, what is asked again, what isn't, and how many are under way."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace
from typing import Any

import pytest

from pioneer_build.errors import NoAccess, ServiceError
from pioneer_build.model.chat import Chat
from pioneer_build.model.troubles import CallFailed, NoUse, Outage, Stopped, TooLong, Unreached
from pioneer_build.model.values import Answer, Limits
from tests.fakes.chat_server import Call, ChatServer, Reply, reply
from tests.model.asked import PROMPT, QUICK, endpoint, with_chat

OK = reply(content={"a": 1})
KEY = "sk-a-long-key-of-this-model"


def ask(server: ChatServer, *, key: str | None = None, limits: Limits | None = None) -> Answer:
    return with_chat(endpoint(server.url, key=key), lambda chat: chat.ask(PROMPT), limits)


def ask_many(server: ChatServer, number: int, limits: Limits | None = None) -> list[Answer | BaseException]:
    async def work(chat: Chat) -> list[Answer | BaseException]:
        await chat.ask(PROMPT)
        return await asyncio.gather(*[chat.ask(PROMPT) for _ in range(number)], return_exceptions=True)

    return with_chat(endpoint(server.url), work, limits)


def test_a_call_and_its_answer() -> None:
    with ChatServer(lambda _: OK) as server:
        assert ask(server, key=KEY) == Answer('{"a": 1}', "stop", "", 100, 10)
        (call,) = server.calls
    assert call.path == "/v1/chat/completions"
    assert call.headers["authorization"] == f"Bearer {KEY}"
    assert call.body["model"] == "m"
    assert call.body["max_tokens"] == 100
    assert [one["role"] for one in call.body["messages"]] == ["system", "user"]
    assert call.form == "json_schema"


def test_no_key_is_sent_without_one() -> None:
    with ChatServer(lambda _: OK) as server:
        ask(server)
        assert "authorization" not in server.calls[0].headers


@pytest.mark.parametrize(
    "trouble",
    [
        reply(429, headers={"Retry-After": "0"}),
        reply(429, headers={"Retry-After": "0.01"}),
        reply(503),
        reply(500),
        reply(502),
        Reply(504, b"<html><title>Gateway</title></html>"),
        Reply(then="drop"),
        Reply(then="reset"),
        Reply(200, b"no JSON"),
        Reply(200, b"{}"),
        Reply(200, b'{"choices": []}'),
        Reply(200, b'{"choices": [{"finish_reason": "stop"}]}'),
        Reply(200, b"\x1f\x8bnot gzip", {"Content-Encoding": "gzip"}),
    ],
    ids=str,
)
def test_what_asking_again_mends(trouble: Reply) -> None:
    with ChatServer(lambda _: OK) as server:
        server.next(trouble, trouble)
        assert ask(server).text == '{"a": 1}'
        assert len(server.calls) == 3


def test_an_answer_that_never_comes_is_asked_for_again() -> None:
    with ChatServer(lambda _: OK) as server:
        server.next(Reply(seconds=2))
        assert ask(server, limits=Limits(seconds=0.2, patience=5)).text == '{"a": 1}'
        assert len(server.calls) == 2


@pytest.mark.parametrize(
    ("status", "message", "error", "cause"),
    [
        (400, "This model's maximum context length is 4096 tokens", TooLong, "too long for the model's context"),
        (500, "the request exceeds the available context size", TooLong, "too long for the model's context"),
        (413, "", TooLong, "too long for the model's context"),
        (400, "The response was filtered: content_filter", CallFailed, "stopped by the server's content filter"),
        (401, "Incorrect API key provided", NoUse, "the server refused"),
        (402, "pay first", NoUse, "the server refused"),
        (403, "no", NoUse, "the server refused"),
        (404, "The model `m` does not exist", NoUse, "the server refused"),
        (400, "model 'm' not found, try pulling it first", NoUse, "the server refused"),
        (405, "", NoUse, "the server refused"),
        (308, "", NoUse, "the server refused"),
        (429, "You exceeded your current quota: insufficient_quota", NoUse, "the server refused"),
    ],
)
def test_what_asking_again_does_not_mend(status: int, message: str, error: type[CallFailed], cause: str) -> None:
    with ChatServer(lambda _: reply(status, message=message)) as server:
        with pytest.raises(error) as caught:
            ask(server)
        assert (type(caught.value), caught.value.cause) == (error, cause)
        assert f"127.0.0.1:{server.port}: status {status}" in caught.value.message
        assert len(server.calls) == 1


def test_nothing_is_sent_after_a_refusal_that_is_about_all_calls() -> None:
    async def work(chat: Chat) -> list[Any]:
        return await asyncio.gather(*[chat.ask(PROMPT) for _ in range(40)], return_exceptions=True)

    with ChatServer(lambda _: reply(401, message="wrong key"), latency=0.05) as server:
        found = with_chat(endpoint(server.url), work, Limits(in_flight=4))
        assert {type(one) for one in found} == {NoUse}
        assert {"wrong key" in str(one) for one in found} == {True}
        assert len(server.calls) <= 4, "only what was in flight"


def test_what_was_cut_off_keeps_its_place_until_its_answer_is_kept() -> None:
    """So that no more calls than may be in flight are without a kept answer at any time."""
    open_calls: set[int] = set()
    most = 0

    async def work(chat: Chat) -> None:
        async def one(number: int) -> None:
            async def keep(_: Answer) -> None:
                await asyncio.sleep(0.01)
                kept.add(number)

            await chat.ask(replace(PROMPT, user=f"call {number}."), keep)

        await asyncio.gather(*map(one, range(12)))

    kept: set[int] = set()

    def script(call: Call) -> Reply:
        nonlocal most
        number = int(call.user.removeprefix("call ").rstrip("."))
        open_calls.add(number)
        most = max(most, len(open_calls - kept))
        cut = call.body["max_tokens"] == PROMPT.tokens
        return reply(content="half", finish="length", written=PROMPT.tokens) if cut else OK

    with ChatServer(script, latency=0.01) as server:
        with_chat(endpoint(server.url), work, Limits(in_flight=3))
        assert len(server.calls) == 24
        assert most <= 3


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_named_by_its_variable_and_so_is_the_setting_where_one_is_missing(status: int) -> None:
    with ChatServer(lambda _: reply(status, message="no " * 1000)) as server:
        of_model = replace(endpoint(server.url, key=KEY), key_variable="CHAT_API_KEY")
        for one, said in (
            (of_model, ": check the key in CHAT_API_KEY; it said: no"),
            (endpoint(server.url), ": no key was sent: set `api_key_env` of `model` in pioneer.yaml to the variable"),
        ):
            with pytest.raises(NoUse) as caught:
                with_chat(one, lambda chat: chat.ask(PROMPT))
            assert said in caught.value.message[:200]


def test_an_answer_that_was_cut_off_is_asked_for_again_with_more_tokens_and_all_are_counted() -> None:
    with ChatServer(lambda _: OK) as server:
        server.next(reply(content='{"a"', finish="length", written=100))
        assert ask(server) == Answer('{"a": 1}', "stop", "", 200, 110)
        assert [call.body["max_tokens"] for call in server.calls] == [100, 400]
    with ChatServer(lambda call: reply(content='{"a"', finish="length", written=call.body["max_tokens"])) as server:
        assert ask(server).finish == "length"
        assert [call.body["max_tokens"] for call in server.calls] == [100, 400, 1600]


def test_an_answer_that_the_context_cut_off_is_not_asked_for_with_more_tokens() -> None:
    with ChatServer(
        lambda call: reply(content='{"a"', finish="length", written=min(call.body["max_tokens"], 318))
    ) as server:
        assert (ask(server).written, ask(server).finish) == (100 + 318, "length")
        assert [call.body["max_tokens"] for call in server.calls] == [100, 400] * 2
    with ChatServer(lambda _: reply(content="", finish="length", written=0)) as server:  # reasoning that isn't counted
        ask(server)
        assert len(server.calls) == 3


def test_empty_answers_are_given_up() -> None:
    with ChatServer(lambda _: Reply(200, b'{"choices": []}')) as server:
        with pytest.raises(CallFailed, match="an empty answer"):
            ask(server)
        assert len(server.calls) == 3


def _refuses(*forms: str) -> Any:
    def script(call: Call) -> Reply:
        if call.form in forms:
            return reply(400, message=f"response_format {call.form} is not supported")
        return OK

    return script


@pytest.mark.parametrize(
    ("forms", "used"),
    [((), "json_schema"), (("json_schema",), "json_object"), (("json_schema", "json_object"), "text")],
)
def test_what_a_server_understands_is_found_out_once_and_remembered(forms: tuple[str, ...], used: str) -> None:
    with ChatServer(_refuses(*forms), latency=0.01) as server:

        async def work(chat: Chat) -> None:
            await asyncio.gather(*[chat.ask(PROMPT) for _ in range(20)])

        with_chat(endpoint(server.url), work)
        used_by = [call.form for call in server.calls]
        # nobody waits to begin with; of those that are refused, one finds out what to do, and the others wait for it
        asked_in_vain = [form for form in used_by if form != used]
        assert asked_in_vain == ["json_schema"] * (20 if forms else 0) + list(forms[1:])
        assert used_by.count(used) == 20


def test_parameters_that_a_server_refuses_are_left_out() -> None:
    def script(call: Call) -> Reply:
        for name in ("max_tokens", "temperature", "logprobs"):
            if name in call.body:
                return reply(400, message=f"Unsupported parameter: '{name}' is not supported with this model")
        return OK

    prompt = replace(PROMPT, probabilities=True, creative=True, seed=3)
    with ChatServer(script) as server:
        with_chat(endpoint(server.url), lambda chat: chat.ask(prompt))
        last = server.calls[-1]
        assert (last.form, last.body["max_completion_tokens"]) == ("json_schema", 100)
        assert not {"max_tokens", "temperature", "seed", "logprobs"} & set(last.body)


def test_a_text_that_is_refused_changes_nothing_for_others() -> None:
    def script(call: Call) -> Reply:
        return reply(400, message="I don't like this text") if "poison" in call.user else OK

    poison = replace(PROMPT, user="poison")

    async def work(chat: Chat) -> None:
        for good_before in (False, True):
            if good_before:
                await chat.ask(PROMPT)
            with pytest.raises(CallFailed, match="I don't like this text"):
                await chat.ask(poison)
        await chat.ask(PROMPT)

    with ChatServer(script) as server:
        with_chat(endpoint(server.url), work)
        assert server.calls[-1].form == "json_schema"


def test_a_text_that_makes_a_server_fail_is_given_up_while_others_are_answered() -> None:
    with ChatServer(lambda call: reply(500) if "poison" in call.user else OK, latency=0.005) as server:

        async def work(chat: Chat) -> None:
            await chat.ask(PROMPT)
            poison = asyncio.create_task(chat.ask(replace(PROMPT, user="poison")))
            while not poison.done():
                await chat.ask(PROMPT)
            with pytest.raises(CallFailed, match="while other calls were answered") as caught:
                await poison
            assert not isinstance(caught.value, Outage)

        with_chat(endpoint(server.url), work)
        assert sum("poison" in call.user for call in server.calls) == 4


def test_an_outage_is_said_when_patience_is_over() -> None:
    with ChatServer(lambda _: reply(500)) as server, pytest.raises(Outage, match="status 500: trouble"):
        ask(server, limits=Limits(patience=0.2))
    with (
        ChatServer(lambda _: Reply(then="drop")) as server,
        pytest.raises(Outage, match="no answer in time, or the connection broke"),
    ):
        ask(server, limits=Limits(patience=0.2))


def test_servers_that_nobody_listens_at_are_given_up_soon_and_named_with_the_reason() -> None:
    with ChatServer() as one, ChatServer() as other:
        pass
    began = time.monotonic()
    with pytest.raises(Unreached, match=r"127\.0\.0\.1:\d+: can't be reached: "):
        with_chat(endpoint(one.url, other.url), lambda chat: chat.ask(PROMPT), Limits(patience=900))
    assert time.monotonic() - began < 10  # pauses are a hundredth of those for people


def test_a_server_that_was_there_is_waited_for_and_so_is_one_beside_others() -> None:
    with ChatServer(lambda _: OK) as server:

        async def work(chat: Chat) -> None:
            await chat.ask(PROMPT)
            port = server.port
            server.stop()
            waiting = asyncio.gather(*[chat.ask(PROMPT) for _ in range(8)])
            await asyncio.sleep(0.5)  # fifty seconds for people
            server.start(port)
            assert len(await waiting) == 8

        with_chat(endpoint(server.url, "http://127.0.0.1:1/v1"), work, Limits(patience=900))
        assert len(server.calls) == 9


def test_no_call_waits_for_another_to_learn_how_to_write_them() -> None:
    with ChatServer(lambda _: OK, latency=0.3) as server:
        began = time.monotonic()
        with_chat(endpoint(server.url), lambda chat: asyncio.gather(*[chat.ask(PROMPT) for _ in range(20)]))
        assert server.most_at_a_time == 20
        assert time.monotonic() - began < 0.6


def test_a_text_that_is_refused_first_changes_nothing_for_calls_under_way() -> None:
    poison = replace(PROMPT, user="poison")

    def script(call: Call) -> Reply:
        return reply(400, message="I don't like this text") if "poison" in call.user else replace(OK, seconds=0.2)

    async def work(chat: Chat) -> None:
        *good, bad = await asyncio.gather(
            *[chat.ask(PROMPT) for _ in range(5)], chat.ask(poison), return_exceptions=True
        )
        assert isinstance(bad, CallFailed)
        assert all(isinstance(one, Answer) for one in good)
        await chat.ask(PROMPT)

    with ChatServer(script) as server:
        with_chat(endpoint(server.url), work)
        assert {call.form for call in server.calls if "poison" not in call.user} == {"json_schema"}


def test_a_model_that_never_ends_gets_no_more_tokens_than_whole_answers_had_and_some_to_begin_with() -> None:
    from pioneer_build.model.longer_answers import FREE

    endless = replace(PROMPT, user="endless", tokens=2_000)

    def script(call: Call) -> Reply:
        if "endless" in call.user:
            return reply(content="again and again " * 10, finish="length", written=call.body["max_tokens"])
        return reply(content={"a": 1}, written=1_000)

    async def work(chat: Chat) -> None:
        answers = await asyncio.gather(*[chat.ask(endless) for _ in range(50)])
        assert {one.finish for one in answers} == {"length"}
        longer = sum(call.body["max_tokens"] for call in server.calls) - 50 * 2_000
        assert 0 < longer <= FREE
        assert sum(one.written for one in answers) == longer + 50 * 2_000
        for _ in range(8):
            await chat.ask(replace(PROMPT, tokens=1_000))
        await asyncio.gather(*[chat.ask(endless) for _ in range(50)])
        assert longer < sum(call.body["max_tokens"] for call in server.calls if "endless" in call.user) - 200_000
        assert sum(call.body["max_tokens"] for call in server.calls if "endless" in call.user) <= 200_000 + FREE + 8_000

    with ChatServer(script) as server:
        with_chat(endpoint(server.url), work)


def test_a_pause_that_is_too_long_is_not_waited_for() -> None:
    busy = reply(429, headers={"Retry-After": "3000"}, message="come back tomorrow")
    with (
        ChatServer(lambda _: busy) as server,
        pytest.raises(Outage, match="come back tomorrow; it asks to wait 50 min"),
    ):
        ask(server)


def test_a_busy_server_is_left_alone_and_no_call_is_lost() -> None:
    with ChatServer(lambda call: reply(429, headers={"Retry-After": "1"}) if call.number == 3 else OK) as server:
        answers = ask_many(server, 20, Limits(in_flight=4, patience=5))
        assert all(isinstance(one, Answer) for one in answers)
        assert len(server.calls) == 22


def test_no_more_calls_at_a_time_than_allowed_and_as_many_as_that() -> None:
    with ChatServer(lambda _: OK, latency=0.02) as server:
        ask_many(server, 60, Limits(in_flight=7))
        assert server.most_at_a_time == 7


def test_requests_per_minute_are_kept() -> None:
    with ChatServer(lambda _: OK) as server:
        ask_many(server, 10, Limits(requests=1200))
        times = [call.at for call in server.calls]
        assert times[-1] - times[0] > 10 * 60 / 1200 * 0.9


def test_calls_are_spread_and_a_dead_server_is_left_out_and_tried_again() -> None:
    with ChatServer(lambda _: OK, latency=0.01) as one, ChatServer(lambda _: OK, latency=0.01) as other:

        async def work(chat: Chat) -> None:
            await asyncio.gather(*[chat.ask(PROMPT) for _ in range(40)])
            assert min(len(one.calls), len(other.calls)) > 10
            port = other.port
            other.stop()
            before = len(one.calls)
            await asyncio.gather(*[chat.ask(PROMPT) for _ in range(40)])
            assert len(one.calls) - before == 40
            other.start(port)
            before = len(other.calls)
            for _ in range(100):
                await asyncio.gather(*[chat.ask(PROMPT) for _ in range(4)])
                if len(other.calls) > before:
                    break
            assert len(other.calls) > before

        with_chat(endpoint(one.url, other.url), work)


def test_the_key_is_never_repeated(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    notes: list[str] = []
    with ChatServer(lambda call: reply(401, message=f"wrong: {call.headers['authorization']}")) as server:
        with pytest.raises(NoUse) as caught:
            with_chat(endpoint(server.url, key=KEY), lambda chat: chat.ask(PROMPT), notes=notes)
        server.script = lambda _: reply(content={"text": f"my key is {KEY}"})
        with pytest.raises(CallFailed, match="an answer with the API key in it") as other:
            ask(server, key=KEY)
    for text in (caught.value.message, other.value.message, repr(endpoint("http://h", key=KEY)), caplog.text, *notes):
        assert KEY not in text
    assert "[key hidden]" in caught.value.message
    with pytest.raises(NoAccess):
        Chat(endpoint("http://h", key="two\nlines"), Limits())


@pytest.mark.parametrize(
    "long",
    [Reply(200, b"x" * (1 << 20)), Reply(200, b" " * (1 << 20) + OK.body), reply(content="word " * 2_000),
     reply(content='{"a": "' + "x" * 50_000 + '"}', finish="length")],
    ids=["no JSON", "white space", "a long text", "a long text that was cut off"],
)  # fmt: skip
def test_an_answer_that_is_longer_than_was_asked_for_is_refused_by_that(long: Reply) -> None:
    """Of a hundred tokens: neither another call nor another server would mend it."""
    with ChatServer(lambda _: long) as server:
        with pytest.raises(CallFailed) as caught:
            ask(server, limits=Limits(patience=0.1))
        assert (type(caught.value), caught.value.cause) == (CallFailed, "longer than was asked for")
        assert len(server.calls) == 1


def test_a_response_that_has_no_end_is_not_read() -> None:
    more = replace(PROMPT, tokens=1_000_000)  # no number of tokens makes it endless
    with (
        ChatServer(lambda _: Reply(200, b"x" * (9 << 20))) as server,
        pytest.raises(CallFailed, match="many more bytes than the 1,000,000 tokens allowed"),
    ):
        with_chat(endpoint(server.url), lambda chat: chat.ask(more))


def test_nothing_is_sent_after_stop() -> None:
    async def work(chat: Chat) -> None:
        chat.stop()
        with pytest.raises(Stopped):
            await chat.ask(PROMPT)

    with ChatServer() as server:
        with_chat(endpoint(server.url), work)
        assert server.calls == []
    assert QUICK < 1


def test_people_are_told_once_about_each_server() -> None:
    notes: list[str] = []
    with ChatServer(lambda call: reply(500, message=f"error {call.number}") if call.number < 3 else OK) as server:
        with_chat(endpoint(server.url), lambda chat: chat.ask(PROMPT), notes=notes)
    assert notes == [f"127.0.0.1:{server.port}: status 500: error 0; asking again"]


def test_a_key_that_goes_out_unencrypted_is_said() -> None:
    notes: list[str] = []
    for url in ("http://models.example.org", "https://models.example.org", "http://127.0.0.1:1"):
        chat = Chat(endpoint(url, key=KEY), Limits(), notes.append)
        asyncio.run(chat.aclose())
    assert notes == ["the model's key is sent to models.example.org unencrypted: the base URL isn't https"]


@pytest.mark.parametrize("url", ["http://model.example/v1", "https://model.example/v1"])
def test_a_proxy_that_can_not_be_used_is_named_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://us:s3cr3t/pw@127.0.0.1:9")
    with pytest.raises(ServiceError, match="the variable HTTP_PROXY is no address of a proxy") as caught:
        Chat(endpoint(url), Limits())
    assert "s3cr3t" not in str(caught.value)

"""The conversation of a decoder row."""

from __future__ import annotations

from typing import Any

from pioneer_build.rows import Fault, normalise
from pioneer_build.rows.messages import read_messages


def test_decoder_rows() -> None:
    def cause(*roles: str) -> Any:
        out = normalise({"messages": [{"role": role, "content": "x"} for role in roles]}, "decoder")
        return out.cause if isinstance(out, Fault) else "fine"

    assert cause("user", "assistant") == cause("system", "user", "assistant", "user", "assistant") == "fine"
    for roles in (["user"], ["assistant"], ["system"], ["assistant", "user"], ["user", "user", "assistant"]):
        assert cause(*roles) == "role-order"
    assert cause("user", "system", "assistant") == cause("user", "tool") == "role-order"
    assert cause() == "no-text"
    pair = normalise({"prompt": " p ", "completion": "c"}, "decoder")
    assert pair == {"messages": [{"role": "user", "content": " p "}, {"role": "assistant", "content": "c"}]}
    for bad in ({"prompt": "p"}, {"prompt": "p", "completion": " "}):
        assert normalise(bad, "decoder") == Fault("empty-content", "message 2 has no content")
    assert normalise({}, "decoder").cause == "no-text"  # type: ignore[union-attr]


def test_the_text_is_kept_as_it_is_and_other_keys_are_not() -> None:
    given = [
        {"role": "developer", "content": " be kind\n", "name": "x"},
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "e\u0301"},
    ]
    found = read_messages({"messages": given})
    assert found == [{"role": one["role"], "content": one["content"]} for one in given]


def test_messages_name_what_is_wrong() -> None:
    def said(*messages: Any) -> Any:
        return read_messages({"messages": list(messages)})

    user, answer = {"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}
    assert said(user, {"content": "y"}) == Fault("bad-shape", "message 2 has no role")
    assert said(user, {**answer, "content": 5}) == Fault("bad-shape", "the content of message 2 is not a string")
    assert said(user, {**answer, "content": "\ud800"}) == Fault(
        "bad-text", "the content of message 2 is not valid Unicode"
    )
    assert said(user, user) == Fault("role-order", "message 2 has the role 'user', but 'assistant' is expected")
    assert said({**user, "role": "system"}, answer) == Fault(
        "role-order", "message 2 has the role 'assistant', but 'user' is expected"
    )
    assert said(user) == Fault("role-order", "the last message is not from the assistant")
    assert read_messages({"messages": "x"}) == Fault("bad-shape", "the messages are not a list")
    assert read_messages({}) == Fault("no-text", "there are neither messages nor prompt and completion")

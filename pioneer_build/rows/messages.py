"""The conversation of a decoder row: an optional system message, then user and assistant messages in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pioneer_build.rows.causes import Fault
from pioneer_build.rows.normal_form import is_unicode, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Roles that are allowed only in the first message.
_OPENING = ("system", "developer")


def read_messages(raw: Mapping[str, Any]) -> list[dict[str, str]] | Fault:
    """The messages of `{"messages": [...]}`, or of `{"prompt", "completion"}` as a user and an assistant message.

    Texts are kept unchanged. Keys of a message other than `role` and `content` are dropped.
    """
    given = raw.get("messages")
    if given is None:
        prompt, completion = raw.get("prompt"), raw.get("completion")
        if prompt is None and completion is None:
            return Fault("no-text", "there are neither messages nor prompt and completion")
        given = [{"role": "user", "content": prompt}, {"role": "assistant", "content": completion}]
    if not isinstance(given, list | tuple):
        return Fault("bad-shape", "the messages are not a list")
    if not given:
        return Fault("no-text", "there are no messages")
    messages: list[dict[str, str]] = []
    for number, item in enumerate(given, 1):
        message = _read(item, number)
        if isinstance(message, Fault):
            return message
        messages.append(message)
    return _out_of_order(messages) or messages


def _read(item: Any, number: int) -> dict[str, str] | Fault:
    if not isinstance(item, dict) or not isinstance(item.get("role"), str):
        return Fault("bad-shape", f"message {number} has no role")
    content = item.get("content")
    if content is None or (isinstance(content, str) and not content.strip()):
        return Fault("empty-content", f"message {number} has no content")
    if not isinstance(content, str):
        return Fault("bad-shape", f"the content of message {number} is not a string")
    if not is_unicode(content):
        return Fault("bad-text", f"the content of message {number} is not valid Unicode")
    return {"role": item["role"], "content": content}


def _out_of_order(messages: list[dict[str, str]]) -> Fault | None:
    turns = messages[1:] if messages[0]["role"] in _OPENING else messages
    for number, message in enumerate(turns):
        due = ("user", "assistant")[number % 2]
        if message["role"] != due:
            place = number + 1 + len(messages) - len(turns)
            return Fault(
                "role-order", f"message {place} has the role {shown(message['role'])}, but '{due}' is expected"
            )
    if not turns or turns[-1]["role"] != "assistant":
        return Fault("role-order", "the last message is not from the assistant")
    return None

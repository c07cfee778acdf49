"""Reads what a server of the chat-completions API answers, and the JSON in what a model wrote.

Models wrap JSON in code fences, in reasoning and in politeness, also where they were told not to. What is JSON is
found; nothing is repaired: half an object may mean anything.
"""

from __future__ import annotations

import json
import math
import re
from itertools import islice
from typing import Any

from pioneer_build.model.values import Answer, Prompt, Token

#: Around reasoning.
_OPENING = re.compile(r"<(think|thinking|reasoning)>")
_CLOSING = re.compile(r"</(?:think|thinking|reasoning)>")
_FENCE = re.compile(r"```[a-zA-Z0-9]*[ \t]*\n(.*?)```", re.DOTALL)
#: Where a JSON object may begin, and how many fences may have one. Each costs a look at all that follows.
_MOST_STARTS = 50
#: Of a call. Sums of them are kept in a database, and limit the calls per minute.
_MOST_TOKENS = 10_000_000
#: What begins a refusal in prose; only in answers that have no JSON.
_REFUSAL = re.compile(
    r"(?i)\A\W*(?:i['’]?m (?:really |very )?sorry|sorry|i (?:can(?:no|['’])t|cannot|won['’]t|am (?:unable|not able))"
    r"|as an ai|unfortunately|i must decline|i apologi[sz]e)"
)


class UnusableAnswer(ValueError):
    """An answer that isn't what was asked for. The text says why, in a few words that are counted."""


def read_completion(body: Any, prompt: Prompt) -> Answer:
    """The answer in a successful response.

    Args:
        body: the JSON value.
        prompt: what was asked, to estimate its tokens if the server doesn't count them.

    Raises:
        UnusableAnswer: there is no choice in it, or an empty one.
    """
    choices = body.get("choices") if isinstance(body, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        raise UnusableAnswer("an empty answer")
    text, refusal = _text(message.get("content")), message.get("refusal")
    usage = body.get("usage")
    read, written = (
        (_whole(usage.get(key)) for key in ("prompt_tokens", "completion_tokens"))
        if isinstance(usage, dict)
        else (None, None)
    )
    return Answer(
        text,
        str(choice.get("finish_reason") or "stop"),
        refusal if isinstance(refusal, str) else "",
        (len(prompt.system) + len(prompt.user)) // 4 + 1 if read is None else read,
        len(text) // 4 + 1 if written is None else written,
        _tokens(choice.get("logprobs")),
        counted=written is not None,
    )


def json_in(answer: Answer) -> dict[str, Any]:
    """The JSON object that a model wrote.

    Raises:
        UnusableAnswer: there is none.
    """
    if answer.finish == "content_filter":
        raise UnusableAnswer("stopped by the server's content filter")
    if answer.refusal.strip():
        raise UnusableAnswer("refused by the model")
    text = without_thinking(answer.text).strip()
    if not text:
        raise UnusableAnswer("cut off" if answer.finish == "length" else "an empty answer")
    for part in (text, *(fence[1] for fence in islice(_FENCE.finditer(text), _MOST_STARTS))):
        try:
            value = json.loads(part)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            return value
    if (found := _within(text)) is not None:
        return found
    if answer.finish == "length":
        raise UnusableAnswer("cut off")
    raise UnusableAnswer("refused by the model" if _REFUSAL.match(text) else "not the JSON that was asked for")


def without_thinking(text: str) -> str:
    """A text without reasoning: of models that think in tags, and of those whose first tag is in their template.

    In linear time, whatever tags there are: no pattern looks for the end of one that has none.
    """
    first = _CLOSING.search(text)
    at = looked = first.end() if first else 0
    kept = []
    last = {tag: text.rfind(f"</{tag}>") for tag in ("think", "thinking", "reasoning")}
    while opening := _OPENING.search(text, looked):
        tag, looked = opening[1], opening.end()
        if last[tag] >= looked:
            kept.append(text[at : opening.start()])
            closing = f"</{tag}>"
            at = looked = text.find(closing, looked) + len(closing)
    return "".join((*kept, text[at:]))


def _within(text: str) -> dict[str, Any] | None:
    """The largest JSON object that begins anywhere in a text; the first of the largest.

    What is inside of an object that the text ends in is a part of half an object: it isn't looked at.
    """
    decoder, found, size, at = json.JSONDecoder(), None, 0, text.find("{")
    for _ in range(_MOST_STARTS):
        if at < 0:
            break
        end = at + 1
        try:
            value, end = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
                break
        except (ValueError, RecursionError):
            pass
        else:
            if isinstance(value, dict) and end - at > size:
                found, size = value, end - at
        at = text.find("{", end)
    return found


def _text(content: Any) -> str:
    """The text of a message: a string, or a list of parts."""
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        return "".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""


def _whole(value: Any) -> int | None:
    """A number of tokens that a call may have; anything else counts as not said."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_TOKENS else None


def _tokens(value: Any) -> tuple[Token, ...]:
    """The tokens with their probabilities, if the server gives them for all."""
    content = value.get("content") if isinstance(value, dict) else None
    tokens = []
    for one in content if isinstance(content, list) else ():
        text, logprob = (one.get("token"), one.get("logprob")) if isinstance(one, dict) else (None, None)
        if not isinstance(text, str) or isinstance(logprob, bool) or not isinstance(logprob, int | float):
            return ()
        tokens.append(Token(text, math.exp(min(0.0, float(logprob))) if logprob == logprob else 0.0))
    return tuple(tokens)

"""Completions say what their message or passage says, and nothing else."""

from __future__ import annotations

import json
import re

import pytest

from pioneer_build.draws import Draw
from pioneer_build.engine.generating.completions import extracted, formal, question, summary, title
from pioneer_build.engine.generating.message_topics import Message
from pioneer_build.engine.generating.rejects import Reject
from pioneer_build.engine.generating.sentences import Sentence

BILLING = Sentence("", "support", "billing")


def message(core: str = "It can't be.", *values: tuple[str, str], signed: str = "") -> Message:
    return Message(BILLING, values, core, core, signed)


def test_details_are_extracted_under_their_names() -> None:
    found = extracted(
        message("x", ("order", "#1"), ("money", "$2"), ("money", "$3"), ("money", "$4"), ("score", "1-0"))
    )
    assert json.loads(found) == {"topic": "billing", "order_number": "#1", "amount": ["$2", "$3", "$4"]}
    assert extracted(message("x", ("first", "Zoë"))) == '{"topic": "billing", "name": "Zoë"}'
    with pytest.raises(Reject, match="without details"):
        extracted(message("x", ("score", "1-0")))


@pytest.mark.parametrize(
    ("core", "letter"),
    [
        ("It can't be, I've paid!", "it cannot be, I have paid."),
        ("I'd like it, thanks", "I would like it, thank you."),
        ("Where is it?", "where is it?"),
        ("It's here and won't work.", "It is here and will not work."),
    ],
)
def test_formal_letters(core: str, letter: str) -> None:
    assert formal(message(core)).lower() == f"dear sir or madam, {letter} yours sincerely".lower()
    assert formal(message(core, signed="Ada")).endswith("Yours sincerely, Ada")


def test_summaries_and_titles_repeat_the_details() -> None:
    paid = message("x", ("order", "#1"), ("month", "May"), ("money", "$2"))
    assert summary(Draw(0), paid) == "A customer reports a problem with a bill or payment (#1, $2)."
    assert title(paid) == "Billing (#1, $2)"
    assert title(message()) == "Billing"
    endings = {summary(Draw(number), message()) for number in range(30)}
    assert endings == {
        "A customer reports a problem with a bill or payment.",
        "A customer reports a problem with a bill or payment and asks for help.",
    }
    friend = Message(Sentence("", "chat", "greeting"), (), "x", "x", "")
    assert summary(Draw(0), friend).startswith("The writer ")


def test_an_answer_stands_in_its_passage() -> None:
    for number in range(60):
        prompt, answer = question(Draw("q", number))
        assert "{" not in prompt + answer
        assert "?" in prompt
        words = re.findall(r"[\w@.'-]*\w", answer.lower())
        told = [word for word in words if word in prompt.lower()]
        assert len(told) >= len(words) / 2, (prompt, answer)
        assert answer[:1].isupper() or "@" in answer or not answer[:1].isalpha()


def test_questions_differ() -> None:
    assert len({question(Draw("q", number)) for number in range(60)}) > 55

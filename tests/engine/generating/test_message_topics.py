"""Messages that somebody might write."""

from __future__ import annotations

from pioneer_build.draws import Draw
from pioneer_build.engine.generating.made_up_values import MadeUpValues
from pioneer_build.engine.generating.message_topics import Message, write_message
from pioneer_build.engine.generating.sentences import Sentence

SENTENCE = Sentence("the charge of {money} for {order} is wrong.", "support", "billing")


def written(sentence: Sentence, count: int = 200) -> list[Message]:
    return [write_message(Draw("m", n), sentence, MadeUpValues(Draw("v", n))) for n in range(count)]


def test_a_message_says_its_sentence_with_the_values_that_it_names() -> None:
    for message in written(SENTENCE):
        assert message.core[0].isupper()
        assert message.core.removeprefix("The ") in message.text
        assert message.details["money"] in message.text
        assert message.values[0][0] == "money"
        assert all(value in message.text for _, value in message.values)
        assert "{" not in message.text


def test_some_messages_have_an_opening_and_some_a_signature() -> None:
    messages = written(SENTENCE)
    opened = [message for message in messages if message.text.startswith(("Hi", "Hello", "Good morning"))]
    assert 60 < len(opened) < 140
    assert any(", the charge" in message.text for message in opened)
    signed = [message for message in messages if message.signed]
    assert 20 < len(signed) < 100
    assert all(message.text.endswith(message.signed) for message in signed)


def test_a_greeting_has_no_opening() -> None:
    greeting = Sentence("long time no see!", "chat", "greeting")
    assert all(message.text.startswith("Long time") for message in written(greeting))


def test_of_several_values_of_a_kind_the_last_is_a_detail() -> None:
    message = Message(SENTENCE, (("money", "$1"), ("money", "$2")), "", "", "")
    assert message.details == {"money": "$2"}

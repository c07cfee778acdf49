"""Replies fit the message they answer, in topic, values and tone."""

from __future__ import annotations

import pytest

from pioneer_build.draws import Draw
from pioneer_build.engine.generating.made_up_values import MadeUpValues
from pioneer_build.engine.generating.message_topics import Message, write_message
from pioneer_build.engine.generating.prompt_tasks import Manner
from pioneer_build.engine.generating.rejects import Reject
from pioneer_build.engine.generating.replies import replies_by_topic, reply_to
from pioneer_build.engine.generating.sentences import Sentence, sentences

ANSWERABLE = [sentence for sentence in sentences("clauses.txt") if sentence.topic in replies_by_topic()]
SHORT = Manner("plain", short=True, long=False)


def message_of(sentence: Sentence, number: int = 0) -> Message:
    return write_message(Draw("m", number), sentence, MadeUpValues(Draw("m", number)))


def test_a_short_reply_is_one_of_its_topic_with_the_values_of_the_message() -> None:
    answered = 0
    for sentence in ANSWERABLE:
        message = message_of(sentence)
        try:
            reply = reply_to(Draw("r", sentence.text), message, SHORT)
        except Reject:
            continue
        answered += 1
        filled = set()
        for text in replies_by_topic()[sentence.topic]:
            whole = text
            for kind, value in message.details.items():
                whole = whole.replace(f"{{{kind}}}", value)
            filled.add(whole)
        assert reply in filled
        assert "{" not in reply
    assert answered > 0.9 * len(ANSWERABLE)


def test_a_reply_speaks_of_nothing_that_the_message_did_not(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = Message(ANSWERABLE[0], (), "x", "x", "")
    allowed = {text for text in replies_by_topic()[ANSWERABLE[0].topic] if "{" not in text}
    assert {reply_to(Draw(number), bare, SHORT) for number in range(30)} <= allowed
    monkeypatch.setattr("pioneer_build.engine.generating.replies._ranked_replies", lambda _: ("About {order}.",))
    with pytest.raises(Reject, match="no reply that fits"):
        reply_to(Draw(0), bare, SHORT)


def test_tones() -> None:
    message = Message(ANSWERABLE[0], (("order", "#1"),), "x", "x", "Ada Lovelace")
    polite = [reply_to(Draw(number), message, Manner("polite", short=False, long=True)) for number in range(20)]
    assert all(reply.startswith("Dear Ada,\n") for reply in polite)
    assert all("Thank" in reply for reply in polite)
    plain = [reply_to(Draw(number), message, Manner("plain", short=False, long=False)) for number in range(40)]
    assert all(reply.startswith("Hi Ada,\n") for reply in plain)
    assert 0 < sum("Thank" in reply.partition("\n")[2][:8] for reply in plain) < 40
    unsigned = Message(ANSWERABLE[0], (("order", "#1"),), "x", "x", "")
    assert not reply_to(Draw(0), unsigned, Manner("plain", short=False, long=True)).startswith("Hi ")

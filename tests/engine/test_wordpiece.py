"""The tokenizer of the embedding model."""

from __future__ import annotations

from pioneer_build.engine.wordpiece import token_ids, vocabulary, words


def test_tokens_are_those_of_the_models_own_tokenizer() -> None:
    known = vocabulary()
    assert words("Héllo, wörld!\u00a0it's\tfine") == ["hello", ",", "world", "!", "it", "'", "s", "fine"]
    assert token_ids("embeddings", 128) == [
        101,
        known["em"],
        known["##bed"],
        known["##ding"],
        known["##s"],
        102,
    ]
    assert token_ids("x" * 101, 128) == [101, 100, 102]
    assert len(token_ids("a " * 500, 128)) == 128
    assert token_ids("", 128) == [101, 102]

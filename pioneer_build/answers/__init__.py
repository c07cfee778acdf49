"""Answers of a language model that were paid for: what the room that asks and the room that keeps them share."""

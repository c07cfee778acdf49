"""Generates rows: with a grammar, words ranked for the label and the domain, and made-up values."""

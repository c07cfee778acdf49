"""YAML to specs and settings: source positions, strict judging, all errors at once.

source, documents   bytes to trees of nodes with their places: what is no sane YAML stops here
values              trees to plain data
shapes              the keys, their types and bounds: the one place that says what is valid
words               what a validator found, in plain words
rules               what depends on more than one value
specs, settings     the two formats
project             many files, and rules between specs
"""

from __future__ import annotations

from pioneer_build.parse.cross_check import cross_check, parse_files
from pioneer_build.parse.settings import parse_settings
from pioneer_build.parse.specs import ParsedFile, parse_text

__all__ = ["ParsedFile", "cross_check", "parse_files", "parse_settings", "parse_text"]

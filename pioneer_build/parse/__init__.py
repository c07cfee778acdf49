"""YAML to specs and settings: source positions, strict judging, all errors at once.

specs, settings  the two formats
yaml_nodes       bytes to trees of nodes with their places: what is no sane YAML stops here
yaml_loader      the reader of YAML, with libyaml or without
yaml_tags        what a plain scalar is
yaml_syntax      what the reader says is no YAML, in plain words
source           a file's text, and where things stand in it
plain_data       trees to plain data
schema           the keys, their types and bounds: the one place that says what is valid
messages         what a validator found, in plain words
rules            what depends on more than one value of a spec
cross_check      what depends on more than one spec
json_schema      the same keys for editors and for docs/spec.md
"""

from __future__ import annotations

from pioneer_build.parse.cross_check import cross_check
from pioneer_build.parse.settings import parse_settings
from pioneer_build.parse.specs import ParsedFile, parse_files, parse_text

__all__ = ["ParsedFile", "cross_check", "parse_files", "parse_settings", "parse_text"]

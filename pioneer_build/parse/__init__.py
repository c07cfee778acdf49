"""YAML to specs and settings: with source positions, strict checks, and all errors at once.

specs, settings  the two formats
yaml_nodes       bytes to trees of nodes with their places; rejects what is not plain, safe YAML
yaml_limits      how large a file, how deep its nesting, and what its aliases may be
yaml_loader      the YAML reader, with libyaml or without
ambiguous_words  plain words that YAML doesn't read as text, such as `no` and `12:30`
yaml_syntax      error messages of the YAML reader, in plain words
source           the text of a file, and places in it
plain_data       trees to plain data
duplicate_keys   reports a key that occurs twice in one mapping
schema           the keys, their types and bounds: the only place that defines what is valid
error_messages   messages for errors that the validator found
quoting_hints    what to quote, and what not, so that YAML reads it as it was meant
within_spec      rules that involve more than one value of a spec
between_specs    rules that involve more than one spec
json_schema      the same keys for editors and for docs/spec.md
"""

from __future__ import annotations

from pioneer_build.parse.between_specs import cross_check, guidance_problems
from pioneer_build.parse.settings import parse_settings, unknown_in_settings
from pioneer_build.parse.specs import ParsedFile, parse_files, parse_text

__all__ = [
    "ParsedFile",
    "cross_check",
    "guidance_problems",
    "parse_files",
    "parse_settings",
    "parse_text",
    "unknown_in_settings",
]

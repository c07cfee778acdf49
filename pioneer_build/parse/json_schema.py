"""JSON Schema (draft 7, which the YAML servers of editors read) of a spec and of the settings.

Generated from `parse.schema`, which the parser also uses. The parser alone checks what a schema can't express: unique
names, few-shot labels among `labels`, one label per text, paths inside the project, the order of bounds, and how YAML
reads a plain word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from pioneer_build.parse.schema import BELONGS, REQUIRED, SPEC_KEYS, Belongs, settings_adapter, spec_adapter
from pioneer_build.spec.model import TASK_TYPES

if TYPE_CHECKING:
    from pydantic import TypeAdapter

JsonSchema: TypeAlias = "dict[str, Any]"

_DRAFT = "http://json-schema.org/draft-07/schema#"


def spec_schema() -> JsonSchema:
    """The schema of one spec, as JSON values."""
    schema = _base(spec_adapter(), "A dataset of pioneer-build")
    schema["required"] = [key for key in REQUIRED if key not in BELONGS]
    schema["allOf"] = [
        {"oneOf": [{"required": ["num_examples"]}, {"required": ["inputs"]}]},
        *[_if_task(task) for task in TASK_TYPES],
        {
            "if": {"required": ["inputs"]},
            "then": {
                "properties": {
                    key: _never(f"`{key}` guides generation; a spec with `inputs` labels your own texts.")
                    for key, belongs in BELONGS.items()
                    if "label" not in belongs.kinds
                }
            },
        },
    ]
    return schema


def settings_schema() -> JsonSchema:
    """The schema of `pioneer.yaml`, as JSON values."""
    return _base(settings_adapter(), "Settings of pioneer-build")


def key_table() -> str:
    """The keys of a spec as a Markdown table, for docs/spec.md."""
    properties = spec_schema()["properties"]
    rows = ["| key | in | meaning |", "|---|---|---|"]
    for key in SPEC_KEYS:
        belongs = BELONGS.get(key, Belongs())
        required = " **Required.**" if key in REQUIRED else ""
        rows.append(f"| `{key}` | {_where(belongs)} | {properties[key]['description']}{required} |")
    return "\n".join(rows) + "\n"


def checks_table() -> str:
    """The keys of `checks` as a Markdown table, for docs/spec.md."""
    properties = spec_schema()["definitions"]["ChecksShape"]["properties"]
    rows = ["| key | meaning | example |", "|---|---|---|"]
    rows += [f"| `{key}` | {one['description']} | `{one['examples'][0]}` |" for key, one in properties.items()]
    return "\n".join(rows) + "\n"


def _where(belongs: Belongs) -> str:
    tasks = "all" if belongs.tasks == TASK_TYPES else ", ".join(belongs.tasks)
    if len(belongs.kinds) > 1:
        return tasks
    return belongs.kinds[0] if tasks == "all" else f"{tasks}; {belongs.kinds[0]}"


def _if_task(task: str) -> JsonSchema:
    others = {
        key: _never(f"`{key}` belongs to {' and '.join(belongs.tasks)} specs.")
        for key, belongs in BELONGS.items()
        if task not in belongs.tasks
    }
    required = [key for key in REQUIRED if key in BELONGS and task in BELONGS[key].tasks]
    return {
        "if": {"properties": {"task_type": {"const": task}}, "required": ["task_type"]},
        "then": {"properties": others, "required": required},
    }


def _never(why: str) -> JsonSchema:
    """A schema that matches nothing; YAML language servers show its `errorMessage`."""
    return {"not": {}, "errorMessage": why, "doNotSuggest": True}


def _base(adapter: TypeAdapter[Any], title: str) -> JsonSchema:
    schema = _tidy(adapter.json_schema(ref_template="#/definitions/{model}"))
    definitions = schema.pop("$defs", {})
    schema.pop("required", None)
    return {"$schema": _DRAFT, "title": title, **schema, "definitions": definitions}


def _tidy(node: Any) -> Any:
    """Removes the titles that pydantic generates from names, and uses draft 7's form of references."""
    if isinstance(node, list):
        return [_tidy(item) for item in node]
    if not isinstance(node, dict):
        return node
    tidy = {key: _tidy(value) for key, value in node.items() if not (key == "title" and isinstance(value, str))}
    if "$ref" in tidy and len(tidy) > 1:  # draft 7 ignores keys next to a $ref
        tidy["allOf"] = [{"$ref": tidy.pop("$ref")}]
    return tidy

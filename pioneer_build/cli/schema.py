"""`schema`: the JSON Schema of a spec, for editors."""

from __future__ import annotations

import click

from pioneer_build.cli.output import as_json, need_stdout, out


@click.command("schema")
@click.option("--settings", is_flag=True, help="Print the schema of pioneer.yaml instead.")
def command(settings: bool) -> None:  # noqa: FBT001
    """Print the JSON Schema of a spec, for completion and validation in an editor.

    \b
    For editors with the YAML language server, save it and refer to it in the first line of the spec:
      pioneer-build schema > .pioneer/spec.schema.json
      # yaml-language-server: $schema=../.pioneer/spec.schema.json
    """
    need_stdout("redirect it to a file: pioneer-build schema > FILE")
    from pioneer_build.parse.json_schema import settings_schema, spec_schema

    out(as_json(settings_schema() if settings else spec_schema()))

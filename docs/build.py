"""Makes docs/reference.md of the commands and models themselves, and the list of pages in docs/index.md.

`python docs/build.py`; with `--check` it only compares. Needs the package and nothing else.
"""

from __future__ import annotations

import re
import sys
from importlib import import_module
from inspect import cleandoc
from pathlib import Path
from typing import Any, Final

import click

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pioneer_build.cli import COMMANDS, group
from pioneer_build.parse.json_schema import checks_table, key_table, settings_schema

_FOLDER: Final = Path(__file__).resolve().parent
_HEAD: Final = """\
# Reference

<!-- made by docs/build.py: change the commands and models, then run it -->

"""
_CODES: Final = """\
| exit code | when |
|---|---|
| 0 | done, or nothing to do |
| 1 | an error you can act on; nothing half done |
| 2 | changes pending: `plan --detailed-exitcode`; `check` with changes pending or a job open |
| 3 | apply ended and something is failed, rejected, unknown, blocked, refused, or past its deadline |
| 64 | wrong usage |
| 70 | a bug in this program |
| 130 | interrupted |
"""
_ENVIRONMENT: Final = """\
A setting comes from the flag, else from the environment, else from `pioneer.yaml`, else it has its default.

| variable | is |
|---|---|
| `PIONEER_API_KEY`, `FASTINO_API_KEY` | the key; it is read from here alone, and never written anywhere |
| `PIONEER_BASE_URL` | where the service lives (default `https://api.pioneer.ai`) |
| `PIONEER_BACKEND` | `local`, `pioneer`, or a base URL |
| `PIONEER_REQUESTS_PER_MINUTE` | the limit of the generate endpoints (default 120) |
| `NO_COLOR` | no colour, if it is set |
| `XDG_STATE_HOME` | the journal of submissions and the local engine's jobs: `~/.local/state/pioneer-build` |
| `XDG_DATA_HOME` | the store of rows and annotations, unless `store:` says otherwise: `~/.local/share/pioneer-build` |
| `XDG_CACHE_HOME` | what can be made again: `~/.cache/pioneer-build` |
"""


def reference() -> str:
    """The page."""
    parts = [_HEAD, "## Commands\n\n", "| command | does |\n|---|---|\n"]
    commands = {name: _command(name) for name in COMMANDS}
    parts += [f"| [`{name}`](#{name}) | {line} |\n" for name, line in COMMANDS.items() if commands[name]]
    parts += ["\n", "Options that stand before the command:\n\n", _options(group), "\n", _CODES, "\n"]
    for name, command in commands.items():
        if command is not None:
            parts.append(_section(name, command))
    parts += ["## Settings\n\n", _ENVIRONMENT, "\n", "Keys of `pioneer.yaml`:\n\n", _settings(), "\n"]
    parts += ["## Keys of a spec\n\n", "[The spec](spec.md) explains them.\n\n", key_table(), "\n"]
    parts += ["### Keys of checks\n\n", checks_table()]
    return "".join(parts)


def _command(name: str) -> click.Command | None:
    module = f"pioneer_build.cli.{name.replace('-', '_')}"
    try:
        command: click.Command = import_module(module).command
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        return None
    return command


def _section(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=f"pioneer-build {name}")
    usage = " ".join([f"pioneer-build {name}", *command.collect_usage_pieces(context)])
    options = _options(command)
    return f"### {name}\n\n    {usage}\n\n{_prose(command.help or '')}\n{options}{chr(10) if options else ''}"


def _prose(help_text: str) -> str:
    r"""A docstring as Markdown: what stands after `\b` is kept as it is."""
    parts = []
    for paragraph in cleandoc(help_text).replace("\n\b\n", "\n\n\b\n").split("\n\n"):
        paragraph = paragraph.strip("\n")
        if not paragraph:
            continue
        first, _, rest = paragraph.partition("\n")
        if first.strip() == "\b":
            lines = rest.split("\n")
            # a line that isn't moved in is a heading, or the only kind of line there is
            heads = [line for line in lines if line and not line.startswith(" ")]
            if lines[:1] == heads and len(lines) > 1:
                parts.append(f"{heads[0]}\n\n```text\n{_dedented(lines[1:])}\n```")
            else:
                parts.append(f"```text\n{_dedented(lines)}\n```")
        else:
            parts.append(paragraph)
    return "\n\n".join(parts) + "\n"


def _dedented(lines: list[str]) -> str:
    return "\n".join(line.removeprefix("  ") for line in lines)


def _options(command: click.Command) -> str:
    rows = []
    for param in command.params:
        if isinstance(param, click.Option) and not param.hidden and param.help:
            names = ", ".join(f"`{name}`" for name in sorted(param.opts, key=len))
            value = "" if param.is_flag or param.count else f" {_value(param)}"
            shown = f" Default: {param.default}." if param.show_default and param.default is not None else ""
            rows.append(f"| {names}{value} | {_cell(param.help)}{shown} |\n")
    return "".join(["| option | meaning |\n|---|---|\n", *rows]) if rows else ""


def _value(param: click.Option) -> str:
    if param.metavar:
        return _cell(param.metavar)
    if isinstance(param.type, click.Choice):
        return " \\| ".join(f"`{choice}`" for choice in param.type.choices)
    return param.type.name.removesuffix(" range").upper()


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|")


def _settings() -> str:
    schema = settings_schema()
    rows = ["| key | meaning |\n|---|---|\n"]
    for key, one in schema["properties"].items():
        rows.append(f"| `{key}` | {_cell(one.get('description', ''))} |\n")
        rows += [
            f"| `{key}.{inner}` | {_cell(two.get('description', ''))} |\n"
            for inner, two in _inner(schema, one).items()
            if key != "checks"
        ]
    return "".join(rows)


def _inner(schema: dict[str, Any], one: dict[str, Any]) -> dict[str, Any]:
    reference = one.get("$ref") or next((part.get("$ref") for part in one.get("allOf", [])), None)
    if reference is None:
        return {}
    properties: dict[str, Any] = schema["definitions"][reference.rpartition("/")[2]].get("properties", {})
    return properties


#: Pages of formats and behaviour, in the order a reader may want them; any other page comes after them.
_PAGES: Final = {
    "spec": "what may stand in a spec, and how YAML is read",
    "inputs": "files of texts to label",
    "plan": "actions, reasons, and the saved plan",
    "fingerprint": "what makes two definitions the same",
    "lock": "`pioneer.lock`, entry by entry, and how two of them merge",
    "outcomes": "every answer and failure, and which are safe to repeat",
    "events": "the lines of `--log-format json`",
    "ci": "`check`, `apply` and comments on pull requests, with whole workflows",
    "rows": "the normal form of rows, and why one is set aside",
    "exports": "formats, and what each can't hold",
    "diff": "two states of the lock compared",
    "report": "the HTML page about the datasets",
    "store": "where paid answers are kept",
    "journal": "the log of submissions",
    "engine": "the local backend: what it does, and what it can't",
}
_FIRST: Final = ("index", "guide", "reference", "comparison")
_MARK: Final = "<!-- made by docs/build.py: a line a page -->"


def index() -> str:
    """docs/index.md with its list of pages as the pages are now."""
    text = (_FOLDER / "index.md").read_text(encoding="utf-8")
    names = {path.stem for path in _FOLDER.glob("*.md")} - set(_FIRST)
    ordered = [name for name in _PAGES if name in names] + sorted(names - set(_PAGES))
    return f"{text.partition(_MARK)[0]}{_MARK}\n" + "".join(_entry(_FOLDER / f"{name}.md") for name in ordered)


def _entry(page: Path) -> str:
    lines = page.read_text(encoding="utf-8").split("\n")
    title = next(line.removeprefix("# ") for line in lines if line.startswith("# "))
    about = _PAGES.get(page.stem)
    return f"- [{title}]({page.name}){f': {about}' if about else ''}\n"


def main() -> int:
    """Writes the pages, or with `--check` says which aren't as they should be."""
    behind = []
    for name, text in (("reference.md", reference()), ("index.md", index())):
        page = _FOLDER / name
        if page.is_file() and page.read_text(encoding="utf-8") == text:
            continue
        if "--check" in sys.argv[1:]:
            behind.append(name)
        else:
            page.write_text(text, encoding="utf-8")
    if behind:
        sys.stderr.write(f"behind the commands and pages: {', '.join(behind)}. Run: python docs/build.py\n")
    return 1 if behind else 0


if __name__ == "__main__":
    sys.exit(main())

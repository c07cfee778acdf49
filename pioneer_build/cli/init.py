"""`init`: writes a small project, or turns existing requests into specs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pioneer_build.cli.options import Globals, format_option
from pioneer_build.cli.output import as_json, out, say
from pioneer_build.errors import PioneerError

if TYPE_CHECKING:
    from pioneer_build.operations.init.write_project import Draft, Written
    from pioneer_build.project.open import Project


@click.command("init")
@click.argument("directory", required=False, metavar="[DIR]")
@click.option("--from", "source", metavar="FILE", help="Make specs of requests: JSON, or calls of curl; `-` is stdin.")
@format_option()
@click.pass_obj
def command(options: Globals, directory: str | None, source: str | None, form: str) -> None:
    """Write a commented project that `apply` can build, here or in DIR. It asks nothing.

    It has settings, specs, and lines for git. What is there already is kept as it is, so it can be run again, and
    should be in each new clone: git keeps the merge driver of pioneer.lock in the clone's own configuration.

    \b
    Examples:
      pioneer-build init
      pioneer-build init datasets                  in a folder of its own
      pioneer-build init --from request.json       the body of POST /generate
      pioneer-build init --from call.sh            curl … -d '{…}'; the key in it is dropped
    """
    from pioneer_build.operations.init.write_project import initialise

    project = _opened(options, directory)
    drafts = _drafts(project, source, options) if source is not None else []
    written = initialise(project, drafts)
    if form == "json":
        value = {
            "format": 1,
            "root": str(project.root),
            "new": list(written.new),
            "extended": list(written.extended),
            "kept": list(written.kept),
            "merge_driver": written.driver,
            "datasets": [{"dataset_name": one.dataset_name, "left_out": list(one.left_out)} for one in drafts],
        }
        out(as_json(value))
    elif options.verbosity >= 0:
        out(_text(project, written, drafts))
    for draft in drafts:
        if draft.left_out and options.verbosity >= 0:
            shown = ", ".join(map(repr, draft.left_out))
            say(f"{draft.dataset_name}: left out, because a spec has no such key: {shown}")


def _opened(options: Globals, directory: str | None) -> Project:
    """The project to be: the folder that was named, which is made if need be; else the project one stands in."""
    from pioneer_build.paths import find_root
    from pioneer_build.project.open import open_project

    folder = (Path(options.directory) / (directory or "")).resolve()
    root = Path(find_root(str(folder)))
    if root != folder:
        if directory is not None:
            raise PioneerError(
                f"{folder} is in the project {root}, and projects don't nest",
                hint=f"specs may lie in any folder below {root / 'specs'}",
            )
        say(f"{folder} is in the project {root}, which is the one that is set up")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PioneerError(f"can't make the folder {folder}: {error.strerror}") from None
    return open_project(folder, options.backend)


def _drafts(project: Project, source: str, options: Globals) -> list[Draft]:
    from pioneer_build.operations.init.curl_calls import read_requests
    from pioneer_build.operations.init.write_project import drafts_of
    from pioneer_build.project.specs import load_specs

    try:
        if source == "-":
            data, stem = sys.stdin.buffer.read(), ""
        else:
            path = Path(options.directory) / source
            data, stem = path.read_bytes(), path.stem
        text = data.decode("utf-8")
    except OSError as error:
        raise PioneerError(f"can't read {source}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise PioneerError(f"{source} is not UTF-8") from None
    taken = [declared.name for declared in load_specs(project)]
    return drafts_of(read_requests(text), stem, project.config.specs.strip("/") or ".", taken)


def _text(project: Project, written: Written, drafts: list[Draft]) -> str:
    if not written.new and not written.extended:
        lines = [f"{project.root} is a project already: nothing was written."]
    else:
        lines = [f"In {project.root}:"]
        lines += [f"  new      {path}" for path in written.new]
        lines += [f"  extended {path}" for path in written.extended]
        lines += [f"  kept     {path}" for path in written.kept if not drafts]
    if written.driver and not drafts:
        lines.append("git merges pioneer.lock dataset by dataset in this clone.")
    lines += ["", "Next:"]
    if drafts:
        adopt = f"pioneer-build adopt {drafts[0].dataset_name} JOB_ID"
        lines += [f"  {'pioneer-build plan':<{len(adopt)}}   what would be submitted, and why"]
        lines += [f"  {adopt}   instead, if the request was sent already"]
    else:
        lines += [
            "  pioneer-build plan          what would be submitted, and why",
            "  pioneer-build apply         submit it, and write pioneer.lock",
            "  git add -A && git commit    specs and pioneer.lock belong together",
        ]
    return "\n".join(lines)

"""Errors in command lines: suggests what was probably meant, also for the commands and options of similar tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from pioneer_build.errors import UsageError
from pioneer_build.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_APPLY: Final = "pioneer-build plan, then pioneer-build apply"
#: Commands of terraform, uv, dbt, dvc, make and git, with their equivalents here.
_ELSEWHERE: Final = {
    "build": _APPLY,
    "clean": "pioneer-build gc",
    "compile": "pioneer-build plan",
    "create": "pioneer-build init, or write a spec below specs/",
    "debug": "pioneer-build doctor",
    "delete": "remove its spec, then: pioneer-build apply --delete-remote",
    "deps": "pioneer-build plan",
    "destroy": "remove the specs, then: pioneer-build apply --delete-remote",
    "download": "pioneer-build export NAME --to FILE",
    "fmt": "pioneer-build validate checks specs; an editor formats them",
    "format": "pioneer-build validate checks specs; an editor formats them",
    "generate": _APPLY,
    "get": "pioneer-build show NAME",
    "help": "pioneer-build --help, or pioneer-build COMMAND --help",
    "import": "pioneer-build adopt NAME JOB_ID, or pioneer-build init --from FILE for a request",
    "label": _APPLY,
    "lint": "pioneer-build validate",
    "list": "pioneer-build status",
    "login": "export PIONEER_API_KEY=…",
    "ls": "pioneer-build status",
    "new": "pioneer-build init",
    "output": "pioneer-build export NAME",
    "preview": "pioneer-build plan",
    "prune": "pioneer-build gc",
    "pull": "pioneer-build apply fetches rows that are in pioneer.lock but not on this machine",
    "push": _APPLY,
    "refresh": "pioneer-build status --refresh",
    "remove": "remove its spec, then: pioneer-build apply (--delete-remote deletes on the service)",
    "repro": _APPLY,
    "rm": "remove its spec, then: pioneer-build apply (--delete-remote deletes on the service)",
    "run": _APPLY,
    "state": "pioneer-build status, or pioneer-build show NAME",
    "submit": _APPLY,
    "sync": _APPLY,
    "taint": "pioneer-build apply --retry NAME, or change the spec",
    "test": "pioneer-build check",
    "up": _APPLY,
    "update": _APPLY,
    "upgrade": "pip install --upgrade pioneer-build",
    "version": "pioneer-build --version",
}
_OPTIONS_ELSEWHERE: Final = {
    "auto-approve": "--yes",
    "chdir": "-C DIR, before the command",
    "check": "pioneer-build check",
    "destroy": "remove the specs, then: pioneer-build apply --delete-remote",
    "dry-run": "pioneer-build plan",
    "force": "--yes skips the confirmation; --resubmit NAME and --retry NAME repeat work",
    "json": "--format json",
    "jobs": "max_open_jobs in pioneer.yaml",
    "key": "export PIONEER_API_KEY=…: a key on a command line can be read by other users",
    "api-key": "export PIONEER_API_KEY=…: a key on a command line can be read by other users",
    "model": "--select NAME",
    "models": "--select NAME",
    "no-color": "export NO_COLOR=1",
    "output": "--format json, or --to FILE of export",
    "parallelism": "max_open_jobs in pioneer.yaml",
    "project-dir": "-C DIR, before the command",
    "refresh-only": "pioneer-build status --refresh",
    "replace": "change the spec; --retry NAME retries a failed job",
    "target": "--select NAME",
    "url": "export PIONEER_BASE_URL=…, or --backend URL before the command",
    "base-url": "export PIONEER_BASE_URL=…, or --backend URL before the command",
}  # fmt: skip
#: What click says of numbers, with names of its own classes.
_WORDS_OF_CLICK: Final = {
    "is not a valid float range": "is not a number",
    "is not a valid integer range": "is not a whole number",
    "is not a valid float": "is not a number",
    "is not a valid integer": "is not a whole number",
    ". Choose from: ": ": choose from ",
}


def unknown_command(word: str, commands: Iterable[str]) -> UsageError:
    """The error for a command that doesn't exist."""
    if word.lower() in _ELSEWHERE:
        hint = _ELSEWHERE[word.lower()]
    elif near := nearest(word, commands):
        hint = f"did you mean '{near}'?"
    else:
        hint = "pioneer-build --help lists the commands"
    return UsageError(f"unknown command '{word}'", hint=hint)


def explained(error: click.UsageError, words: Sequence[str]) -> UsageError:
    """A usage error of click as one of ours, with a hint."""
    path = error.ctx.command_path if error.ctx is not None else "pioneer-build"
    message = " ".join(error.format_message().split()).rstrip(".")  # click lists choices on lines of their own
    for theirs, ours in _WORDS_OF_CLICK.items():
        message = message.replace(theirs, ours)
    if isinstance(error, click.NoSuchOption):
        return _unknown_option(error, words, path)
    return UsageError(f"{message[:1].lower()}{message[1:]}", hint=f"{path} --help")


def _unknown_option(error: click.NoSuchOption, words: Sequence[str], path: str) -> UsageError:
    # terraform's `-out=x` reaches click as the letters o, u, t
    given = next((word for word in words if word.startswith(error.option_name)), error.option_name).partition("=")[0]
    name = given.lstrip("-")
    options = [
        option
        for param in (error.ctx.command.params if error.ctx is not None else ())
        for option in param.opts
        if option.startswith("--")
    ]
    if f"--{name}" in options:
        hint = f"--{name}, with two dashes"
    elif name in _OPTIONS_ELSEWHERE:
        hint = _OPTIONS_ELSEWHERE[name]
    elif (parent := _of_parent(error, given)) is not None:
        hint = f"put it before the command: {parent} {given} …"
    elif near := nearest(f"--{name}", options):
        hint = f"did you mean '{near}'?"
    else:
        hint = f"{path} --help lists the options"
    return UsageError(f"{path} has no option '{given}'", hint=hint)


def _of_parent(error: click.NoSuchOption, name: str) -> str | None:
    parent = error.ctx.parent if error.ctx is not None else None
    if parent is not None and any(name in param.opts for param in parent.command.params):
        return parent.command_path
    return None

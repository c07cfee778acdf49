"""Shared by several commands: the global options, and options that they have in common."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pioneer_build.cli.completion import complete_dataset_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pioneer_build.cache.unchanged_plan import CachedPlan
    from pioneer_build.disk.stamps import StampedFile
    from pioneer_build.plan import Choices
    from pioneer_build.project.open import Project

F = TypeVar("F", bound="Callable[..., Any]")


class Globals:
    """The options before the command. `verbosity` is -1 (quiet), 0 or 1; `log_format` is `text` or `json`."""

    __slots__ = ("backend", "directory", "log_format", "verbosity")

    def __init__(self, directory: str, backend: str | None, verbosity: int, log_format: str) -> None:
        self.directory = directory
        self.backend = backend
        self.verbosity = verbosity
        self.log_format = log_format

    def project(self) -> Project:
        """The project that the command works on."""
        from pathlib import Path

        from pioneer_build.project.open import open_project

        return open_project(Path(self.directory), self.backend)

    def nothing_to_do(self, *, verified: bool = False) -> CachedPlan | None:
        """The last plan, if it had nothing to do and nothing has changed since then.

        Args:
            verified: only if all stored rows were verified against their digests, and are unchanged since.
        """
        from pioneer_build.cache.unchanged_plan import nothing_to_do
        from pioneer_build.paths import PROJECT_FILES, find_root

        start = os.path.realpath(self.directory)
        root = find_root(start)
        if start != root or not all(os.path.isfile(f"{root}/{name}") for name in PROJECT_FILES):  # noqa: PTH113
            from pioneer_build.sparse.signs import may_hide_project  # what is not there may be left out

            if may_hide_project(start, root):
                return None
        return nothing_to_do(root, self.backend, _same_glob, verified=verified)


def _same_glob(root: str, spec_path: str, pattern: str, files: Sequence[StampedFile]) -> bool:
    from pioneer_build.inputs.freshness import unchanged_glob  # only if a label spec has a glob

    return unchanged_glob(root, spec_path, pattern, files)


def format_option(*more: str) -> Callable[[F], F]:
    """`--format text|json`, and further formats of a command."""
    return click.option(
        "--format", "form", type=click.Choice(["text", "json", *more]), default="text", help="Output format."
    )


def selection_options(command: F) -> F:
    """`--select` and `--exclude`."""
    what = "name, glob, `tag:x` or `state:x`; repeatable"
    for name, text in (("exclude", "Exclude these datasets"), ("select", "Only these datasets")):
        command = click.option(
            f"--{name}",
            multiple=True,
            metavar="SELECTOR",
            help=f"{text}: {what}.",
            shell_complete=complete_dataset_name,
        )(command)
    return command


def choice_options(command: F) -> F:
    """The flags that change steps."""
    for name, text in (
        ("relabel", "Pay again for annotations that were paid for but are missing from the store."),
        ("retry", "Retry a dataset whose last job failed or was rejected, or replace its rows if they are lost."),
        ("resubmit", "Submit again, although an earlier submission may have been accepted."),
    ):
        command = click.option(
            f"--{name}", multiple=True, metavar="NAME", help=text, shell_complete=complete_dataset_name
        )(command)
    return click.option(
        "--delete-remote", is_flag=True, help="Ask the service to delete the datasets whose specs were removed."
    )(command)


def choices_of(
    resubmit: tuple[str, ...], retry: tuple[str, ...], relabel: tuple[str, ...], *, delete_remote: bool
) -> Choices:
    """The flags that change steps, in the form for the planner.

    Args:
        resubmit: the names of `--resubmit`.
        retry: the names of `--retry`.
        relabel: the names of `--relabel`.
        delete_remote: the flag `--delete-remote`.
    """
    from pioneer_build.plan import Choices

    return Choices(frozenset(resubmit), frozenset(retry), frozenset(relabel), delete_remote)

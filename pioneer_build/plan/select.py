"""`--select` and `--exclude`: names, globs, `tag:x`, `state:x`. Values in, values out."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from pioneer_build.errors import PioneerError
from pioneer_build.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

STATES = ("ready", "open", "unknown", "failed", "rejected", "new", "changed", "forgotten")


@dataclass(frozen=True, slots=True)
class Selectable:
    """The properties of a dataset that a selector can match."""

    dataset_name: str
    tags: tuple[str, ...]
    state: str


def select(datasets: Sequence[Selectable], chosen: Iterable[str], left_out: Iterable[str]) -> set[str]:
    """The names that `--select` matches, without those that `--exclude` matches; all if nothing is selected.

    Args:
        datasets: all datasets.
        chosen: the selectors of `--select`: names, globs, `tag:x`, `state:x`.
        left_out: the selectors of `--exclude`.

    Raises:
        PioneerError: a selector matches nothing; the hint suggests one that does.
    """
    chosen = tuple(chosen)
    names = {dataset.dataset_name for dataset in datasets}
    picked = {name for selector in chosen for name in _matches(datasets, selector, "select")} if chosen else names
    return picked - {name for selector in left_out for name in _matches(datasets, selector, "exclude")}


def _matches(datasets: Sequence[Selectable], selector: str, flag: str) -> set[str]:
    kind, colon, value = selector.partition(":")
    if colon and kind == "tag":
        found = {item.dataset_name for item in datasets if any(fnmatchcase(tag, value) for tag in item.tags)}
        known = sorted({tag for item in datasets for tag in item.tags})
    elif colon and kind == "state":
        if value not in STATES:
            raise PioneerError(f"--{flag}: unknown state '{value}'", hint=_did_you_mean("state:", value, STATES))
        found = {item.dataset_name for item in datasets if item.state == value}
        known = sorted({item.state for item in datasets})
    elif colon:
        raise PioneerError(
            f"--{flag}: '{selector}' is not a valid selector", hint="use a name, a glob, `tag:x` or `state:x`"
        )
    else:
        value = selector
        found = {item.dataset_name for item in datasets if fnmatchcase(item.dataset_name, selector)}
        known = sorted(item.dataset_name for item in datasets)
    if not found:
        prefix = f"{kind}:" if colon else ""
        raise PioneerError(f"--{flag}: '{selector}' matches no dataset", hint=_did_you_mean(prefix, value, known))
    return found


def _did_you_mean(prefix: str, value: str, known: Sequence[str]) -> str:
    near = nearest(value, list(known))
    if near is not None:
        return f"did you mean '{prefix}{near}'?"
    shown = ", ".join(f"{prefix}{name}" for name in known[:8])
    return (
        f"available: {shown}{', …' if len(known) > 8 else ''}" if known else "`pioneer-build status` lists the datasets"
    )

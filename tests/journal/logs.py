"""A journal on a disk, and submissions to write to it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pioneer_build.journal.log import Journal
from pioneer_build.journal.model import Submission

if TYPE_CHECKING:
    from pathlib import Path

HOSTED = "https://example.test"


def intent(name: str = "tickets", **changes: object) -> Submission:
    made = Submission(
        token="",
        backend=HOSTED,
        dataset_name=name,
        base_name=name,
        remote_name=name,
        task_type="ner",
        definition={"task_type": "ner", "labels": ["a"]},
        fingerprint=f"fp1:{name}",
        num_examples=10,
        asked=10,
        order=0,
        request="sha256:0",
        known=("1", "2"),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def journal(folder: Path) -> Journal:
    return Journal(folder / "journal")


def everything(folder: Path) -> tuple[Submission, ...]:
    return journal(folder).submissions(HOSTED)


def fill(log: Journal, names: str = "abc") -> list[str]:
    tokens = []
    for name in names:
        token = log.begin(intent(name), frozenset()).token
        log.record(token, state="open", job_id=f"j-{name}")
        tokens.append(token)
    return tokens

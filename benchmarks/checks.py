"""How long the checks take for 100,000 rows, against `json.loads` of the same rows.

    python benchmarks/checks.py [ROWS]

Wall time of one process, the median of five runs of each, taken in turn. Rows are made here: ner rows of about 120
characters with three entities (in the service's pairs, and in objects with offsets), classification rows, decoder
rows. `judge` is all that happens to a job's rows: normal form, digests, duplicates, bounds, counts.
"""

from __future__ import annotations

import json
import random
import resource
import statistics
import sys
import time
from typing import TYPE_CHECKING, Any

from pioneer_build.checks.bounds import DEFAULTS
from pioneer_build.checks.judge import judge
from pioneer_build.rows import Tally, row_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pioneer_build.rows import Row, RowsSummary
    from pioneer_build.spec.model import TaskType

LABELS = ("person", "company", "city")
NAMES = ["Ada Lovelace", "Zoë Ärmel", "Acme Ltd", "Globex", "Köln", "Springfield", "Bob Ray", "Initech"]
FILLER = "met again in the spring to speak about the order that had not arrived and nobody knew".split()  # noqa: SIM905


def make(kind: str, count: int) -> list[Any]:
    """`count` rows as a service may send them."""
    dice = random.Random(7)
    rows: list[Any] = []
    for number in range(count):
        names = dice.sample(NAMES, 3)
        text = f"{number}: {names[0]} and {names[1]} {' '.join(dice.sample(FILLER, 12))} at {names[2]}."
        if kind == "ner, pairs":
            rows.append({"text": text, "entities": [[name, dice.choice(LABELS)] for name in names]})
        elif kind == "ner, offsets":
            places = [(name, text.index(name)) for name in names]
            entities = [
                {"text": n, "label": dice.choice(LABELS), "start": at, "end": at + len(n), "score": 0.875}
                for n, at in places
            ]
            rows.append({"text": text, "entities": entities})
        elif kind == "classification":
            rows.append({"text": text, "label": dice.choice(LABELS), "score": 0.5})
        else:
            rows.append({"messages": [{"role": "user", "content": text}, {"role": "assistant", "content": text}]})
    return rows


def counted(rows: Iterable[Row], labels: Iterable[str]) -> RowsSummary:
    """What `rows` hold."""
    tally = Tally(labels)
    for row in rows:
        tally.add(row)
    return tally.summary()


def timed(work: Callable[[], object]) -> float:
    """Seconds that `work` takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def main() -> None:
    """Prints a table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    print(f"{count:,} rows      json.loads s    judge s   ratio   row_line s   summary s")
    for kind in ("ner, pairs", "ner, offsets", "classification", "decoder"):
        task: TaskType = "ner" if kind.startswith("ner") else "decoder" if kind == "decoder" else "classification"
        labels = () if task == "decoder" else LABELS
        lines = [json.dumps(row, ensure_ascii=False) for row in make(kind, count)]
        raws = [json.loads(line) for line in lines]
        verdict = judge(raws, asked=count, checks=DEFAULTS, task_type=task, labels=labels)
        assert verdict.ok, verdict.failures
        accepted = verdict.accepted
        works: tuple[Callable[[], object], ...] = (
            lambda lines=lines: [json.loads(line) for line in lines],
            lambda raws=raws, task=task, labels=labels: judge(
                raws, asked=count, checks=DEFAULTS, task_type=task, labels=labels
            ),
            lambda accepted=accepted: [row_line(row) for row in accepted],
            lambda accepted=accepted, labels=labels: counted(accepted, labels),
        )
        runs = [[timed(work) for work in works] for _ in range(5)]
        parse, check, write, count_up = (statistics.median(column) for column in zip(*runs, strict=True))
        print(f"{kind:16} {parse:12.3f} {check:11.3f} {check / parse:7.2f} {write:11.3f} {count_up:11.3f}")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB, all rows held")


if __name__ == "__main__":
    main()

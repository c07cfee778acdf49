"""What it takes to see which of many texts are new: the survey of the files and the look into the store.

    python benchmarks/label_plan.py [ROWS…]            default: 10000 100000 1000000

Each measurement is a process of its own, on warm files; `seconds` is the work, `wall` the process
with its imports, `peak` its largest memory. Ratios are to one SHA-256 pass over the same file (`sha`).
"""

from __future__ import annotations

import ast
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path

REPEATS = 3


def make_file(path: Path, rows: int) -> None:
    """JSON Lines of about 200 characters a text, no two alike."""
    rng = random.Random(1)
    words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(2, 9))) for _ in range(5000)]
    with path.open("w") as file:
        for row in range(rows):
            text = f"{' '.join(rng.choices(words, k=31))[:194]} {row}"
            file.write(json.dumps({"id": f"T-{row}", "text": text}) + "\n")


def change_one(path: Path) -> None:
    """Changes a line in the middle; most of the file moves by a few bytes."""
    data = path.read_bytes()
    at = data.index(b'"text": "', len(data) // 2) + 9
    path.write_bytes(data[:at] + f"changed {time.time_ns()} ".encode() + data[at:])


def child(task: str, root: Path, rows: int) -> float:
    """One measurement; the seconds of the work itself."""
    from pioneer_build.inputs import SurveyCache, batches, new_texts, read, survey, unchanged
    from pioneer_build.spec.model import InputFiles
    from pioneer_build.store import Store

    inputs = InputFiles("tickets.jsonl", id="id" if "ids" in task else None)
    where = {"project_root": root, "spec_path": "spec.yaml"}
    store = Store(root / "store")
    began = time.perf_counter()
    match task:
        case "change one":
            change_one(root / "tickets.jsonl")
        case "sha":
            whole = sha256()
            with (root / "tickets.jsonl").open("rb") as file:
                while data := file.read(1 << 20):
                    whole.update(data)
        case "survey, nothing remembered" | "survey with ids, nothing remembered":
            assert survey(inputs, **where).rows == rows
        case "remember":
            with SurveyCache(root / "cache") as cache:
                found = survey(inputs, **where, cache=cache)
            (root / "files.txt").write_text(repr(found.files))
        case "plan, one changed" | "plan, all new":
            with SurveyCache(root / "cache") as cache:
                found = survey(inputs, **where, cache=cache)
            backend = "local" if "one" in task else "elsewhere"
            missing = store.annotations(backend, "fp1:0").missing(found.digests)
            assert len(missing) == (16 if "one" in task else 16 * rows)
        case "texts of the one changed":
            with SurveyCache(root / "cache") as cache:
                found = survey(inputs, **where, cache=cache)
            missing = store.annotations("local", "fp1:0").missing(found.digests)
            began = time.perf_counter()
            assert len(list(new_texts(inputs, found, missing, **where))) == 1
        case "unchanged, by stat":
            files = ast.literal_eval((root / "files.txt").read_text())
            assert unchanged(inputs, files, **where)
        case "read all texts":
            assert sum(1 for _ in read(inputs, **where)) == rows
        case "label all: batches, annotations made durable":
            found = survey(inputs, **where)
            with store.annotations("local", "fp1:0") as annotations:
                missing = annotations.missing(found.digests)
                from pioneer_build.inputs import text_digest

                texts = new_texts(inputs, found, missing, **where)
                answer = b'{"label": "billing", "score": 0.93}'
                for batch in batches(texts):
                    annotations.add([(text_digest(one.text), answer) for one in batch])
        case "look up all, in order" | "look up all, shuffled":
            found = survey(inputs, **where)
            digests = found.digests
            if "shuffled" in task:
                import numpy as np

                digests = np.random.default_rng(1).permutation(np.frombuffer(digests, "V16")).tobytes()
            began = time.perf_counter()
            known = sum(1 for one in store.annotations("local", "fp1:0").lookup(digests) if one)
            assert known >= rows - REPEATS - 1
    return time.perf_counter() - began


def run_child(task: str, root: Path, rows: int) -> tuple[float, float]:
    """Seconds and megabytes of one task in a process of its own."""
    command = [sys.executable, __file__, "--child", task, str(root), str(rows)]
    run = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ})
    seconds, peak = run.stdout.split()
    return float(seconds), float(peak)


def measure(task: str, root: Path, rows: int, repeats: int = REPEATS) -> None:
    """Prints medians of one task; beside each run is one pass of SHA-256, because shared machines drift."""
    found = []
    for _ in range(repeats):
        if "one changed" in task:  # in a process of its own: a child's peak is at least its parent's size
            run_child("change one", root, rows)
        sha, _ = run_child("sha", root, rows)
        began = time.perf_counter()
        seconds, peak = run_child(task, root, rows)
        wall = time.perf_counter() - began
        found.append((seconds, seconds / sha, wall, wall / sha, peak))
    seconds, ratio, wall, wall_ratio, peak = map(statistics.median, zip(*found, strict=True))
    print(f"{task:48}{seconds:9.3f}{ratio:8.1f}{wall:8.3f}{wall_ratio:8.1f}{peak:9.0f}", flush=True)


TASKS = [
    "survey, nothing remembered",
    "survey with ids, nothing remembered",
    "label all: batches, annotations made durable",
    "remember",
    "plan, one changed",
    "texts of the one changed",
    "plan, all new",
    "read all texts",
    "look up all, in order",
    "look up all, shuffled",
]


def main() -> None:
    """Measures each size and prints a table."""
    for rows in [int(argument) for argument in sys.argv[1:]] or [10_000, 100_000, 1_000_000]:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            make_file(root / "tickets.jsonl", rows)
            size = (root / "tickets.jsonl").stat().st_size / 1e6
            print(f"\n{rows:,} rows, {size:,.0f} MB")
            print(f"{'':48}{'seconds':>9}{'x sha':>8}{'wall':>8}{'x sha':>8}{'peak MB':>9}")
            for task in TASKS:
                measure(task, root, rows, 1 if task.startswith(("label", "remember")) else REPEATS)
            time.sleep(2.1)  # a file changed just now is not trusted
            measure("remember", root, rows, 1)
            measure("unchanged, by stat", root, rows)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        seconds = child(sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))
        print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    else:
        main()

"""Fuzzes whatever this program reads.

    python -m tests.fuzz [--inputs 100000] [--seed WORD] [--only NAME …]
    python -m tests.fuzz --replay NAME SEED [--keep FILE]

Each input must be understood, or refused with an error of ours: no other exception, at most two seconds of processor
time, at most 500 MB. Every fault is printed with the seed that replays it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from pathlib import Path

from tests.fuzz.campaign import Fault, fuzz, made
from tests.fuzz.targets import TARGETS


def main() -> int:
    """The command; 1 if there was a fault."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--inputs", type=int, default=100_000, help="of all targets together")
    parser.add_argument("--seed", default=str(time.time_ns()), help="any word; printed, to replay a campaign")
    parser.add_argument("--only", nargs="+", choices=sorted(TARGETS), metavar="NAME")
    parser.add_argument("--replay", nargs=2, metavar=("NAME", "SEED"), help="one input, with its traceback")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="with --replay: write the input, don't read it")
    asked = parser.parse_args()
    if asked.replay:
        return _replay(*asked.replay, asked.keep)
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # what a command said, as it was
    targets = [TARGETS[name] for name in asked.only or TARGETS]
    weights = sum(target.share for target in targets)
    print(f"seed {asked.seed}")
    failed = 0
    for target in targets:
        inputs = max(1, asked.inputs * target.share // weights)
        began = time.monotonic()
        faults = fuzz(target, range(inputs), asked.seed)
        took = time.monotonic() - began
        failed += len(faults)
        print(
            f"{target.name:12} {inputs:>8,} inputs {took:7.1f} s {inputs / took:>8,.0f}/s  {len(faults)} faults",
            flush=True,
        )
        _show(faults)
    return 1 if failed else 0


def _show(faults: list[Fault]) -> None:
    kinds: dict[str, list[Fault]] = defaultdict(list)
    for fault in faults:
        kinds[fault.kind].append(fault)
    for alike in sorted(kinds.values(), key=len, reverse=True):
        one = alike[0]
        print(f"\n{len(alike)} of a kind, such as: python -m tests.fuzz --replay {one.target} {one.seed}\n{one.what}\n")


def _replay(name: str, seed: str, keep: Path | None) -> int:
    if keep is not None:
        keep.write_bytes(made(TARGETS[name], seed))
        return 0
    word, _, number = seed.rpartition(":")
    faults = fuzz(TARGETS[name], range(int(number), int(number) + 1), word)
    _show(faults)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

"""Texts by the million through the real command line: first label, one changed, nothing changed.

    python benchmarks/label_apply.py [ROWS ...]

The service is a process of its own on loopback with instant answers (`tests/fakes/server.py`). Each figure is of a
whole process, beside one SHA-256 pass over the same file in the same run; memory is the process's peak.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SPEC = "dataset_name: tickets\ntask_type: classification\nlabels: [a, b]\ninputs: {path: t.jsonl, id: id}\n"


def run(folder: Path, url: str, *arguments: str) -> tuple[float, float, str]:
    """Seconds, peak memory in MB, and stdout of one command."""
    environ = {
        **os.environ,
        **{f"XDG_{name}_HOME": str(folder / name) for name in ("STATE", "DATA", "CACHE")},
        "PIONEER_API_KEY": "benchmark",
        "PIONEER_REQUESTS_PER_MINUTE": "1000000",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "pioneer_build", "-q", "-C", str(folder), "--backend", url, *arguments]
    start = time.perf_counter()
    process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 2):
        raise SystemExit(f"{' '.join(arguments)} ended with {process.returncode}: {out}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024, out


def sha256_pass(path: Path) -> float:
    start = time.perf_counter()
    with path.open("rb") as file:
        hashlib.file_digest(file, "sha256")
    return time.perf_counter() - start


def measure(count: int, folder: Path, url: str) -> None:
    (folder / "specs").mkdir(parents=True)
    path = folder / "specs" / "t.jsonl"
    filler = "the customer writes about an order that did not arrive and asks what will be done about it " * 2
    with path.open("w") as file:
        for number in range(count):
            file.write(json.dumps({"id": number, "text": f"Ticket {number}: {filler}"}) + "\n")
    (folder / "specs" / "tickets.yaml").write_text(SPEC)
    os.utime(path, (time.time() - 100,) * 2)
    floor = min(sha256_pass(path) for _ in range(3))
    print(f"\n{count:,} texts, {path.stat().st_size / 1e6:.0f} MB; one SHA-256 pass {floor:.2f} s")
    print(f"{'':28}{'s':>8}{'x SHA-256':>11}{'rows/s':>10}{'MB':>7}")

    def row(name: str, seconds: float, memory: float, rows: int | None = None) -> None:
        speed = f"{rows / seconds:,.0f}" if rows else ""
        print(f"{name:28}{seconds:8.2f}{seconds / floor:11.1f}{speed:>10}{memory:7.0f}", flush=True)

    seconds, memory, _ = run(folder, url, "plan")
    row("plan, nothing known", seconds, memory)
    seconds, memory, _ = run(folder, url, "apply", "--yes")
    row("apply, first label", seconds, memory, count)
    run(folder, url, "plan")
    seconds, memory, _ = min(run(folder, url, "plan", "--detailed-exitcode") for _ in range(3))
    row("plan, nothing to do", seconds, memory)
    subprocess.run(["sed", "-i", f"s/Ticket {count // 2}:/Changed {count // 2}:/", path], check=True)
    os.utime(path, (time.time() - 50,) * 2)
    seconds, memory, out = run(folder, url, "plan", "--format", "json")
    step = json.loads(out)["steps"][0]
    assert (step["requests"], step["examples"]) == (1, 1), step
    row("plan, one changed", seconds, memory)
    seconds, memory, _ = run(folder, url, "apply", "--yes")
    row("apply, one changed", seconds, memory)
    start = time.perf_counter()
    seconds, memory, _ = run(folder, url, "export", "tickets", "--to", str(folder / "out.jsonl"))
    row("export", time.perf_counter() - start, memory, count)


def main() -> None:
    counts = [int(word) for word in sys.argv[1:]] or [10_000, 100_000, 1_000_000]
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.fakes.server"], cwd=ROOT, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    try:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}"
        for count in counts:
            with tempfile.TemporaryDirectory() as folder:
                measure(count, Path(folder) / "project", url)
    finally:
        server.kill()
        server.wait()
    print(f"\nthis process itself: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


main()

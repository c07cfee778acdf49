"""What an apply costs a spec: 100, 1,000 and 10,000 new ones, against a server with instant jobs and no limit.

    python benchmarks/apply_size.py [COUNT …] [--profile]

The whole of it, lock, journal and store included, in CPU time of this process and on the wall. Nothing may grow
with the square of the project: the time a spec must be flat. Beside it, in the same run, what the transport alone
costs: as many submissions and polls with nothing kept. `TMPDIR=/dev/shm` leaves out the disk's own time for an fsync.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.fake import KEY, serving
from benchmarks.made import environment, make_project

SIZES = (100, 1_000, 10_000)


def applied(folder: Path, count: int) -> tuple[float, float]:
    """Seconds of CPU and of the wall that an apply of `count` new specs takes."""
    from pioneer_build.operations.apply import apply
    from pioneer_build.operations.project_state import read_project_state
    from pioneer_build.project.open import open_project

    root = folder / f"p{count}"
    make_project(root, count, built=False)
    os.environ.update(environment(root))
    with serving() as url:
        os.environ.update(PIONEER_API_KEY=KEY)
        project = open_project(root, url)
        project = replace(project, config=replace(project.config, requests_per_minute=None))
        found = read_project_state(project)
        assert found.plan.requests == count
        began = time.process_time(), time.perf_counter()
        report = apply(found, found.plan, lambda _: None)
        took = time.process_time() - began[0], time.perf_counter() - began[1]
        assert len([o for o in report.outcomes if o.result in ("done", "rejected")]) == count, report.outcomes[:3]
    return took


def sent(count: int) -> float:
    """Seconds of CPU that as many requests take with nothing kept."""
    from pioneer_build.ports import JobRequest
    from pioneer_build.service.connect import connect

    async def go(url: str) -> float:
        service = connect(url, KEY, requests_per_minute=None, state_folder=Path("/nonexistent"), on_note=lambda _: None)
        began = time.process_time()
        numbers = iter(range(count))

        async def work() -> None:
            for number in numbers:
                name = f"ds-{number}"
                await service.versions(name)
                job = await service.submit(JobRequest(name, "classification", 5, ("a", "b"), "words"))
                await service.poll(job)

        await asyncio.gather(*[work() for _ in range(100)])
        took = time.process_time() - began
        await service.aclose()
        return took

    with serving() as url:
        return asyncio.run(go(url))


def main() -> int:
    """Prints a line a size; 1 where the largest costs a spec more than 1.5 times what the middle one does."""
    sizes = [int(word) for word in sys.argv[1:] if word.isdigit()] or list(SIZES)
    folder = Path(tempfile.mkdtemp(prefix="apply-"))
    costs = []
    try:
        transport = sent(1_000) / 1_000
        print(f"transport alone: {transport * 1000:.2f} ms of CPU a spec")
        for size in sizes:
            if "--profile" in sys.argv:
                import cProfile

                profile = cProfile.Profile()
                profile.enable()
            cpu, wall = applied(folder, size)
            if "--profile" in sys.argv:
                import pstats

                profile.disable()
                pstats.Stats(profile).sort_stats("tottime").print_stats(30)
            costs.append(cpu / size)
            print(f"{size:>6,} specs: {cpu / size * 1000:6.2f} ms of CPU a spec, {wall / size * 1000:6.2f} ms of wall")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0 if costs[-1] <= 1.5 * costs[len(costs) // 2] else 1


if __name__ == "__main__":
    raise SystemExit(main())

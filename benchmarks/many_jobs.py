"""1,000 generate jobs of 5 s under a limit that counts polls: how close to one submission and one poll a job.

    python benchmarks/many_jobs.py [JOBS] [LIMIT] [SECONDS]

Through the real apply (plan, journal, store, lock) against the service of the tests in a process of its own, which
refuses what exceeds LIMIT requests in any SECONDS. The least time is that of 2 × JOBS requests under the limit and the
last job's own 5 s. The default, 120 in 6 s, is the hosted service's limit ten times as fast.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.fake import KEY, serving, told
from benchmarks.made import environment, make_project

JOB_SECONDS = 5.0


def main() -> int:
    """Prints what was sent and how long it took; 1 where the aim (1.1 × the least time, and 5 s) isn't met."""
    words = sys.argv[1:]
    jobs, limit = int(words[0]) if words else 1_000, int(words[1]) if len(words) > 1 else 120
    period = float(words[2]) if len(words) > 2 else 6.0
    from pioneer_build.operations.apply import apply
    from pioneer_build.operations.project_state import read_project_state
    from pioneer_build.project.open import open_project
    from pioneer_build.service import rate_limiter as pacer
    from pioneer_build.service.rate_window import Rules

    pacer.Rules = lambda limit: Rules(limit, period)  # type: ignore[misc,assignment]
    # a disk's own time for an fsync is not what is measured: in memory where there is such a folder
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with (
        tempfile.TemporaryDirectory(dir=memory) as folder,
        serving(limit=(limit, period), job_seconds=JOB_SECONDS) as url,
    ):
        root = Path(folder) / "p"
        make_project(root, jobs, built=False)
        os.environ.update(environment(root) | {"PIONEER_API_KEY": KEY, "PIONEER_REQUESTS_PER_MINUTE": str(limit)})
        found = read_project_state(open_project(root, url))
        began = time.perf_counter()
        report = apply(found, found.plan, lambda _: None)
        took = time.perf_counter() - began
        assert report.requests == jobs, report
        seen = told(url)
    least = (2 * jobs - 1) // limit * period
    aim = 1.1 * least + 5
    print(
        f"{jobs:,} jobs of {JOB_SECONDS:g} s, {limit} requests in {period:g} s: {took:.1f} s; least {least:.1f} s, aim"
        f" {aim:.1f} s; {seen['POST']:,} submissions, {seen['poll']:,} polls, {seen['refused']} refused"
    )
    return 0 if took <= aim and not seen["refused"] else 1


if __name__ == "__main__":
    raise SystemExit(main())

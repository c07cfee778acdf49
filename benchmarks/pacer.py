"""How much of a rate limit a run of label requests uses: sent by one process, and by three side by side.

    python benchmarks/pacer.py [REQUESTS] [LIMIT] [SECONDS]

The service of the tests runs in a process of its own and refuses (429) what exceeds LIMIT requests in any SECONDS,
counted as they arrive. What the limit allows: LIMIT at once, and LIMIT more every SECONDS. A ratio of 1 is all of that.
The default, 400 requests at 120 in 6 s, is the hosted service's 120 a minute ten times as fast; the margin of a
hundredth and the turns themselves are what is lost, so that a minute's window loses less.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.fake import KEY, serving, told

AIM = 0.95


async def label(url: str, folder: Path, requests: int, limit: int, period: float) -> None:
    """Sends so many label requests as quickly as the shared pacer lets them."""
    from pioneer_build.service.client import HttpService
    from pioneer_build.service.rate_limiter import Pacer
    from pioneer_build.service.rate_window import Rules, SharedWindow, window_path

    pacer = Pacer(Rules(limit, period), SharedWindow(window_path(folder, url, KEY)))
    service = HttpService(url, KEY, pacer)
    left = iter(range(requests))

    async def work() -> None:
        for number in left:
            await service.label("classification", ("a", "b"), [f"text {number}"])

    await asyncio.gather(*[work() for _ in range(8)])
    await service.aclose()


def ratio(processes: int, requests: int, limit: int, period: float) -> tuple[float, int]:
    """What share of the allowed was used from the first arrival to the last, and how many were refused."""
    with tempfile.TemporaryDirectory() as folder, serving(limit=(limit, period)) as url:
        each = [requests // processes + (number < requests % processes) for number in range(processes)]
        words = [url, folder, str(limit), str(period)]
        children = [subprocess.Popen([sys.executable, __file__, "--label", str(share), *words]) for share in each]
        for child in children:
            assert child.wait() == 0
        seen = told(url)
        assert seen["label"] - seen["refused"] == requests, seen
        # the last of them may come as soon as the limit lets it
        least = (requests - 1) // limit * period
        return least / seen["seconds"], seen["refused"]


def main() -> int:
    """Prints a line a number of processes."""
    if sys.argv[1:2] == ["--label"]:
        requests, url, folder, limit, period = sys.argv[2:]
        asyncio.run(label(url, Path(folder), int(requests), int(limit), float(period)))
        return 0
    words = sys.argv[1:]
    requests, limit = int(words[0]) if words else 400, int(words[1]) if len(words) > 1 else 120
    period = float(words[2]) if len(words) > 2 else 6.0
    good = True
    for processes in (1, 3):
        began = time.perf_counter()
        used, refused = ratio(processes, requests, limit, period)
        good = good and used >= AIM and not refused
        print(
            f"{requests} label requests, {processes} process{'es' if processes > 1 else ''}, {limit} in {period:g} s:"
            f" {used:.3f} of the limit, {refused} refused ({time.perf_counter() - began:.1f} s)"
        )
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())

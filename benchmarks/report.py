"""The report of 100,000 rows: its size, the time to write it, and the time until a browser shows it.

    python benchmarks/report.py [ROWS]

Three datasets (ner, classification, decoder) of a third of the rows each. The browser part needs chromium and
chromedriver and uses the tests' driver; times are the browser's own (Performance API), medians of five visits.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.made import Made, spec_text
from tests.render.report.browser import CHROMEDRIVER, CHROMIUM, Browser, browser

if TYPE_CHECKING:
    from collections.abc import Iterator

WORDS = (
    *("order", "invoice", "refund", "parcel", "charge", "account", "address", "late", "broken", "missing", "delivery"),
    *("Monday", "Paris", "support", "card", "twice", "please", "when", "where", "again", "still", "never", "waiting"),
    *("thanks", "morning", "price", "the", "a", "my", "your", "it", "was", "is", "and", "but", "of", "to", "for"),
)
NAMES = ("Ada Lovelace", "Tim Cook", "Grace Hopper", "Alan Turing", "Marie Curie")


def sentence(source: random.Random) -> str:
    return " ".join(source.choices(WORDS, k=source.randint(8, 40))).capitalize() + "."


def rows(task: str, count: int) -> Iterator[dict[str, Any]]:
    source = random.Random(task)
    for _ in range(count):
        text = sentence(source)
        if task == "classification":
            yield {"text": text, "label": source.choice(("billing", "refund", "other")), "score": source.random()}
        elif task == "decoder":
            yield {"messages": [{"role": "user", "content": text}, {"role": "assistant", "content": sentence(source)}]}
        else:
            name = source.choice(NAMES)
            at = len(text) + 1
            span = {"text": name, "label": "person", "start": at, "end": at + len(name), "score": source.random()}
            yield {"text": f"{text} {name} said so.", "entities": [span]}


def visit(page: Browser, path: Path, fragment: str, ready: str) -> dict[str, float]:
    page.open(path, fragment)
    page.wait(ready, 60)
    found: dict[str, float] = page.run(
        "const paint = performance.getEntriesByName('first-contentful-paint')[0];"
        "const [nav] = performance.getEntriesByType('navigation');"
        "return {paint: paint.startTime, parsed: nav.domContentLoadedEventEnd, now: performance.now()}"
    )
    return found


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        environ = {f"XDG_{name}_HOME": str(root / name.lower()) for name in ("STATE", "DATA", "CACHE")}
        os.environ.update(environ)
        made = Made(root / "project", root / "store")
        for task in ("ner", "classification", "decoder"):
            more: dict[str, Any] = {"ner": {"labels": ["person"]}, "decoder": {"prompt": "x"}}.get(
                task, {"labels": ["billing", "refund", "other"]}
            )
            made.dataset(spec_text(task, task, num_examples=count // 3, **more), rows(task, count // 3))
        made.write_lock()
        kept = sum(path.stat().st_size for path in (root / "store").rglob("*.jsonl"))
        target = root / "report.html"
        command = [sys.executable, "-m", "pioneer_build", "-C", str(made.root), "report", "--to", str(target)]
        times = []
        for _ in range(3):
            began = time.perf_counter()
            subprocess.run([*command, "--rows", str(count)], check=True, capture_output=True)
            times.append(time.perf_counter() - began)
        print(f"rows {count:,}: {kept / 1e6:.1f} MB as JSONL, {target.stat().st_size / 1e6:.1f} MB as report")
        print(f"written in {statistics.median(times):.1f} s")
        if CHROMIUM is None or CHROMEDRIVER is None:
            print("no browser here: apt-get install chromium chromium-driver")
            return
        with browser(root) as page:
            page.size(1280, 800)
            overview = [visit(page, target, "", "document.readyState === 'complete'") for _ in range(5)]
            full = f"document.documentElement.dataset.rows === '{count // 3}'"
            listed = [visit(page, target, "#/d/classification/rows", full) for _ in range(5)]
            print(f"first paint {middle(overview, 'paint')} ms, whole file parsed {middle(overview, 'parsed')} ms")
            print(f"rows of one dataset ({count // 3:,}): first paint {middle(listed, 'paint')} ms, "
                  f"all unpacked {middle(listed, 'now')} ms")  # fmt: skip
            took = page.run(
                "const began = performance.now(); const s = document.querySelector('#label'); s.value = '=refund';"
                "s.dispatchEvent(new Event('change')); document.body.offsetHeight; return performance.now() - began"
            )
            print(f"a filter over them {took:.0f} ms")
            page.devtools("HeapProfiler.collectGarbage")
            used = page.run("return performance.memory.usedJSHeapSize")
            print(f"memory of the page's script {used / 1e6:.0f} MB")


def middle(visits: list[dict[str, float]], name: str) -> str:
    return f"{statistics.median(one[name] for one in visits):.0f}"


if __name__ == "__main__":
    main()

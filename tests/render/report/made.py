"""Projects on disk for the report's tests: rows go into a store as an apply would have left them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from pioneer_build.checks.quarantine import Quarantined, quarantine_line
from pioneer_build.lock.model import Entry, Job, Lock
from pioneer_build.lock.text import lock_text
from pioneer_build.parse import parse_text
from pioneer_build.rows import row_line
from pioneer_build.spec.fingerprint import definition_of, fingerprint_of
from pioneer_build.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

#: Texts that try to get out of where they stand.
WORST = (
    "<script>window.pwned = 1</script>",
    "</script><script>window.pwned = 2</script>",
    "<!--<script>window.pwned = 3//-->",
    "]]><img src=x onerror=window.pwned=4>",
    '"><svg onload=window.pwned=5>',
    "javascript:window.pwned=6",
    "<a href='javascript:window.pwned=7' autofocus onfocus=window.pwned=7>x</a>",
    "<iframe srcdoc='<script>parent.pwned=8</script>'></iframe>",
    "{{constructor.constructor('window.pwned=9')()}} ${window.pwned=10}",
    "line\u2028separator\u2029paragraph",
    "right\u202eto left\u202c, isolate \u2066x\u2069, mark \u200e\u200f",
    "nul \x00 bell \x07 escape \x1b[31mred\x1b[0m delete \x7f c1 \x9b31m",
    "zero\u200bwidth, soft\u00adhyphen, bom \ufeff, tag \U000e0041",
    "family 👨‍👩‍👧, flag 🏳️‍🌈, skin 👍🏽, math 𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
    "مرحبا بالعالم، هذا نص عربي",
    "Zalgo: Z̴̢̛a̷̡l̶g̵o̸" + "̴" * 200,
    "\\u003c/script\\u003e &lt;b&gt; &amp; %3Cscript%3E",
    "__proto__",
    "tab\tnewline\nreturn\rend",
    "A" * 200_000,
    "no break " + "=" * 5_000,
)


def spec_text(name: str, task_type: str, **more: Any) -> str:
    return yaml.safe_dump({"version": 1, "dataset_name": name, "task_type": task_type, **more}, allow_unicode=True)


class Made:
    """A project in `root` with a store beside it."""

    def __init__(self, root: Path, store: Path) -> None:
        self.root = root
        self.store = Store(store)
        self.entries: list[Entry] = []
        (root / "specs").mkdir(parents=True, exist_ok=True)
        (root / "pioneer.yaml").write_text(f"version: 1\nbackend: local\nstore: {store}\n")

    def dataset(
        self, text: str, rows: Iterable[dict[str, Any]], aside: Sequence[Quarantined] = (), **job: Any
    ) -> Entry:
        """Writes a spec, keeps its rows, and notes an entry with one ready job."""
        parsed = parse_text(text.encode(), "specs/x.yaml")
        assert not parsed.problems, parsed.problems
        spec = parsed.specs[0]
        (self.root / "specs" / f"{spec.dataset_name}.yaml").write_text(text)
        kept = list(rows)
        digest = self.store.put(row_line(row) for row in kept)
        quarantined = self.store.put(quarantine_line(bad) for bad in aside) if aside else None
        definition = definition_of(spec)
        made = {
            "fingerprint": fingerprint_of(definition), "remote_name": spec.dataset_name, "state": "ready",
            "asked": spec.num_examples or 1,
            "job_id": f"job-{spec.dataset_name}", "version": "1", "got": len(kept), "rows": digest,
            "verified": True, "quarantined": quarantined,
        }  # fmt: skip
        entry = Entry(
            spec.dataset_name, "local", spec.task_type, definition, spec.dataset_name, spec.num_examples,
            (Job(**{**made, **job}),),
        )  # fmt: skip
        self.entries = [one for one in self.entries if one.dataset_name != spec.dataset_name] + [entry]
        return entry

    def write_lock(self) -> None:
        (self.root / "pioneer.lock").write_text(
            lock_text(Lock({(entry.dataset_name, entry.backend): entry for entry in self.entries})), "utf-8"
        )


def worst_project(made: Made) -> None:
    """Three datasets of the worst strings, in every place that data may have."""
    labels = ["<b>label</b>", "x</script>", "\u202ertl", "constructor"]
    made.dataset(
        spec_text("worst-classes", "classification", labels=labels, num_examples=len(WORST), description=WORST[1],
                  owner=WORST[3], domain_description=WORST[0]),
        [{"text": text, "label": labels[i % 4], "score": 0.5} for i, text in enumerate(WORST)],
        [
            Quarantined(i + 1, {"text": text, "label": "\ud800 lone <img src=x onerror=window.pwned=11>"},
                        "undeclared-label", f"the label {text[:60]} is not declared")
            for i, text in enumerate(WORST)
        ],
        reason=WORST[4],
    )  # fmt: skip
    made.dataset(
        spec_text("worst-spans", "ner", labels=labels, num_examples=len(WORST), domain_description="x"),
        [
            {
                "id": text[:40],
                "text": text,
                "entities": [
                    {"text": text[start:end], "label": label, "start": start, "end": end}
                    for (start, end), label in zip(((0, len(text)), (1, 6), (4, 9)), labels, strict=False)
                ],
            }
            for text in WORST
        ],
    )
    made.dataset(
        spec_text("worst-talk", "decoder", num_examples=len(WORST), prompt=WORST[2]),
        [
            {"messages": [{"role": "user", "content": text}, {"role": "assistant", "content": text[::-1]}]}
            for text in WORST
        ],
    )
    made.write_lock()

"""Projects to measure on: specs as people write them, and all that a finished apply leaves behind."""

from __future__ import annotations

import json
import os
import sys
from hashlib import sha256
from pathlib import Path
from zlib import crc32

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.cold_parse import make
from pioneer_build.lock.file_text import lock_text
from pioneer_build.lock.model import Entry, Job, Lock
from pioneer_build.parse import parse_text
from pioneer_build.spec.fingerprint import definition_of

#: Far enough in the past that a change since would show in the times.
LONG_AGO = 1_700_000_000


def make_project(root: Path, count: int, *, built: bool = True, journal: bool = True) -> dict[str, str]:
    """`count` generate specs in `root`; with `built` their lock, rows in the store, and with `journal` the journal.

    Returns:
        The environment that commands on it need.
    """
    env = environment(root)
    specs = root / "specs"
    specs.mkdir(parents=True)
    entries: dict[tuple[str, str], Entry] = {}
    lines: list[bytes] = []
    rows = root.parent / f"{root.name}-home" / "share" / "pioneer-build" / "store" / "rows"
    for number, text in enumerate(make(count)):
        path = specs / f"team-{number % 20:02d}" / f"{number:05d}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text)
        os.utime(path, (LONG_AGO, LONG_AGO))
        if built:
            (spec,) = parse_text(text, "x.yaml").specs
            content = b'{"text": "row of %d", "label": "label-1"}\n' % number
            digest = sha256(content).hexdigest()
            (rows / digest[:2]).mkdir(parents=True, exist_ok=True)
            (rows / digest[:2] / f"{digest}.jsonl").write_bytes(content)
            definition = definition_of(spec)
            asked = spec.num_examples or 0
            entry = Entry(spec.dataset_name, "pioneer", spec.task_type, definition, spec.dataset_name, asked,
                          checks={"max_duplicate_ratio": 0.05, "min_accepted": 0.9})  # fmt: skip
            job = Job(entry.fingerprint, spec.dataset_name, asked, "ready", 0, f"job-{number}", "1", asked,
                      f"sha256:{digest}", verified=True)  # fmt: skip
            entry = Entry(spec.dataset_name, "pioneer", spec.task_type, definition, spec.dataset_name, asked, (job,),
                          checks={"max_duplicate_ratio": 0.05, "min_accepted": 0.9})  # fmt: skip
            entries[spec.dataset_name, "pioneer"] = entry
            lines += _journal_lines(len(lines), entry, job)
    (root / "pioneer.yaml").write_text("version: 1\nbackend: pioneer\n")
    if built:
        (root / "pioneer.lock").write_text(lock_text(Lock(entries)))
    if built and journal:
        folder = Path(env["XDG_STATE_HOME"]) / "pioneer-build" / "journal"
        folder.mkdir(parents=True)
        (folder / "journal.jsonl").write_bytes(b"".join(lines))
    for path in (root / "pioneer.yaml", root / "pioneer.lock"):
        if path.exists():
            os.utime(path, (LONG_AGO, LONG_AGO))
    return env


def environment(root: Path) -> dict[str, str]:
    """The environment for commands on the project at `root`: a home of its own beside it, no key.

    Modules are compiled once, as those of an installed package are.
    """
    home = root.parent / f"{root.name}-home"
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PIONEER_", "FASTINO_", "XDG_"))}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    return env | {
        "PYTHONPYCACHEPREFIX": str(home / "compiled"),
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_DATA_HOME": str(home / "share"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
    }


def _journal_lines(seq: int, entry: Entry, job: Job) -> list[bytes]:
    token = f"{seq:016x}"
    begin = {
        "backend": entry.backend, "dataset_name": entry.dataset_name, "base_name": entry.base_name,
        "remote_name": job.remote_name, "task_type": entry.task_type, "definition": entry.definition,
        "fingerprint": entry.fingerprint, "num_examples": entry.num_examples, "asked": job.asked, "order": 0,
        "request": "sha256:" + "0" * 64, "process": "host|boot|1|1",
    }  # fmt: skip
    ended = {
        "state": "ready", "job_id": job.job_id, "version": job.version, "got": job.got, "rows": job.rows,
        "verified": True,
    }  # fmt: skip
    events = (("begin", begin), ("record", {"state": "open", "job_id": job.job_id}), ("record", ended))
    return [_line(seq + i, event, token, fields) for i, (event, fields) in enumerate(events, 1)]


def _line(seq: int, event: str, token: str, fields: dict[str, object]) -> bytes:
    value = {"v": 1, "seq": seq, "event": event, "token": token, "fields": fields}
    text = json.dumps(value, separators=(",", ":")).encode()
    return text + b"\t%08x\n" % crc32(text)

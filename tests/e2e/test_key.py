"""The key, through the real command line and a service that repeats it: in no file, and on no terminal."""

from __future__ import annotations

import asyncio
import base64
import os
import sys
from typing import TYPE_CHECKING

import pytest

from tests.fakes.server import FakeService, Fault

if TYPE_CHECKING:
    from pathlib import Path

KEY = "pio_sk_Zx81/never+shown"
SPELLED = {
    "plain": KEY,
    "base64": base64.b64encode(b"x:" + KEY.encode()).decode(),
    "percent": "".join(f"%{ord(c):02x}" for c in KEY),
    "white space": f"{KEY[:8]}\n {KEY[8:]}",
}
SPEC = "dataset_name: a\ntask_type: decoder\nprompt: Say hello\nnum_examples: 3\n"


async def command(root: Path, *arguments: str, key: str = KEY) -> tuple[int, str]:
    """The exit code of a command, and all that it says."""
    home = root.parent / "home"
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "PIONEER_"))}
    environ |= {"HOME": str(home), "PIONEER_API_KEY": key, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "pioneer_build", *arguments, cwd=root, env=environ,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(60):
        said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


def assert_nowhere(folder: Path, said: str) -> None:
    for text in (KEY, SPELLED["base64"][4:-4], SPELLED["percent"]):
        assert text not in said
        for path in folder.rglob("*"):
            assert not path.is_file() or text.encode() not in path.read_bytes(), path
    assert KEY not in "".join(said.split())


@pytest.mark.parametrize("spelling", SPELLED)
def test_a_job_id_with_the_key_stays_unknown_and_nothing_more_is_sent(tmp_path: Path, spelling: str) -> None:
    root = tmp_path / "project"
    (root / "specs").mkdir(parents=True)
    (tmp_path / "home").mkdir()
    (root / "specs" / "a.yaml").write_text(SPEC)
    (root / "specs" / "b.yaml").write_text(SPEC.replace("name: a", "name: b").replace("hello", "good-bye"))

    async def main() -> None:
        async with FakeService() as fake:
            (root / "pioneer.yaml").write_text(f"backend: {fake.url}\nmax_open_jobs: 1\n")
            fake.always("POST /generate", Fault("answer", 200, body={"job_id": f"job {SPELLED[spelling]}"}))
            code, said = await command(root, "-v", "--log-format", "json", "apply", "--yes")
            assert code == 3, said
            assert "contains the API key" in said
            assert "may have been accepted" in said
            assert_nowhere(tmp_path, said)
            sent = len(fake.asked("POST /generate"))
            assert sent <= 2
            for arguments in (("apply", "--yes"), ("status",), ("doctor",), ("plan", "--out", "p.json"), ("report",)):
                _, said = await command(root, *arguments)
                assert_nowhere(tmp_path, said)
            assert len(fake.asked("POST /generate")) <= 2
            lock = (root / "pioneer.lock").read_text()
            assert '"state": "unknown"' in lock

    asyncio.run(main())


@pytest.mark.parametrize("status", [400, 401, 402, 404, 422, 429, 500])
def test_errors_that_repeat_the_key(tmp_path: Path, status: int) -> None:
    root = tmp_path / "project"
    (root / "specs").mkdir(parents=True)
    (tmp_path / "home").mkdir()
    (root / "specs" / "a.yaml").write_text(SPEC)

    async def main() -> None:
        async with FakeService() as fake:
            (root / "pioneer.yaml").write_text(f"backend: {fake.url}\n")
            said = {"detail": " " * 9_990 + SPELLED["white space"], "errors": [*SPELLED.values(), {KEY: KEY}]}
            headers = (("X-Echo", KEY), ("Retry-After", "0"))
            fake.fail("POST /generate", *[Fault("answer", status, headers, said)] * (1 if status == 429 else 9))
            _, shown = await command(root, "-v", "apply", "--yes", "--no-wait")
            assert_nowhere(tmp_path, shown)

    asyncio.run(main())


LABELS = "dataset_name: {name}\ntask_type: classification\nlabels: [a, b]\n"
#: Where a key may stand in a project: the files, by path, and the place that is named.
STANDING: dict[str, tuple[dict[str, str], str]] = {
    "prompt": ({"specs/a.yaml": SPEC.replace("hello", "{key}")}, "specs/a.yaml:3:1"),
    "folded prompt": (
        {"specs/a.yaml": SPEC.replace("Say hello", ">\n  Say\n  {key}\n  to them")}, "specs/a.yaml:5:1"
    ),
    "domain": (
        {"specs/a.yaml": LABELS.format(name="a") + "num_examples: 3\ndomain_description: about {key}\n"},
        "specs/a.yaml:5:1",
    ),
    "comment": ({"specs/a.yaml": SPEC + "# {key}\n"}, "specs/a.yaml:5:1"),
    "inline input": (
        {"specs/a.yaml": LABELS.format(name="a") + 'inputs: ["a text", "{key}"]\n'}, "specs/a.yaml:4:1"
    ),
    "lines": (
        {"specs/a.yaml": LABELS.format(name="a") + "inputs: t.txt\n", "specs/t.txt": "one\ntwo {key}\n"},
        "specs/t.txt:2",
    ),
    "jsonl": (
        {
            "specs/a.yaml": LABELS.format(name="a") + "inputs: {path: t.jsonl, field: x}\n",
            "specs/t.jsonl": '{"x": "one"}\n{"x": "{key}"}\n',
        },
        "specs/t.jsonl:2",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("where", "spelling"), [*((name, "plain") for name in STANDING), ("prompt", "base64"), ("lines", "percent")]
)
def test_a_key_in_the_project_is_neither_sent_nor_written(tmp_path: Path, where: str, spelling: str) -> None:
    root, (files, place) = tmp_path / "project", STANDING[where]
    (root / "specs").mkdir(parents=True)
    (tmp_path / "home").mkdir()
    in_text = place.startswith("specs/t")  # which is read when it is sent; whole specs are, before anything is

    async def main() -> None:
        async with FakeService() as fake:
            (root / "pioneer.yaml").write_text(f"backend: {fake.url}\n")
            (root / "specs" / "b.yaml").write_text(LABELS.format(name="b") + "inputs: [good]\n")
            theirs = {root / path: text.replace("{key}", SPELLED[spelling]) for path, text in files.items()}
            for arguments in (("plan", "--out", "p.json"), ("apply", "--yes")):
                for path, text in theirs.items():
                    path.write_text(text)
                code, said = await command(root, *arguments)
                for path in theirs:
                    path.unlink()
                assert_nowhere(tmp_path, said)
            assert (code, f"{place}: " in said, "contains the API key" in said) == (3 if in_text else 1, True, True)
            sent = "".join(str(asked.body) for asked in fake.asked("POST"))
            assert SPELLED[spelling] not in sent
            assert ("two" in sent, "good" in sent) == (False, in_text)

    asyncio.run(main())


def test_a_spec_that_was_read_without_a_key(tmp_path: Path) -> None:
    """It is in the cache: nothing is parsed when the key is there."""
    root = tmp_path / "project"
    (root / "specs").mkdir(parents=True)
    (tmp_path / "home").mkdir()
    (root / "specs" / "a.yaml").write_text(SPEC.replace("hello", KEY))
    os.utime(root / "specs" / "a.yaml", (1e9, 1e9))

    async def main() -> None:
        async with FakeService() as fake:
            (root / "pioneer.yaml").write_text(f"backend: {fake.url}\n")
            code, _ = await command(root, "plan", key="another-key-1234")
            assert code == 0
            for arguments in (("plan",), ("apply", "--yes")):
                code, said = await command(root, *arguments)
                assert (code, "specs/a.yaml:3:1: error: contains the API key" in said, KEY in said) == (1, True, False)
            assert fake.asked("POST") == []

    asyncio.run(main())


SHOWING = [
    ("check",), ("check", "--format", "json"), ("status",), ("status", "--format", "json"), ("show", "a"),
    ("show", "a", "--format", "json"), ("report",), ("export", "a"), ("lock", "split"), ("gc", "--dry-run"),
]  # fmt: skip


def test_a_lock_with_the_key(tmp_path: Path) -> None:
    """As someone may have committed it before the key was a key of this environment."""
    root = tmp_path / "project"
    (root / "specs").mkdir(parents=True)
    (tmp_path / "home").mkdir()
    (root / "specs" / "a.yaml").write_text(SPEC.replace("hello", KEY))

    async def main() -> None:
        async with FakeService() as fake:
            (root / "pioneer.yaml").write_text(f"backend: {fake.url}\n")
            code, said = await command(root, "apply", "--yes", key="another-key-1234")
            assert code == 0, said
            (root / "specs" / "a.yaml").write_text(SPEC)
            lock, sent = (root / "pioneer.lock").read_bytes(), len(fake.asked("POST"))
            assert KEY.encode() in lock
            for arguments in (("plan",), ("apply", "--yes")):
                code, said = await command(root, *arguments)
                assert code == 1, said
                assert "pioneer.lock:" in said
                assert "contains the API key" in said
                assert KEY not in said
            (root / "specs" / "a.yaml").write_text(SPEC.replace("hello", KEY))  # nothing is to be done now
            good = tmp_path / "good.lock"
            good.write_text('{"lock_version": 1, "datasets": {}}\n')
            for arguments in SHOWING:
                code, said = await command(root, *arguments)
                assert KEY not in said, arguments
                assert code == 1, (arguments, said)
            for side in ("ours", "theirs"):
                both = ["../good.lock", "pioneer.lock"] if side == "theirs" else ["pioneer.lock", "../good.lock"]
                before = good.read_bytes()
                code, said = await command(root, "merge-lock", "../good.lock", *both)
                assert code == 1, said
                assert f"pioneer.lock of {'our' if side == 'ours' else 'their'} side:" in said
                assert KEY not in said
                assert good.read_bytes() == before
            (root / "specs" / "a.yaml").write_text(SPEC)
            assert not list(root.glob("*.html"))
            assert ((root / "pioneer.lock").read_bytes(), len(fake.asked("POST"))) == (lock, sent)

    asyncio.run(main())


@pytest.mark.parametrize("spelling", ["plain", "base64"])
def test_a_request_with_the_key_becomes_no_spec(tmp_path: Path, spelling: str) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (tmp_path / "home").mkdir()
    call = (
        "curl https://api.example/generate -H 'X-API-Key: {key}' -d '"
        '{"task_type": "decoder", "dataset_name": "%s", "num_examples": 1, "prompt": "Say %s"}\'\n'
    )
    (tmp_path / "call.sh").write_text(call.replace("{key}", KEY) % ("good", "hello"))
    (tmp_path / "bad.sh").write_text(call.replace("{key}", KEY) % ("bad", SPELLED[spelling]))

    async def main() -> None:
        code, said = await command(root, "init", "--from", "../call.sh")
        assert code == 0, said
        code, said = await command(root, "init", "--from", "../bad.sh")
        assert code == 1
        assert "of specs/bad.yaml would have the API key in it" in said
        assert_nowhere(root, said)
        assert not (root / "specs" / "bad.yaml").exists()

    asyncio.run(main())

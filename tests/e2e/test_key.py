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


async def command(root: Path, *arguments: str) -> tuple[int, str]:
    """The exit code of a command, and all that it says."""
    home = root.parent / "home"
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "PIONEER_"))}
    environ |= {"HOME": str(home), "PIONEER_API_KEY": KEY, "PYTHONPATH": os.pathsep.join(sys.path)}
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

"""The real program, in processes of its own, with a service in another process that counts its requests."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT = Path(__file__).parents[2]
KEY = "pio_sk_this_is_no_key"


class Server:
    """`tests.fakes.server` in a process."""

    def __init__(self, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.fakes.server", *options],
            cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())
        self.url = f"http://127.0.0.1:{self.port}"

    def state(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.url}/__state") as answer:
            value: dict[str, Any] = json.load(answer)
        return value

    def jobs(self) -> dict[str, dict[str, Any]]:
        """The accepted jobs by id: `request` and `version`."""
        jobs: dict[str, dict[str, Any]] = self.state()["jobs"]
        return jobs

    def fail(self, route: str, *faults: dict[str, Any]) -> None:
        """The next requests to `route` get these faults, one each (the fields of `tests.fakes.server.Fault`)."""
        self._tell({"fail": [route, list(faults)]})

    def always(self, route: str, fault: dict[str, Any] | None) -> None:
        """Every request to `route` gets this fault, until it is set to `None`."""
        self._tell({"always": [route, fault]})

    def _tell(self, orders: dict[str, Any]) -> None:
        request = urllib.request.Request(f"{self.url}/__orders", json.dumps(orders).encode(), method="POST")
        with urllib.request.urlopen(request):
            pass

    def submissions(self) -> int:
        return sum(1 for method, target, _ in self.state()["seen"] if (method, target) == ("POST", "/generate"))

    def billed_texts(self) -> list[str]:
        """The texts of all label requests, as often as they were sent."""
        seen = self.state()["seen"]
        return [text for _, target, body in seen if target.endswith("/label-existing")
                for text in json.loads(body)["inputs"]]  # fmt: skip

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass
class Machine:
    """A home folder with checkouts of a project, and the service it talks to."""

    folder: Path
    url: str
    key: str = KEY
    home: str = "home"
    extra: Mapping[str, str] = field(default_factory=dict)
    file_limit: int | None = None

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "TMPDIR", "SYSTEMROOT")}
        return {
            **kept,
            "HOME": str(self.folder / self.home),
            "PYTHONPATH": str(ROOT),
            "PIONEER_API_KEY": self.key,
            "PIONEER_BASE_URL": self.url,
            "PIONEER_REQUESTS_PER_MINUTE": "60000",
            **self.extra,
        }

    def checkout(self, name: str = "project") -> Path:
        path = self.folder / name
        (path / "specs").mkdir(parents=True, exist_ok=True)
        return path

    def start(self, checkout: Path, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "pioneer_build", "-C", str(checkout), *arguments],
            env=self.environment(), cwd=self.folder, text=True,
            **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
        )  # fmt: skip

    def kill(self, checkout: Path, *arguments: str, after: float) -> bool:
        """Starts a command and kills it so many seconds later; whether it still ran."""
        with self.start(checkout, *arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            time.sleep(after)
            process.send_signal(signal.SIGKILL)
            process.wait(30)
        return process.returncode == -signal.SIGKILL

    def run(self, checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        with self.start(checkout, *arguments) as process:
            out, err = process.communicate(timeout=120)
        assert self.key not in out + err
        assert "Traceback" not in err, err
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def status(self, checkout: Path) -> dict[str, dict[str, Any]]:
        done = self.run(checkout, "status", "--format", "json")
        assert done.returncode == 0, done.stderr
        return {value["dataset_name"]: value for value in json.loads(done.stdout)["datasets"]}

    def known_jobs(self, checkout: Path) -> set[str]:
        """The ids of all jobs of this checkout's datasets that are in lock or journal."""
        return {job["job_id"] for value in self.status(checkout).values() for job in value["jobs"] if job["job_id"]}


class Forked(Machine):
    """The same, in processes forked from this one, which has imported the program already: ten times as fast.

    `prepare` is called in such a process before its command runs, `spoil` when the service has accepted its first paid
    request, before the response is looked at.
    """

    prepare: Callable[[], None] | None = None
    spoil: Callable[[], None] | None = None

    def fork(self, checkout: Path, *arguments: str, out: int, err: int) -> int:
        """The id of a process that runs one command and ends."""
        import pioneer_build.apply
        import pioneer_build.cli
        import pioneer_build.cli.apply
        import pioneer_build.operations.apply
        import pioneer_build.parse
        import pioneer_build.service.connect
        from pioneer_build.service.client import HttpService

        child = os.fork()
        if child:
            return child
        code = 70
        try:
            os.environ.clear()
            os.environ.update(self.environment())
            os.chdir(self.folder)
            null = os.open(os.devnull, os.O_RDONLY)
            for source, target in ((null, 0), (out, 1), (err, 2)):
                os.dup2(source, target)
            if self.file_limit is not None:  # simulates a full disk: no file may grow beyond this many bytes
                limit_files(self.file_limit)
            if self.prepare is not None:
                self.prepare()
            if self.spoil is not None:
                self._spoil_after(HttpService, self.spoil)
            sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w", buffering=1)  # noqa: SIM115
            code = pioneer_build.cli.run(["-C", str(checkout), *arguments])
            sys.stdout.flush()
        finally:
            os._exit(code)

    @staticmethod
    def _spoil_after(service: Any, spoil: Callable[[], None]) -> None:
        spoiled: list[bool] = []

        def then_spoiled(name: str) -> None:
            real = getattr(service, name)

            async def call(*args: Any) -> Any:
                answer = await real(*args)
                if not spoiled:
                    spoiled.append(True)
                    spoil()
                return answer

            setattr(service, name, call)

        then_spoiled("submit")
        then_spoiled("label")

    def run(self, checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            child = self.fork(checkout, *arguments, out=out.fileno(), err=err.fileno())
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            texts = []
            for file in (out, err):
                file.seek(0)
                texts.append(file.read().decode())
        assert "Traceback" not in texts[1], texts[1]
        return subprocess.CompletedProcess(arguments, code, *texts)

    def kill(self, checkout: Path, *arguments: str, after: float) -> bool:
        """Starts a command and kills it so many seconds later; whether it still ran."""
        null = os.open(os.devnull, os.O_WRONLY)
        child = self.fork(checkout, *arguments, out=null, err=null)
        os.close(null)
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def limit_files(size: int) -> None:
    """From now on no file of this process may grow beyond `size` bytes: a full disk, for whoever may not mount one."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def write_spec(checkout: Path, name: str, *, size: int = 3, labels: str = "x, y", more: str = "") -> None:
    text = f"version: 1\ndataset_name: {name}\ntask_type: ner\nlabels: [{labels}]\n"
    text += more if "inputs:" in more else f"num_examples: {size}\n{more}"
    (checkout / "specs" / f"{name}.yaml").write_text(text)
